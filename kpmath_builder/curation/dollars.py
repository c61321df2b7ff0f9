"""Telling the `$` that opens a formula from the `$` of an amount."""

import re

__all__ = ["without_formula_signs"]

_AMERICAN = re.compile(r"\bUS(?=\\?\$\d)")
_OPENING = re.compile(r"(?<!\\)\$\$?")
_PROSE = re.compile(r"(?<=\s)[a-z]{2,}")
_BOXED_TEXT = re.compile(r"\\(?:text|mbox|mathrm|textrm|operatorname)\w*\s*\{[^{}]*\}")


def without_formula_signs(text: str) -> str:
    r"""Write `\(` and `\)` for the `$` that open and close formulas; the others are dollars."""
    text = _AMERICAN.sub("", text)
    parts: list[str] = []
    place = 0
    while found := _OPENING.search(text, place):
        parts.append(text[place : found.start()])
        closing = _OPENING.search(text, found.end())
        if closing and not _is_amount(text, found.end(), closing):
            parts.append(rf"\({text[found.end() : closing.start()]}\)")
            place = closing.end()
        else:
            parts.append(r"\$" if closing or text[found.end() : found.end() + 1].strip() else "")
            place = found.end()
    parts.append(text[place:])
    return "".join(parts)


def _is_amount(text: str, start: int, closing: re.Match[str]) -> bool:
    """Return whether a `$` before `start` is a dollar, although another follows."""
    inside = text[start : closing.start()]
    if not re.match(r"\s?[\d.]", inside):
        return False
    if closing.group() == "$" and text[closing.end() : closing.end() + 1].isdigit():
        return True
    return bool(_PROSE.search(_BOXED_TEXT.sub("", inside)))
