"""Numbers that a solution may have used without writing it down, and which therefore must not change.

GSM8K's authors do small steps in the head: "twice 8 is 16" leaves a 16 that no annotation explains, and "12 boys and 18
girls" of thirty children must stay thirty. What could be such a step keeps the numbers behind it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import ceil, floor

from kpmath_builder.symbolic.constants import certain_constants, number_words
from kpmath_builder.symbolic.expressions import Number, simplest
from kpmath_builder.symbolic.givens import GivenNumber
from kpmath_builder.symbolic.kinds import is_person
from kpmath_builder.symbolic.programs import Step, givens_behind, sources_of

__all__ = ["used_in_the_head"]

_PEOPLE = re.compile(
    r"\b(?=(\w+) (?:(?:of|other|more|best|close|older|younger|little|his|her|their) )*([a-z]+)\b)"
)
_TWO_PRICES = re.compile(
    r"\bor \$\S+ for\b|\beach(?:,? and|,? or) (?:a )?(?:pair|pack|dozen|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|\d+) for \$|"
    r"\bspecial where\b|\bwhichever\b|\b(?:is|are) cheaper and\b",
    re.IGNORECASE,
)
"""Of one thing, by itself and by the dozen: with other numbers the price that was the lower one may be the higher one."""
_USUAL = frozenset[Number]((0, 1, 100, Fraction(1, 100)))
"""Constants that nobody computes, unless a price does: twice 50 cents is $1."""
_SMALL = 12
"""Counts up to which a number of the question is easily equal to one that is not in it."""
_MOST_NUMBERS = 12
"""Numbers of a question up to which sums of three and four of them are looked at."""


def used_in_the_head(question: str, givens: Sequence[GivenNumber], steps: Sequence[Step]) -> set[int]:
    """Return the places of all givens that may stand behind a number, or a choice, which no step explains."""
    if _TWO_PRICES.search(question):
        return set(range(len(givens)))
    used = {operand.index for step in steps for operand in step.operands if operand.origin == "given"}
    unused: set[Number] = {given.value for i, given in enumerate(givens) if i not in used and given.value > 2}
    near = {result for value in unused for result in _small_steps(value)} | _with_one_more(question)
    derived = {i for i in used if givens[i].value in near}
    behind = givens_behind(steps)
    return (
        derived
        | _parts_of(question, givens, unused)
        | _behind_constants(question, givens, steps)
        | _multiplied_twice(givens, steps)
        | _cancelled(steps, behind)
        | _equal_to_the_rest(steps, behind, unused)
        | _percents_as_divisors(givens, steps)
    )


def _cancelled(steps: Sequence[Step], behind: Sequence[frozenset[int]]) -> set[int]:
    """Return the givens behind a number that a step divides by itself, or subtracts from itself.

    Nobody computes that: in "10 / 10 hits each" one ten is of hits, the other of players, and only one of them changes.
    """
    pairs = (step.operands for step in steps if step.expression.operators in ("/", "-"))
    return set().union(*(sources_of(left, behind) for left, right in pairs if left == right))


def _percents_as_divisors(givens: Sequence[GivenNumber], steps: Sequence[Step]) -> set[int]:
    """Return the percentages in steps that divide by something else than 100: 10 % is also 1/10, which no other percentage is."""
    return {
        its.index
        for step in steps
        if "/" in step.expression.operators and 100 not in step.expression.literals
        for its in step.operands
        if its.origin == "given" and its.form == "same" and givens[its.index].kind == "percent"
    }


def _equal_to_the_rest(
    steps: Sequence[Step], behind: Sequence[frozenset[int]], unused: set[Number]
) -> set[int]:
    """Return the givens behind a step that makes half of a number which no step uses: 20 of 40 are eaten, and 20 are left."""
    return set().union(*(behind[i] for i, step in enumerate(steps[:-1]) if 2 * step.value in unused))


def _multiplied_twice(givens: Sequence[GivenNumber], steps: Sequence[Step]) -> set[int]:
    """Return small counts that are factors of two steps, where they may mean two things.

    "Walks to school and back, twice a day, for 4 weeks" is multiplied by 4 ways and by 4 weeks.
    """
    uses = Counter(
        index
        for step in steps
        if "*" in step.expression.operators
        for index in {
            operand.index for operand in step.operands if operand.origin == "given" and operand.form == "same"
        }
    )
    return {
        i
        for i, count in uses.items()
        if count > 1 and givens[i].kind == "count" and givens[i].value <= _SMALL
    }


def _with_one_more(question: str) -> set[Number]:
    """Return what people come to with the one whose they are: "she and 3 of her friends" are 4."""
    counted = (found[1] for found in _PEOPLE.finditer(question.lower()) if is_person(found[2]))
    return {
        value + 1
        for word in counted
        for value in (number_words(word) or ([int(word)] if word.isdecimal() else []))
    }


def _behind_constants(question: str, givens: Sequence[GivenNumber], steps: Sequence[Step]) -> set[int]:
    """Return the givens from which a constant of the steps could come, unless the text names the constant.

    One that a step has twice is named for one of its uses at most: of 5 trees that fell, 2 were of a kind of which "twice as many" are
    planted, `2*2`.
    """
    named = certain_constants(question).union(
        (given.value for given in givens), *(given.family for given in givens)
    )
    used = [Counter(its.value for its in step.operands if its.origin == "constant") for step in steps]
    every: set[Number] = set().union(*used)
    twice = {value for uses in used for value in uses if uses[value] > 1} - _USUAL
    constants = every - (named - twice) - _USUAL
    return {
        i
        for i, given in enumerate(givens)
        if any(every & {1, 100} & _small_steps(price) for price in _prices(given))
        or (constants and _could_be_behind(constants, twice, i, givens))
    }


def _could_be_behind(
    constants: set[Number], twice: set[Number], place: int, givens: Sequence[GivenNumber]
) -> bool:
    """Return whether one of the constants could come from the given at `place`, alone or with another; `twice` are those used twice."""
    value = givens[place].value
    with_one = {value + 1, value - 1}  # this one and 4 others are 5
    return bool(
        constants & (_small_steps(value) | with_one)
        or twice & _nearly_halves(value)
        or any(constants & _made_of(value, other.value) for j, other in enumerate(givens) if j != place)
    )


def _prices(given: GivenNumber) -> tuple[Number, ...]:
    """Return a given that may be less than a dollar, also in dollars where it is in cents; nothing for others."""
    if given.cents:
        return given.value, Fraction(given.value, 100)
    return () if isinstance(given.value, int) else (given.value,)


def _small_steps(value: Number) -> set[Number]:
    """Return what a number becomes by a step that people do in the head."""
    return {simplest(Fraction(value) * Fraction(factor)) for factor in ("1/2", "1/3", "1/4", "2", "3", "4")}


def _nearly_halves(value: Number) -> set[Number]:
    """Return the two whole numbers, one apart at most, that make a number together."""
    return {floor(Fraction(value) / 2), ceil(Fraction(value) / 2)}


def _made_of(left: Number, right: Number) -> set[Number]:
    """Return what two numbers may make together, quotients also rounded."""
    made: set[Number] = {left + right, left - right, right - left, left * right}
    for top, bottom in ((left, right), (right, left)):
        if bottom:
            quotient = Fraction(top) / Fraction(bottom)
            made |= {simplest(quotient), floor(quotient), ceil(quotient)}
    return made


def _parts_of(question: str, givens: Sequence[GivenNumber], unused: set[Number]) -> set[int]:
    """Return the givens that add up, with others or number words, to a number that no step uses."""
    words = number_words(question)
    wholes = unused | set(words)
    numbers = [(i, given.value) for i, given in enumerate(givens)] + [(-1, value) for value in words]
    parts: set[int] = set()
    for size in (2, 3, 4) if len(numbers) <= _MOST_NUMBERS else (2,):
        for chosen in combinations(numbers, size):
            if sum(value for _, value in chosen) in wholes:
                parts.update(i for i, _ in chosen)
    return parts - {-1}
