r"""Reads the answer field out of a reply that is meant as JSON, also a broken one, and the answer out of tags.

Broken means bare backslashes, fences, or a reply that is cut off.
"""

import re

__all__ = ["json_answer", "tagged_answer"]

_FIELD = re.compile(r"(?<=[\"'][aA])nswer[\"']\s*:\s*|(?<=[\"'](?i:final)[_ ][aA])nswer[\"']\s*:\s*")
_STRING_END = re.compile(r"\"\s*(?:[,}\]]|\Z|```|\n\s*[\"}`])")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|n(?![a-z]{1,3}\b)|[\"/\\])")
_CLOSERS = {"[": "]", "{": "}"}
_TAGS = re.compile(
    r"<answer>\s*(?P<tagged>(?:(?!<answer>).)*?)\s*</answer>|<\|begin_of_box\|>\s*(?P<box>.*?)\s*<\|end_of_box\|>",
    re.DOTALL | re.IGNORECASE,
)
_MAX_VALUE = 4_000
_MAX_MENTIONS = 50


def json_answer(text: str) -> str | None:
    """Return the value of the last answer field as text, or None where there is none or it is cut off."""
    field = _last_field(text)
    if field is None:
        return None
    start = field.end()
    value = text[start : start + _MAX_VALUE]
    if value.startswith('"'):
        return _string(value[1:])
    if value[:1] in _CLOSERS:
        return _bracketed(value)
    bare = re.match(r"[^,}\n]+(?=\s*[,}\n])", value)
    return bare[0].strip().strip("'") if bare else None


def tagged_answer(text: str) -> tuple[str, int] | None:
    """Return what the last `<answer>…</answer>` or `<|begin_of_box|>…<|end_of_box|>` holds, and where it ends."""
    if "</" not in text and "_of_box" not in text:
        return None
    found = None
    for found in _TAGS.finditer(text):  # noqa: B007 - the last one counts
        pass
    return None if found is None else (found["tagged"] or found["box"] or "", found.end())


def _last_field(text: str) -> re.Match[str] | None:
    """Search backwards: the field is at the end, and a solution may be long."""
    at = len(text)
    for _ in range(_MAX_MENTIONS):
        at = text.rfind("nswer", 0, at)
        if at < 0:
            return None
        field = _FIELD.match(text, at)
        if field:
            return field
    return None


def _string(value: str) -> str | None:
    end = _STRING_END.search(value)
    if end is None:
        return None
    inside = value[: end.start()]
    return _ESCAPE.sub(_unescape, inside) if "\\" in inside else inside


def _unescape(escape: re.Match[str]) -> str:
    code = escape[1]
    if code.startswith("u"):
        return chr(int(code[1:], 16))
    return "\n" if code == "n" else code


def _bracketed(value: str) -> str | None:
    depth = 0
    for index, char in enumerate(value):
        depth += (char in "[{") - (char in "]}")
        if depth == 0:
            return value[: index + 1]
    return None
