r"""Fractions as `\frac`: `3/4` that stands alone, and TeX's `{a \over b}`."""

import re

__all__ = ["plain_fractions"]

_OVER = re.compile(r"\{([^{}\\]*)\\(over|choose)(?![A-Za-z])([^{}\\]*)\}")
_OVER_IS = {"over": r"\frac", "choose": r"\binom"}
_SLASHED = re.compile(
    r"(?<![\w.,/^_)}\]\\|!*:])(?<![/^_*:÷] )(?<!\\div )(?<!\\div)(\d{1,6})/(\d{1,6})"
    r"(?![\w/^({\[\\|!%*]|[.,:]\d|-\w| ?[/^({\[|!*÷]| [^\W\d_](?![^\W\d_])| ?\\[^)\]])|"
    r"(?<=\\\()(\d{1,6})(?:\\\))?/(?:\\\()?(\d{1,6})(?=\\\))"
)
"""Nothing before or behind may belong to the numerator or the denominator, as in `2^1/2`, `1/2x` and `6/1/2`."""


def plain_fractions(text: str) -> str:
    r"""Write `\frac{3}{4}` for `3/4` and `{3 \over 4}`, and `\binom{n}{k}` for `{n \choose k}`."""
    if r"\over" in text or r"\choose" in text:
        text = _OVER.sub(_over, text)
    return _SLASHED.sub(_slashed, text) if "/" in text else text


def _over(found: re.Match[str]) -> str:
    above, which, below = found.groups()
    return f"{_OVER_IS[which]}{{{above.strip()}}}{{{below.strip()}}}"


def _slashed(found: re.Match[str]) -> str:
    above, below = found[1] or found[3], found[2] or found[4]
    return rf"\frac{{{above}}}{{{below}}}"
