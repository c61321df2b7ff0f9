"""How far the solutions behind an answer show their working: an answer that is worked out is right more often than one that is asserted."""

import re
from collections.abc import Sequence
from statistics import median

from kpmath_builder.records import Solution

__all__ = ["derived_share", "median_numbers"]

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_EQUALS = re.compile(r"(?<![<>!])(?<!\\not)=|[≈≃]|\\(?:approx|simeq)(?![a-zA-Z])")
"""An equals sign, or one of nearly equal values; `>=` and the like are none."""
_FRACTION = re.compile(r"\\[dt]frac(?![a-zA-Z])")
_LAYOUT = re.compile(
    r"[\s$€£,*&~]|\{,\}|\\[$,;:! ()\[\]]|\\(?:boxed|fbox|mathbf|textbf)\s*\{|\\(?:left|right|displaystyle|text|mathrm)(?![a-zA-Z])"
)
"""What stands between an equals sign and a result, or inside a number, and changes neither."""
_ZEROS = re.compile(r"\.0+$")
_OPERAND = r"(?:[\d({$]|\\[a-zA-Z]|[a-zA-Z](?![a-zA-Z]))"
_GOES_ON = re.compile(
    r"(?:[ ,]|\{,\}|\\[,;:! ])*\d|\.0*[1-9]|:\d"  # more digits
    r"|[a-zA-Z](?![a-zA-Z])|\((?![a-zA-Z]{2})"  # a variable or a bracket; a word is a unit
    r"|[ ]*\^(?!\s*\{?\s*\\circ)"
    rf"|(?:[ ]*[-+/×·÷][ ]*|\*\*?|[ ]\*[ ]){_OPERAND}"
    r"|[ ]*\\(?:[cd]?frac|sqrt|binom|times|cdot|ast|div|pm|mp|bmod|left|ln|log|sin|cos|tan|pi|theta|alpha|beta)(?![a-zA-Z])"
)
"""What stands right behind a number or expression that is only the beginning of a longer one."""


def median_numbers(solutions: Sequence[Solution]) -> float:
    """Return how many different numbers stand in a solution, the median of several."""
    return float(median(len(set(_NUMBER.findall(its.text))) for its in solutions))


def derived_share(solutions: Sequence[Solution]) -> float:
    """Return the share of the solutions in which the final answer is the right side of an equation, 0 to 1."""
    return sum(map(_derives, solutions)) / len(solutions)


def _derives(solution: Solution) -> bool:
    answer = _ZEROS.sub("", _LAYOUT.sub("", _plain(solution.answer or "")).rpartition("=")[2])
    return bool(answer) and any(
        _begins_with(side, answer) for side in _EQUALS.split(_plain(solution.text))[1:]
    )


def _plain(text: str) -> str:
    return _FRACTION.sub(r"\\frac", text).replace("−", "-")


def _begins_with(side: str, answer: str) -> bool:
    """Whether the side of an equation is an answer, whatever its layout, and does not go on behind it."""
    at = 0
    for character in answer:
        while layout := _LAYOUT.match(side, at):
            at = layout.end()
        if not side.startswith(character, at):
            return False
        at += 1
    return _GOES_ON.match(side, at) is None
