"""Changing the numbers of a problem so that its text stays true and readable.

Every change starts from values that are known to fit and moves one number at a time; a move is kept only if all steps
still have the sign, the wholeness, the size and the order that they had. So a usable set of values is always at hand.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from heapq import nsmallest
from itertools import combinations
from random import Random

from kpmath_builder.symbolic.constants import number_words
from kpmath_builder.symbolic.expressions import Number, decimal_places, parse_number, simplest
from kpmath_builder.symbolic.fixed_numbers import OF_THEM
from kpmath_builder.symbolic.givens import NUMBER, GivenNumber
from kpmath_builder.symbolic.programs import Program

__all__ = ["Bounds", "bounds_of", "conditions", "proposals", "vary"]

_TRIES = 12
"""Values tried for one number before it stays."""
_RANGE = (Fraction(1, 2), Fraction(2))
_PHYSICAL_RANGE = (Fraction(2, 3), Fraction(3, 2))
"""A number moves between these multiples of its original."""
_STEP_FACTOR, _MEASURED_FACTOR = 6, 2
"""A step moves at most by this factor, where speeds, weights, heights and pages are about by the smaller one."""
_OF_A_DAY = re.compile(
    r"\bsle(?:ep|eps|pt|eping)\b|\bhours? [^.?]{0,40}?(?:\b(?:a|per|each|every|of the) (?:day|night)\b|\bdaily\b)"
    r"|\bhours?\b.*\bthat day\b",
    re.DOTALL,
)
_A_WEEK = re.compile(
    r"(?<![\d.])([2-7]) (?:days|times|nights|mornings|afternoons|evenings) (?:a|per|each|every) week\b"
)
_MORE_THAN_A_WEEK = Fraction(15, 2)
"""Days that are not in a week, less than the first of them."""
_OF_A_HUNDRED = re.compile(
    r"%|percent|\b(?:GPA|tests?|quiz|quizzes|exams?|(?:best|minimum|final) grade|grades|marks in)\b"
)
_MEASURED = re.compile(
    r"\b(?:mph|miles (?:per|an) hour|speed|fast|weighs?|weighed|weight|tall|taller|height|temperature|pages?)\b"
)
_ROUND = (1_000_000, 100_000, 10_000, 1000, 500, 100, 50, 20, 10, 5)
_COMPARES = re.compile(
    r"\b(?:most|least|cheap\w*|oldest|youngest|highest|lowest|fewest|fastest|slowest|longest|shortest|larg\w+|small\w+|big\w+|"
    r"maximum|minimum|greatest|best|exceeds?|enough|afford|which|at most|whichever|only if|limit|overtime|first|until|tallest)\b"
)

_QUANTITY = r"(?:[a-z-]+|\$?\d[\d,]*(?:\.\d+)?)"
_CONDITION = re.compile(
    rf"(?<![\w.-]){_QUANTITY} or (?:more|fewer|less|over|above)\b"
    rf"|\b(?:at least|at most|more than|less than|fewer than|over|under|above|below|up to|exceeds?|exceeding|first) {_QUANTITY}"
)


@dataclass(frozen=True)
class _Range:
    """The values that one step may have."""

    usual: Number
    """The original one."""
    factor: int
    """It becomes at most this many times larger or smaller."""
    places: int
    """Its most decimal places."""
    above: Number | None
    below: Number | None
    """It must stay between these two; None if there is no such limit."""
    exact: bool
    """Whether it may not change at all."""

    def __contains__(self, value: Number) -> bool:
        usual, factor = self.usual, self.factor
        if self.exact or usual == 0:
            return value == usual
        if usual > 0:
            inside = usual <= value * factor and value <= usual * factor
        else:
            inside = usual >= value * factor and value >= usual * factor
        if not inside or (self.above is not None and value <= self.above):
            return False
        if self.below is not None and value >= self.below:
            return False
        if isinstance(value, int):
            return True
        needed = decimal_places(value)
        return needed is not None and needed <= self.places


@dataclass(frozen=True, eq=False)
class Bounds:
    """What must hold for other values of a program: learnt from its original values."""

    program: Program
    results: tuple[Number, ...]
    ranges: tuple[_Range, ...]
    """Of each step."""
    strict: bool
    """The text compares things, so the order of all steps counts."""
    comparable: tuple[tuple[int, int], ...]
    """Pairs of givens that measure the same thing; their order stays."""
    counts: tuple[int, ...]
    """Givens in the kind of which a step may be counted; their order with all steps stays."""
    limits: tuple[tuple[int, Number], ...]
    """Givens with a number of which the text may make a condition ("3 or more shirts"); they stay on their side of it."""

    def accepts(self, values: Sequence[Number]) -> bool:
        """Return whether the text would still be true and sensible with these values."""
        if any(_order(values[i], values[j]) != _order(*self._original(i, j)) for i, j in self.comparable):
            return False
        originals = self.program.values
        if any(_order(values[i], limit) != _order(originals[i], limit) for i, limit in self.limits):
            return False
        results: list[Number] = []
        try:
            for result, usual in zip(self.program.steps_for(values), self.ranges, strict=True):
                if result not in usual:
                    return False
                results.append(result)
        except ZeroDivisionError:
            return False
        return self._ordered(results) and self._between_the_counts(values, results)

    def _between_the_counts(self, values: Sequence[Number], results: Sequence[Number]) -> bool:
        """Return whether no step crosses a count: "100 goldfish at the end" must be more than those that were added."""
        return all(
            _order(new, values[i]) == _order(old, self.program.givens[i].value)
            for i in self.counts
            for new, old in zip(results, self.results, strict=True)
        )

    def _original(self, i: int, j: int) -> tuple[Number, Number]:
        return self.program.givens[i].value, self.program.givens[j].value

    def _ordered(self, results: Sequence[Number]) -> bool:
        if not self.strict:
            return True
        return all(
            _order(results[i], results[j]) == _order(self.results[i], self.results[j])
            for i in range(len(results))
            for j in range(i)
        )


def _order(left: Number, right: Number) -> int:
    return (left > right) - (left < right)


@lru_cache(maxsize=16_384)
def bounds_of(program: Program) -> Bounds:
    """Return what must hold for other values of `program`."""
    results = tuple(step.value for step in program.steps)
    factor = _MEASURED_FACTOR if _MEASURED.search(program.question) else _STEP_FACTOR
    thresholds = _thresholds(program)
    weekly = {int(count) for count in _A_WEEK.findall(program.solution)}
    return Bounds(
        program,
        results,
        tuple(
            _range(value, factor, (*thresholds, _MORE_THAN_A_WEEK) if value in weekly else thresholds)
            for value in results
        ),
        bool(_COMPARES.search(program.question)),
        tuple((i, j) for i, j in combinations(range(len(program.givens)), 2) if _comparable(program, i, j)),
        tuple(i for i in program.variable if _counts_like_a_step(program, i)),
        tuple(_limits(program)),
    )


def _range(usual: Number, factor: int, thresholds: Iterable[Number]) -> _Range:
    """Return the values of a step that cross no threshold (it could be one of the story)."""
    return _Range(
        usual,
        factor,
        places=decimal_places(usual) or 0,
        above=max((limit for limit in thresholds if limit < usual), default=None),
        below=min((limit for limit in thresholds if limit > usual), default=None),
        exact=usual in thresholds,
    )


@lru_cache(maxsize=65_536)
def _first_move(bounds: Bounds, place: int, value: Number) -> bool:
    """Return whether one given alone may change like this; many draws of a seed begin with the same tries."""
    values = list(bounds.program.values)
    values[place] = value
    return bounds.accepts(values)


def _thresholds(program: Program) -> tuple[Number, ...]:
    """Return the values that no step may cross: kept numbers, conditions in words, 1 for fractions, 100 for percents, the hours of a day."""
    kept = {
        given.value for i, given in enumerate(program.givens) if i not in program.variable and given.value > 2
    }
    whole = {1, 100} if _OF_A_HUNDRED.search(program.question) else {1}
    day = {24} if _OF_A_DAY.search(program.question) else set[int]()
    return tuple(kept | whole | day | _in_words(program))


def _in_words(program: Program) -> set[Number]:
    """Return the conditions whose numbers stand in words, so that they never change."""
    return {value for value in conditions(program.question) if value not in program.values}


@lru_cache(maxsize=16_384)
def conditions(question: str) -> frozenset[Number]:
    """Return the numbers, in digits or words, that a text may make a condition of: "3 or more", "over $50", "the first eight"."""
    found = [match[0] for match in _CONDITION.finditer(question.lower())]
    digits = {parse_number(number) for text in found for number in re.findall(NUMBER, text)}
    return frozenset(value for value in digits.union(*map(number_words, found)) if value > 1)


def _limits(program: Program) -> Iterator[tuple[int, Number]]:
    """Yield the givens that may change with the numbers that they may not cross: those that no step uses, conditions in words, "48 of them"."""
    used = {operand.index for step in program.steps for operand in step.operands if operand.origin == "given"}
    idle = [given for j, given in enumerate(program.givens) if j not in used and given.value > 2]
    words = _in_words(program) | {given.value for given in program.givens if given.kept == OF_THEM}
    for i in program.variable:
        kind = program.givens[i].kind
        limits = {given.value for given in idle if given.kind == kind} | (words if kind == "count" else set())
        yield from ((i, limit) for limit in sorted(limits))


def _counts_like_a_step(program: Program, place: int) -> bool:
    """Return whether the solution counts what the given counts, by their nouns."""
    given = program.givens[place]
    return given.kind == "count" and len(given.noun) > 2 and f">{given.noun}" in _results_with_nouns(program)


def _results_with_nouns(program: Program) -> str:
    """Return the nouns behind the results of the annotations, each after a `>`."""
    found = re.findall(r">>[$]?[\d,.]+(?: more| total)? ([A-Za-z]+)", program.solution)
    return " ".join(f">{noun.lower()}" for noun in found)


def _comparable(program: Program, i: int, j: int) -> bool:
    """Return whether two givens measure the same thing, so that the text may compare them."""
    left, right = program.givens[i], program.givens[j]
    moving = i in program.variable or j in program.variable
    return moving and left.kind == right.kind and (left.kind != "count" or left.noun == right.noun)


@lru_cache(maxsize=65_536)
def proposals(given: GivenNumber) -> tuple[Number, ...]:
    """Return the values that could stand in place of a given, in ascending order."""
    unit = _unit(given)
    smallest, largest = _PHYSICAL_RANGE if given.physical else _RANGE
    low, high = given.value * smallest, given.value * largest
    if given.ceiling:
        high = min(high, Fraction(given.ceiling))
    if given.kind == "percent":
        low, high = max(low, Fraction(5)), min(high, Fraction(95))
    first, last = -(-low // unit), high // unit
    stride = max(1, (last - first) // 200)
    found = (simplest(unit * k) for k in range(first, last + 1, stride))
    usual = (value for value in found if value > 1 or (given.decimals and value != 1))
    return tuple(value for value in usual if given.reads_like(value))


def _unit(given: GivenNumber) -> Number:
    """Return the step in which a number moves: as round as the original, prices in the same cents."""
    if given.kind == "percent":
        return 5
    if isinstance(given.value, Fraction):
        for cents in (50, 25, 10, 5):
            if given.value % Fraction(cents, 100) == 0:
                return Fraction(cents, 100)
        return Fraction(1, 10 ** max(given.decimals, decimal_places(given.value) or 0))
    return next((unit for unit in _ROUND if given.value % unit == 0 and given.value >= 4 * unit), 1)


def vary(bounds: Bounds, start: Sequence[Number], rng: Random, movable: Iterable[int]) -> tuple[Number, ...]:
    """Move the givens at `movable` one after the other, each to a random value that fits; `start` must fit.

    A number is as likely to grow by a factor as to shrink by it. If all values were equally likely, results would grow with every
    factor, and rows of numbers larger than the seeds' teach a small model less (docs/experiments.md).
    """
    values = list(start)
    untouched = tuple(values) == bounds.program.values
    for i in sorted(movable, key=lambda _: rng.random()):
        before = values[i]
        options = [value for value in proposals(bounds.program.givens[i]) if value != before]
        for value in _by_factor(options, rng):
            values[i] = value
            if _first_move(bounds, i, value) if untouched else bounds.accepts(values):
                untouched = False
                break
            values[i] = before
    return tuple(values)


def _by_factor(options: Iterable[Number], rng: Random) -> list[Number]:
    """Draw some values, each with a probability in proportion to its inverse, so that equal factors are equally likely."""
    return nsmallest(_TRIES, options, key=lambda value: rng.expovariate(1) * value)
