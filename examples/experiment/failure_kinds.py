"""What went wrong in a solution, by simple rules: a beginning for reading, no verdict."""

import re
from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction

from rows import count_steps

from kpmath_builder.answers import check_arithmetic, final_answer

__all__ = ["FailureKind", "kind_of"]

_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?|(?<![\w.])\.\d+")
_RESULT = re.compile(r"(=\s*\$?)(\d[\d,]*(?:\.\d+)?|\.\d+)")
_WORDS = {
    word: Fraction(value)
    for value, words in {
        0: "zero",
        1: "one",
        2: "two twice double both pair half",
        3: "three triple thrice third",
        4: "four quarter",
        5: "five fifth",
        6: "six sixth",
        7: "seven week weeks weekly",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve dozen",
        20: "twenty",
        30: "thirty",
    }.items()
    for word in words.split()
}
_COMMON = frozenset(map(Fraction, (1, 2, 7, 10, 12, 24, 30, 52, 60, 100, 365, 1000)))
"""Numbers that solutions bring along: halves, percentages, units of time."""


class FailureKind(StrEnum):
    """Kinds of failure, in the order in which they are looked for."""

    NO_ANSWER = "no answer"
    NO_STEPS = "answer without steps"
    ARITHMETIC = "arithmetic slip"
    NUMBER = "wrong number read"
    OPERATION = "wrong operation"


def kind_of(question: str, output: str) -> FailureKind:
    """Return the kind of a wrong solution.

    A number is read wrongly if a step uses one that stands neither in the question nor as an earlier result. What has none of the other
    faults reached a wrong answer by sound steps: it chose the wrong operation, or left one out.
    """
    if final_answer(output) is None:
        return FailureKind.NO_ANSWER
    if not count_steps(output):
        return FailureKind.NO_STEPS
    if check_arithmetic(output).wrong:
        return FailureKind.ARITHMETIC
    known = {
        *_values(question),
        *(_WORDS[word] for word in re.findall(r"[a-z]+", question.lower()) if word in _WORDS),
    }
    used = _used(output)
    return (
        FailureKind.NUMBER if any(value not in known | _COMMON for value in used) else FailureKind.OPERATION
    )


def _used(output: str) -> set[Fraction]:
    """Return the numbers that a solution works with; what it computed before, and the answer that repeats it, are not among them."""
    results: set[Fraction] = set()
    used: set[Fraction] = set()
    for line in output.splitlines():
        found = {_value(match[2]) for match in _RESULT.finditer(line)}
        used |= set(_values(_RESULT.sub(r"\1", line))) - results - found
        results |= found
    return used


def _values(text: str) -> Iterator[Fraction]:
    return (_value(match[0]) for match in _NUMBER.finditer(text))


def _value(digits: str) -> Fraction:
    return Fraction(digits.replace(",", ""))
