"""Steps that a text states, as `12*4 = 48`: how large their numbers are, and whether they compute."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

__all__ = ["StatedStep", "stated_steps"]

_NUMBER = r"\$?(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
_STATED = re.compile(rf"(?<![\w.])({_NUMBER}(?:\s*[-+*/×÷x]\s*{_NUMBER})+)\s*=\s*({_NUMBER})")
_OPERATION = re.compile(r"\s*([-+*/×÷x])\s*")
_CLOSE = Fraction(1, 100)


class StatedStep(NamedTuple):
    """One operation on two numbers."""

    largest: Fraction
    """The larger of the two."""
    right: bool
    """Whether the stated result is theirs, to a hundredth."""


def stated_steps(text: str) -> Iterator[StatedStep]:
    """Yield the steps of one operation without units or percent signs between their numbers; longer ones are left out."""
    for expression, result in _STATED.findall(text):
        pieces = _OPERATION.split(expression)
        if len(pieces) != 3:
            continue
        left, right, stated = (
            Fraction(piece.replace("$", "").replace(",", "")) for piece in (pieces[0], pieces[2], result)
        )
        value = _value(left, pieces[1], right)
        yield StatedStep(max(left, right), value is not None and abs(value - stated) < _CLOSE)


def _value(left: Fraction, operation: str, right: Fraction) -> Fraction | None:
    match operation:
        case "+":
            return left + right
        case "-":
            return left - right
        case "/" | "÷":
            return left / right if right else None
        case _:
            return left * right
