"""Arithmetic check (first version)."""

import re
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["ArithmeticCheck", "check_arithmetic"]


@dataclass(frozen=True, slots=True)
class ArithmeticCheck:
    checked: int
    wrong: tuple[str, ...]
    unread: tuple[str, ...]


_SIMPLE = re.compile(r"(?<![\w.+*/-])(\d{1,12}(?:\.\d+)?)\s*([-+*])\s*(\d{1,12}(?:\.\d+)?)\s*=\s*(\d{1,15}(?:\.\d+)?)(?![\w*/+-])")
_DO = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}


def check_arithmetic(text: str) -> ArithmeticCheck:
    found = list(_SIMPLE.finditer(text[:100_000]))
    wrong = tuple(m[0] for m in found if _DO[m[2]](Fraction(m[1]), Fraction(m[3])) != Fraction(m[4]))
    return ArithmeticCheck(len(found), wrong, ())
