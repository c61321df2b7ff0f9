"""How far the solutions behind an answer show their working: an answer that is worked out is right more often than one that is asserted."""

import re
from collections.abc import Sequence
from statistics import median

from kpmath_builder.records import Solution

__all__ = ["derived_share", "median_numbers"]

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LAYOUT = re.compile(r"[\s$,*]|\\[$,;:!()\[\]]|\\(?:left|right|displaystyle|text|mathrm)(?![a-zA-Z])")
"""What stands between an equals sign and a result, or inside a number, and changes neither."""
_LAYOUT_ROOM = 30
"""Characters of layout that a result may have in it or before it; what stands further on is not read."""
_ZEROS = re.compile(r"\.0+$")
_MORE_DIGITS = re.compile(r"\d|\.0*[1-9]")


def median_numbers(solutions: Sequence[Solution]) -> float:
    """Return how many different numbers stand in a solution, the median of several."""
    return float(median(len(set(_NUMBER.findall(its.text))) for its in solutions))


def derived_share(solutions: Sequence[Solution]) -> float:
    """Return the share of the solutions in which the final answer is the right side of an equation, 0 to 1."""
    return sum(map(_derives, solutions)) / len(solutions)


def _derives(solution: Solution) -> bool:
    answer = _ZEROS.sub("", _LAYOUT.sub("", solution.answer or "").rpartition("=")[2])
    reach = 2 * len(answer) + _LAYOUT_ROOM
    sides = (_LAYOUT.sub("", side[:reach]) for side in solution.text.replace("≈", "=").split("=")[1:])
    return bool(answer) and any(
        side.startswith(answer) and not _MORE_DIGITS.match(side, len(answer)) for side in sides
    )
