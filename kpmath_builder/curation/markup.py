"""What a text has from where it stood: a number in a list of problems, signs of Markdown."""

import re

__all__ = ["without_label", "without_markup"]

_LABEL = re.compile(
    r"\s*+(?:#{1,6} )?\*{0,3}(?:(?:problem|question|exercise|q)\b[ #]?\d{0,4}(?:\.\d{1,3})?[.:)]|\(?\d{1,3}[.)]|\([a-z]\))\*{0,3}\s++(?=[A-Z$\\])",
    re.IGNORECASE,
)
_BOLD = re.compile(r"(?<![^\s(\"'])(\*\*\*?)(?=[^\s*])([^*\n]{1,400}+)(?<!\s)\1(?![\w*])")
_BOLD_NUMBER = re.compile(r"(?<![\w*])(\*\*)(?=\d)([\d.,]+)\*\*(?![\w*])")
_ITALIC = re.compile(
    r"(?:(?<=[^\W\d_]{2} )|^)([*_])([^\W\d_]{1,30})\1(?=[.,;:?!]|[^\S\n][^\W\d_]{2}|\s*$)", re.MULTILINE
)
"""Between words: `a *b* c` is a product."""
_TAG = re.compile(r"<(/?)(b|i|u|p|em|strong|span|div|code|pre|li|ul|ol|center)>|<br ?/?>", re.IGNORECASE)
_SCRIPT_TAG = re.compile(r"<(sup|sub)>([^<>]{1,40})</\1>", re.IGNORECASE)
_LINE = re.compile(r"(?m)^[ \t]{0,8}(?:[-*•>]|#{1,6})[ \t](?=[ \t]{0,8}[A-Z][a-z])")


def without_markup(text: str) -> str:
    """Drop a leading "Problem 5:" or "12.", bold, italics, tags of HTML, bullets and headings."""
    if "</" in text or "<br" in text:
        text = _without_tags(text)
    if "**" in text:
        text = _BOLD.sub(r"\2", _BOLD_NUMBER.sub(r"\2", without_label(text)))
    if "*" in text or "_" in text:
        text = _ITALIC.sub(r"\2", text)
    return _LINE.sub("", without_label(text))


def _without_tags(text: str) -> str:
    text = _SCRIPT_TAG.sub(lambda found: f"{_SIGNS[found[1].lower()]}{{{found[2]}}}", text)
    closed = {found[2].lower() for found in _TAG.finditer(text) if found[1]}

    def plain(found: re.Match[str]) -> str:
        if found[2] and found[2].lower() not in closed:
            return found[0]  # a<b>c
        return "" if (found[2] or "").lower() in _INSIDE_LINES else "\n"

    return _TAG.sub(plain, text)


_SIGNS = {"sup": "^", "sub": "_"}
_INSIDE_LINES = frozenset({"b", "i", "u", "em", "strong", "span", "code"})
"""Tags that part no words; all others begin or end a line."""


def without_label(text: str) -> str:
    """Drop what stands before a problem in a list of problems."""
    label = _LABEL.match(text)
    return text[label.end() :] if label else text
