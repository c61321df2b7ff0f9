r"""Fractions as `\frac`: `3/4` that stands alone, and TeX's `{a \over b}`."""

import re

from kpmath_builder.curation.latex import DROPPED, FUNCTIONS

__all__ = ["plain_fractions"]

_OVER = re.compile(r"\{([^{}\\]*)\\(over|choose)(?![A-Za-z])([^{}\\]*)\}")
_OVER_IS = {"over": r"\frac", "choose": r"\binom"}
_SLASHED = re.compile(
    r"(?<![\w.,/^_)}\]\\|!*:])(\d{1,15})/(\d{1,15})"
    r"(?![\w/^({\[\\|!%*]|[.,:]\d|-\w|[\s~]*+(?:[/^({\[|!*÷]|\\[^)\]])|[\s~]++[^\W\d_](?![^\W\d_]))|"
    r"(?<=\\\()(\d{1,15})(?:\\\))?/(?:\\\()?(\d{1,15})(?=\\\)(?![\s~]*+[/^]))"
)
"""Nothing before or behind may belong to the numerator or the denominator, as in `2^1/2`, `1/2x` and `6/1/2`."""
_BINDING = ("/", "^", "_", "*", ":", "÷", r"\div")
_EMPTY = ("\\ ", " ", "\n", "\t", "~", r"\(", r"\)", r"\,", r"\;", r"\:", r"\!")
_TAKING = ("^", "_", "}", "]")
_SIGNS = "times cdot div pm mp le leq ge geq ne neq lt gt in to approx equiv sim cup cap sum prod int"
_COMMAND = re.compile(r"\\[A-Za-z]{1,30}\Z")
_SCRIPT = re.compile(r"[\^_]\s?\{[^{}]{1,30}\}\Z")
"""An argument of `^`, behind which no other follows."""
_LONGEST = 36
_OPERATORS = frozenset({*DROPPED, *(rf"\{name}" for name in (*FUNCTIONS, *_SIGNS.split()))})
"""Commands that take no argument; one that is not known may."""


def plain_fractions(text: str) -> str:
    r"""Write `\frac{3}{4}` for `3/4` and `{3 \over 4}`, and `\binom{n}{k}` for `{n \choose k}`."""
    if r"\over" in text or r"\choose" in text:
        text = _OVER.sub(_over, text)
    return _SLASHED.sub(_slashed, text) if "/" in text else text


def _over(found: re.Match[str]) -> str:
    r"""Keep the braces of an argument: `x^{1 \over 2}`."""
    above, which, below = found.groups()
    fraction = f"{_OVER_IS[which]}{{{above.strip()}}}{{{below.strip()}}}"
    return f"{{{fraction}}}" if _takes_argument(found.string, _end(found)) else fraction


def _takes_argument(text: str, end: int) -> bool:
    """Return whether braces there may be the argument of what stands before."""
    start = max(0, end - _LONGEST)
    if command := _COMMAND.search(text, start, end):
        return command[0] not in _OPERATORS
    return text.endswith(_TAKING, 0, end) and not _SCRIPT.search(text, start, end)


def _slashed(found: re.Match[str]) -> str:
    if found.string.endswith(_BINDING, 0, _end(found)):
        return found[0]
    above, below = found[1] or found[3], found[2] or found[4]
    return rf"\frac{{{above}}}{{{below}}}"


def _end(found: re.Match[str]) -> int:
    """Return where the text before ends, without spaces and signs that open or close formulas."""
    text, end = found.string, found.start()
    while empty := next((sign for sign in _EMPTY if text.endswith(sign, 0, end)), ""):
        end -= len(empty)
    return end
