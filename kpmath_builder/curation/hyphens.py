"""Telling the hyphen of words from the minus of formulas."""

import re

from kpmath_builder.curation.latex import FUNCTIONS
from kpmath_builder.curation.number_words import hyphenated_number, is_one_number
from kpmath_builder.curation.units import is_unit
from kpmath_builder.curation.words import SHORT_WORDS

__all__ = ["MINUS", "marked_formulas", "without_hyphens"]

MINUS = "\u2212"
"""The minus of a formula, which no rule for hyphens touches."""

_DELIMITER = re.compile(r"(\\\\|\\[()\[\]])")
_ONE_DIGIT = re.compile(r"([\^_]\s*+\d)(?=\d)")
_HYPHEN = re.compile(r"((?<![^\W\d_\\])[^\W\d_]++|\d|\\\))-(?=([^\W\d_]{2,}+))")
_TENS = re.compile(r"\b([^\W\d_]{3,5}ty)-([^\W\d_]{3,5})\b", re.IGNORECASE)
_COUNTED = re.compile(r"(?<![^\W_])(\d+|[^\W\d_]{3,9})((?:\\\))?\s++)([^\W\d_]{3,9})-(?=[^\W\d_]{2})")
_WORD = 3
"""Letters from which a part of `ab-abc` is a word, and not a product."""


def marked_formulas(text: str) -> str:
    r"""Write `MINUS` for `-` between the delimiters of formulas, and `2^1 0` for `2^10`, as TeX reads it there."""
    if r"\(" not in text and r"\[" not in text:
        return text
    pieces = _DELIMITER.split(text)
    inside = False
    for place, piece in enumerate(pieces):
        if place % 2:
            inside = piece in {r"\(", r"\["} or (inside and piece == "\\\\")
        elif inside:
            pieces[place] = _ONE_DIGIT.sub(r"\1 ", piece.replace("-", MINUS))
    return "".join(pieces)


def without_hyphens(text: str) -> str:
    """Write a space for the hyphens of `well-known`, `5-mile` and `x-axis`, and 25 for `twenty-five`; what may be a minus stays."""
    text = _TENS.sub(lambda found: hyphenated_number(found[1], found[2]) or found[0], text)
    text = _COUNTED.sub(_kept_apart, text)
    return _HYPHEN.sub(lambda found: f"{found[1]} " if _joins_words(found[1], found[2]) else found[0], text)


def _kept_apart(found: re.Match[str]) -> str:
    """Keep the hyphen of `three hundred-dollar bills`, which are not 300: without it the two numbers would be one."""
    return found[0].removesuffix("-") + MINUS if is_one_number(found[1], found[3]) else found[0]


def _joins_words(before: str, after: str) -> bool:
    if (
        after.lower() in FUNCTIONS
        or before.lower() in FUNCTIONS
        or (len(before) > 1 and (before + after).isupper())
    ):
        return False
    if len(after) >= _WORD or (len(before) >= _WORD and before.isalpha()):
        return True
    if before.isdigit():
        return is_unit(after)
    return before.lower() in SHORT_WORDS and after.lower() in SHORT_WORDS
