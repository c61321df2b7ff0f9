"""Simple canonical key (first version)."""

import re
from fractions import Fraction
from functools import lru_cache

__all__ = ["key"]


@lru_cache(maxsize=1 << 16)
def key(text: str) -> object:
    plain = re.sub(r"\\(?:text|mbox|mathrm)\{[^{}]*\}|\\[$%,!; ]|\$|[{}\s]|\\left|\\right", lambda m: "%" if m[0] == "\\%" else "", text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac"))
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain)
    number = re.match(r"-?\d{1,60}(?:\.\d{1,60})?(?:/\d{1,60})?", plain)
    if number and not re.search(r"[\d\\(,=+*/^_]", plain[number.end():]):
        try:
            return Fraction(number[0]) / (100 if "%" in plain else 1)
        except (ValueError, ZeroDivisionError):
            pass
    return plain.casefold() or text
