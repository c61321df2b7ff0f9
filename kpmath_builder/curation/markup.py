"""What a text has from where it stood: a number in a list of problems, signs of Markdown."""

import re

__all__ = ["without_label", "without_markup"]

_LABEL = re.compile(
    r"\s*+(?:#{1,6} )?\*{0,3}(?:(?:problem|question|exercise|q)\b[ #]?\d{0,4}(?:\.\d{1,3})?[.:)]|\(?\d{1,3}[.)]|\([a-z]\))\*{0,3}\s++(?=[A-Z$\\])",
    re.IGNORECASE,
)
_BOLD = re.compile(r"(?<![^\s(\"'])(\*\*\*?)(?=[^\s*])([^*\n]{1,400}+)(?<!\s)\1(?![\w*])")
_LINE = re.compile(r"(?m)^[ \t]{0,8}(?:[-*•>]|#{1,6})[ \t](?=[ \t]{0,8}[A-Z][a-z])")


def without_markup(text: str) -> str:
    """Drop a leading "Problem 5:" or "12.", bold, bullets and headings."""
    if "**" in text:
        text = _BOLD.sub(r"\2", without_label(text))
    return _LINE.sub("", without_label(text))


def without_label(text: str) -> str:
    """Drop what stands before a problem in a list of problems."""
    label = _LABEL.match(text)
    return text[label.end() :] if label else text
