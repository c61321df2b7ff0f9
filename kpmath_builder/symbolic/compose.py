"""Two or three passages made into one question: a result is a quantity of a later passage, or a closing asks for several."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random

from kpmath_builder.symbolic.closing import close_answers, close_letters
from kpmath_builder.symbolic.expressions import Number
from kpmath_builder.symbolic.numbers import bounds_of, proposals, vary
from kpmath_builder.symbolic.passages import OUT, Passage, disentangle, hole
from kpmath_builder.symbolic.reading import read_question
from kpmath_builder.symbolic.reasons import UnfitError, UnfitReason

__all__ = ["compose"]

_LETTERS = (
    ("n", "m", "k"),
    ("x", "y", "z"),
    ("N", "M", "K"),
    ("p", "q", "r"),
    ("k", "n", "m"),
    ("p", "r", "q"),
)
_STRUCTURES: Mapping[int, Sequence[Sequence[Sequence[int]]]] = {
    2: (((), (0,)), ((), ())),
    3: (((), (0,), (1,)), ((), (), (0, 1)), ((), (0,), ()), ((), (), ())),
}
"""For each passage the places of those whose results it takes: a chain, two results that meet in the third, or several
results that nothing takes and a closing asks for."""
_STARTS = 8
"""Sets of numbers tried for a structure before it is given up."""
_REPAIRS = 20
"""Random sets of other numbers tried to make room for linked values."""
_SCALE, _PHYSICAL_SCALE = 4, 2
"""A linked value is at most this many times larger or smaller than the number it replaces."""


@dataclass(frozen=True)
class _Member:
    """A passage with its values; `links` are (place of the given, place of the passage whose result stands there)."""

    passage: Passage
    values: tuple[Number, ...]
    links: tuple[tuple[int, int], ...] = ()

    @property
    def result(self) -> Number:
        return self.passage.program.run(self.values)[-1]


def compose(passages: Sequence[Passage], rng: Random) -> str:
    """Return one question that needs every passage.

    Raises
    ------
    UnfitError
        If the numbers of a passage cannot change, alone or with the result of another.
    """
    orders = list(permutations(passages))
    rng.shuffle(orders)
    orders.sort(key=_quoted)
    arrangements = [(order, structure) for structure in _STRUCTURES[len(passages)] for order in orders]
    for order, structure in sorted(arrangements, key=lambda arrangement: _mixes_kinds(*arrangement)):
        members = _assemble(disentangle(order), structure, rng)
        if members is None:
            continue
        question = _write(members, rng)
        if _holds(question, passages, [member.result for member in members]):
            return question
    raise UnfitError(UnfitReason.NO_NUMBERS)


def _mixes_kinds(order: Sequence[Passage], structure: Sequence[Sequence[int]]) -> bool:
    """Return whether a closing would ask about results of several kinds, as bare numbers."""
    loose = _loose(structure)
    asked = {order[place].asks for place in loose}
    return len(loose) > 1 and (len(asked) > 1 or "" in asked)


def _holds(question: str, passages: Sequence[Passage], results: Sequence[Number]) -> bool:
    """Return whether the question reads back to the results that it was made for and needs every part."""
    reading = read_question(question, passages)
    if reading is None or [steps[-1] for _, steps in reading.run()] != results:
        return False
    return all(reading.needs(i) for i in range(len(reading.parts)))


def _quoted(order: Sequence[Passage]) -> int:
    """Count the questions that would have to be quoted; an order with fewer reads better."""
    return sum("question “" in passage.forms[0] for passage in order[:-1])


def _assemble(
    order: Sequence[Passage], structure: Sequence[Sequence[int]], rng: Random
) -> list[_Member] | None:
    """Choose values for all passages, first to last; None where they cannot be linked like this."""
    for taker, sources in enumerate(structure):
        if not all(_entries(order[source], order[taker]) for source in sources):
            return None
    for _ in range(_STARTS):
        members: list[_Member] = []
        for passage, sources in zip(order, structure, strict=True):
            member = _member(passage, [(source, members[source]) for source in sources], rng)
            if member is None:
                break
            members.append(member)
        else:
            return members
    return None


def _loose(structure: Sequence[Sequence[int]]) -> list[int]:
    """Return the places of the passages whose results no other takes."""
    taken = {source for sources in structure for source in sources}
    return [place for place in range(len(structure)) if place not in taken]


def _member(passage: Passage, sources: Sequence[tuple[int, _Member]], rng: Random) -> _Member | None:
    bounds, program = bounds_of(passage.program), passage.program
    if not sources:
        values = vary(bounds, program.values, rng, program.variable)
        return _Member(passage, values) if values != program.values else None
    for links in _placements(passage, sources):
        fixed = {place: members_result for place, _, members_result in links}
        fitting = _fit(passage, fixed, rng)
        if fitting is not None:
            return _Member(passage, fitting, tuple((place, source) for place, source, _ in links))
    return None


def _placements(
    passage: Passage, sources: Sequence[tuple[int, _Member]], taken: frozenset[int] = frozenset()
) -> Iterator[list[tuple[int, int, int]]]:
    """Yield ways to place all results: (place of the given, place of the source, value)."""
    if not sources:
        yield []
        return
    (index, member), *others = sources
    result = member.result
    if not isinstance(result, int) or result < 2:
        return
    for place in _entries(member.passage, passage):
        if place not in taken and _plausible(passage, place, result):
            for rest in _placements(passage, others, taken | {place}):
                yield [(place, index, result), *rest]


def _entries(left: Passage, right: Passage) -> list[int]:
    """Return where `left`'s result could stand in `right`: in place of a quantity of its own kind and size."""
    usual = left.program.steps[-1].value
    givens = right.program.givens
    return [
        place
        for place in right.entries
        if left.asks and right.kinds[place] == left.asks and _near(givens[place].value, usual, _SCALE * 5)
    ]


