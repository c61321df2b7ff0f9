"""A question about one seed: its answer is stated, and one of its numbers is asked for in its place.

Other numbers alone would make the seed's own problem again. Asked backward it is another one, of one part and with one right answer:
FOBAR (arXiv 2308.07758) and MetaMath (arXiv 2309.12284, section 3.3) make questions this way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from kpmath_builder.symbolic.expressions import Number, decimal_places, format_number, parse_number
from kpmath_builder.symbolic.givens import NUMBER
from kpmath_builder.symbolic.inverse import Link, UndoneStep, chain, undo
from kpmath_builder.symbolic.numbers import bounds_of, conditions, vary
from kpmath_builder.symbolic.passages import Passage, hole
from kpmath_builder.symbolic.prose import write_statement, write_steps_without
from kpmath_builder.symbolic.reading import Part, match_passage
from kpmath_builder.symbolic.reasons import UnfitError, UnfitReason

__all__ = ["BackwardReading", "ask_backward", "read_backward"]

_LETTERS = ("n", "x", "k", "m", "y", "p", "N", "K", "M")
_LEAST = 2
"""Of one thing the text would speak in the singular."""
_STARTS = 8
"""Sets of numbers tried for each unknown."""
_DIFFERS = re.compile(
    r"\b(?:differ\w*|apart|far|distance|closer|compar\w+|gap|change\w*|range|margin|var(?:y|ies)|between)\b",
    re.IGNORECASE,
)
"""Words of questions for which it does not matter which of two is larger, so that two numbers would lead to one answer."""
_ROUNDED = re.compile(
    r"\bround\w*\b|\bnearest\b|\bapproximately\b|\babout\b|\bestimat\w+|\bat (?:least|most)\b|\bup to\b|"
    r"\bor (?:less|fewer|more)\b",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?:[.,;?!]| and\b)")
_SHARED = re.compile(r"\b(?:equally|evenly|equal|split|average|half|third|quarter)\b", re.IGNORECASE)
_MAY_BE_ROUNDED = re.compile(
    r"\b(?:need\w*|requir\w*|tak(?:e|es|ing)|took|how long|must|should|will|can|could|afford|fit|full|fill\w*|before|last|times)\b",
    re.IGNORECASE,
)
"""Words of questions whose answer is a whole number because there are no parts of a crate or of a trip, so that several numbers lead to it."""
_MEASURED = re.compile(r"\bhow (?:far|long|tall|high|deep|wide|heavy|fast|big|large|much)\b", re.IGNORECASE)
"""Words of questions whose answer is a bare number only with a unit."""
_STATED = re.compile(rf"(?P<answer>{NUMBER})(?P<ending>[.,] [A-Za-z ]*?\b(?P<letter>[A-Za-z])[.?])\Z")


@dataclass(frozen=True, eq=False)
class BackwardReading:
    """A question asked backward: its passage with numbers and one letter, and the answer that it states."""

    part: Part
    unknown: int
    """The place of the given that is asked for."""
    letter: str
    stated: Number
    undone: tuple[UndoneStep, ...]
    """The steps that find it."""

    @property
    def answer(self) -> Number:
        """The number that is asked for."""
        return self.undone[-1].value

    @property
    def values(self) -> list[Number]:
        """The value of every given, the one that is asked for included."""
        return self.part.values({self.letter: self.answer})

    def solution(self, answer: Number | None = None) -> str:
        """Return the solution; another `answer` is a slip in the last step."""
        answer = self.answer if answer is None else answer
        program, values = self.part.passage.program, self.values
        results = program.run(values)
        lines = write_steps_without(program, values, results, self.unknown)
        for step in self.undone[:-1]:
            lines.append(write_statement(program, step.finds.index, step.expression, step.value))
        last = self.undone[-1].expression
        written = format_number(answer)
        lines.append(f"{self.letter} = {last} = <<{last.replace(' ', '')}={written}>>{written}.")
        return "\n".join([*lines, f"The answer is \\boxed{{{written}}}."])

    def misread(self, rng: Random) -> "BackwardReading | None":
        """Return the reading with one number copied wrongly, which may be the stated answer; None where it cannot be solved."""
        place = rng.choice([None, *self.part.numbers])
        if place is None:
            return _solved(self.part, self.unknown, self.letter, _copied_wrongly(self.stated, rng))
        numbers = {**self.part.numbers, place: _copied_wrongly(self.part.numbers[place], rng)}
        return _solved(replace(self.part, numbers=numbers), self.unknown, self.letter, self.stated)


def ask_backward(passage: Passage, rng: Random) -> str:
    """Return a question that states the passage's answer, for other numbers than the seed's, and asks for one of these.

    Raises
    ------
    UnfitError
        If no number of it can be asked for.
    """
    program, bounds = passage.program, bounds_of(passage.program)
    unit_is_unknown = not passage.asks and _MEASURED.search(passage.final)
    places = [] if unit_is_unknown else [place for place in passage.entries if _links(passage, place)]
    for place in rng.sample(places, len(places)):
        for _ in range(_STARTS):
            values = vary(bounds, program.values, rng, program.variable)
            question = _write(passage, values, place)
            reading = read_backward(question, passage)
            if values != program.values and reading is not None and reading.values == list(values):
                return question
    raise UnfitError(UnfitReason.NOTHING_TO_ASK_FOR)


def _write(passage: Passage, values: Sequence[Number], unknown: int) -> str:
    """Write the question; the same seed and unknown are worded alike, so that other numbers alone are seen to be no other question."""
    wording = Random(f"{passage.asking}/{unknown}")  # noqa: S311 -- no secret
    words = f"{passage.asking} {passage.program.solution}"  # where x may be a sign of multiplication
    free = [letter for letter in _LETTERS if not re.search(rf"\b{letter}\b", words)]
    letter = wording.choice(free or ["u"])
    text, endings = passage.stating
    for place in passage.program.variable:
        number = letter if place == unknown else passage.program.givens[place].write(values[place])
        text = text.replace(hole(place), number)
    return text + _stated(passage, passage.program.run(values)[-1]) + wording.choice(endings).format(letter)


def _stated(passage: Passage, answer: Number) -> str:
    """Write an answer as the text writes its numbers, 82,800 or 82800."""
    return format_number(answer, commas=any(given.commas for given in passage.program.givens))


def read_backward(question: str, passage: Passage) -> BackwardReading | None:
    """Return how the question is made from the passage, or None where it is not."""
    found = _STATED.search(question)
    template, endings = passage.stating
    if found is None or found["ending"] not in [ending.format(found["letter"]) for ending in endings]:
        return None
    matched = match_passage(template, passage, question, 0, {found["letter"]})
    if matched is None or matched[1] != found.start():
        return None
    part, _ = matched
    unknowns = list(part.links)
    if len(unknowns) != 1 or unknowns[0] not in passage.entries:
        return None
    stated = parse_number(found["answer"])
    return (
        _solved(part, unknowns[0], found["letter"], stated)
        if found["answer"] == _stated(passage, stated)
        else None
    )


def _solved(part: Part, unknown: int, letter: str, stated: Number) -> BackwardReading | None:
    """Return a reading that has a sensible answer, or None."""
    program = part.passage.program
    links = _links(part.passage, unknown)
    if links is None:
        return None
    values = part.values({letter: program.values[unknown]})
    try:
        undone = undo(program, links, values, stated)
        if undone is None or not _is_sensible(undone[-1].value):
            return None
        values[unknown] = undone[-1].value
        follows = program.run(values)[-1] == stated
    except ZeroDivisionError:
        return None
    return BackwardReading(part, unknown, letter, stated, tuple(undone)) if follows else None


def _links(passage: Passage, place: int) -> tuple[Link, ...] | None:
    """Return the chain from a number to the answer, or None where another number might lead to the same answer."""
    program = passage.program
    links = chain(program, place)
    if links is None or bounds_of(program).strict or _ROUNDED.search(program.question):
        return None
    stated = conditions(program.question)
    if any(i == place and limit in stated for i, limit in bounds_of(program).limits):
        return None  # on the other side of "3 or more" the answer is found in another way
    given = program.givens[place]
    if given.kind == "count" and _BARE.match(program.question, given.end):
        return None  # "who is n." and "gave him n." do not read
    signs = {sign for link in links for sign in program.steps[link.step].expression.operators}
    if "-" in signs and _DIFFERS.search(passage.final):
        return None
    # A quotient may be rounded up in the story, to whole crates or trips, unless something is shared out.
    exact = _SHARED.search(program.question) and not _MAY_BE_ROUNDED.search(passage.final)
    return links if exact or "/" not in signs else None


def _is_sensible(value: Number) -> bool:
    return value >= _LEAST and decimal_places(value) is not None


def _copied_wrongly(value: Number, rng: Random) -> Number:
    unit = 10 if isinstance(value, int) and value % 10 == 0 else 1
    return value + rng.choice([unit, 2 * unit] + [-unit] * (value > unit))
