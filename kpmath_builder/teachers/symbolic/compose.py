"""Two or three passages made into one question: the result of each is a quantity of the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random

from kpmath_builder.teachers.symbolic.expressions import Number
from kpmath_builder.teachers.symbolic.numbers import bounds_of, proposals, vary
from kpmath_builder.teachers.symbolic.passages import OUT, Passage, UnfitError, disentangle, hole
import re

__all__ = ["NO_LINK", "Link", "compose"]

NO_LINK = "no result of one practice fits as a quantity of another"

_VARIABLES = (("n", "m"), ("x", "y"), ("N", "M"), ("p", "q"), ("n", "k"), ("k", "n"), ("a", "b"))
_STARTS = 6
"""Sets of numbers tried for a passage before an order is given up."""
_REPAIRS = 30
"""Random sets of other numbers tried to make room for a linked value."""
_SCALE = 3
"""A linked value is at most this many times larger or smaller than the number it replaces."""


@dataclass(frozen=True)
class Link:
    """A passage with its values; at `entry` stands the result of the passage before (-1 in the first)."""

    passage: Passage
    values: tuple[Number, ...]
    entry: int

    @property
    def result(self) -> Number:
        """The passage's answer."""
        return self.passage.program.run(self.values)[-1]


def compose(passages: Sequence[Passage], rng: Random) -> str:
    """Return one question that needs every passage.

    Raises
    ------
    UnfitError
        Where no order of the passages lets each result stand in the next.
    """
    orders = [tuple(order) for order in permutations(passages)]
    rng.shuffle(orders)
    for order in sorted(orders, key=_awkwardness):
        chain = _chain(disentangle(order), rng)
        if chain is not None:
            return _write(chain, rng)
    raise UnfitError(NO_LINK)


def _awkwardness(order: Sequence[Passage]) -> int:
    """Count the questions that would have to be quoted, and results of another kind than what they replace."""
    return sum(OUT in form and "question" in form for form in (passage.forms[0] for passage in order[:-1]))


def _chain(order: Sequence[Passage], rng: Random) -> list[Link] | None:
    if not all(_entries(left, right) for left, right in zip(order, order[1:], strict=False)):
        return None
    for _ in range(_STARTS):
        chain: list[Link] = []
        for passage in order:
            link = _next_link(passage, chain[-1] if chain else None, rng)
            if link is None:
                break
            chain.append(link)
        else:
            return chain
    return None


def _next_link(passage: Passage, before: Link | None, rng: Random) -> Link | None:
    bounds, program = bounds_of(passage.program), passage.program
    if before is None:
        values = vary(bounds, program.values, rng, program.variable)
        return Link(passage, values, -1) if values != program.values else None
    result = before.result
    if not isinstance(result, int) or result < 2:
        return None
    for entry in _entries(before.passage, passage):
        if _plausible(passage, entry, result):
            fitting = _fit(passage, entry, result, rng)
            if fitting is not None:
                return Link(passage, fitting, entry)
    return None


def _entries(left: Passage, right: Passage) -> list[int]:
    """Return where `left`'s result could stand in `right`, quantities of the same kind first."""
    usual = left.program.steps[-1].value
    givens = right.program.givens
    near = [place for place in right.entries if _near(givens[place].value, usual, _SCALE * 5)]
    return sorted(near, key=lambda place: (givens[place].kind == "money") != left.money)


def _near(value: Number, other: Number, factor: int) -> bool:
    return value <= other * factor and other <= value * factor


def _plausible(passage: Passage, entry: int, value: int) -> bool:
    given = passage.program.givens[entry]
    return _near(given.value, value, _SCALE) and (not given.ceiling or value <= given.ceiling)


def _fit(passage: Passage, entry: int, value: int, rng: Random) -> tuple[Number, ...] | None:
    """Return values with `value` at `entry` and the others moved so that everything fits."""
    program, bounds = passage.program, bounds_of(passage.program)
    others = [place for place in program.variable if place != entry]
    values = list(program.values)
    values[entry] = value
    for attempt in range(_REPAIRS):
        if bounds.accepts(values):
            return vary(bounds, values, rng, others)
        if not others or (attempt > 4 and len(others) == 1 and attempt > len(proposals(program.givens[others[0]]))):
            return None
        for place in others:
            options = [option for option in proposals(program.givens[place]) if program.givens[place].reads_like(option)]
            values[place] = rng.choice(options or [values[place]])
    return None


def _write(chain: Sequence[Link], rng: Random) -> str:
    """Write the question; the variables do not clash with words of the passages."""
    text = " ".join(link.passage.asking for link in chain)
    free = [pair for pair in _VARIABLES if not re.search(rf"\b(?:{'|'.join(pair)})\b", text)]
    variables = rng.choice(free or [("u", "v")])
    sentences: list[str] = []
    for i, link in enumerate(chain):
        last = i == len(chain) - 1
        template = link.passage.asking if last else rng.choice(link.passage.forms)
        filled = template if last else template.replace(OUT, variables[i])
        for place in link.passage.program.variable:
            given = link.passage.program.givens[place]
            number = variables[i - 1] if place == link.entry else given.write(link.values[place])
            filled = filled.replace(hole(place), number)
        sentences.append(filled)
    return " ".join(sentences)