def _near(value: Number, other: Number, factor: int) -> bool:
    return value <= other * factor and other <= value * factor


def _plausible(passage: Passage, place: int, value: int) -> bool:
    given = passage.program.givens[place]
    return _near(given.value, value, _PHYSICAL_SCALE if given.physical else _SCALE) and (
        not given.ceiling or value <= given.ceiling
    )


def _fit(passage: Passage, fixed: Mapping[int, int], rng: Random) -> tuple[Number, ...] | None:
    """Return values with the `fixed` ones in place and the others moved so that everything fits."""
    program, bounds = passage.program, bounds_of(passage.program)
    others = [place for place in program.variable if place not in fixed]
    values = [fixed.get(place, value) for place, value in enumerate(program.values)]
    for _ in range(_REPAIRS):
        if bounds.accepts(values):
            return vary(bounds, values, rng, others)
        if not others:
            return None
        for place in others:
            values[place] = rng.choice(proposals(program.givens[place]) or (values[place],))
    return None


def _write(members: Sequence[_Member], rng: Random) -> str:
    """Write the question; a passage asks its own question unless another takes its result or a closing names its letter.

    Letters do not clash with words of the passages. The same passages are worded alike, so that other numbers alone are seen to
    be no other question.
    """
    text = " ".join(member.passage.asking for member in members)
    wording = Random(text)  # noqa: S311 -- no secret
    free = [triple for triple in _LETTERS if not re.search(rf"\b(?:{'|'.join(triple)})\b", text)]
    letters = wording.choice(free or [("u", "v", "w")])
    loose = _loose([[source for _, source in member.links] for member in members])
    of_answers = len(loose) == len(members)
    asking = loose if of_answers or len(loose) == 1 else ()
    sentences: list[str] = []
    for i, member in enumerate(members):
        filled = (
            member.passage.asking
            if i in asking
            else wording.choice(member.passage.forms).replace(OUT, letters[i])
        )
        links = dict(member.links)
        for place in member.passage.program.variable:
            given = member.passage.program.givens[place]
            number = letters[links[place]] if place in links else given.write(member.values[place])
            filled = filled.replace(hole(place), number)
        sentences.append(filled)
    results = [members[place].result for place in loose]
    one_kind = len({members[place].passage.asks for place in loose}) == 1
    if of_answers:
        sentences.append(close_answers(results, rng, wording, differs=one_kind))
    elif len(loose) > 1:
        named = [letters[place] for place in loose]
        sentences.append(close_letters(named, results, rng, wording, differs=one_kind))
    return " ".join(sentences)
