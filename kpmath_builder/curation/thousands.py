"""Telling `1,200`, one number, from `1,200` in a list of two."""

import re

__all__ = ["joined_thousands"]

_RUN = re.compile(r"[1-9](?<![\d.,].)\d{0,2}+(?:(?:,|\{,\}|,?\\[,!;: ])\d++)++")
_SEPARATOR = re.compile(r"\D+")
_OPENS = re.compile(r"(?:(?<!\\)[(\[{]|\\\{)\s*$")
_CLOSES = re.compile(r"\s*(?:\\right\b\s*)?(?:[)}\]]|\\\})|,")
_GROUP = 3
_NEAR = 8
"""Characters before a run in which its opening bracket would stand."""


def joined_thousands(text: str) -> str:
    r"""Write `1,200`, `1{,}200` and `1\,200` as `1200`; a run that may list several numbers stays as it is."""
    return _RUN.sub(_joined, text)


def _joined(found: re.Match[str]) -> str:
    groups = _SEPARATOR.split(found[0])
    if any(len(group) != _GROUP for group in groups[1:]) or _may_be_list(found, groups):
        return found[0]
    return "".join(groups)


def _may_be_list(found: re.Match[str], groups: list[str]) -> bool:
    """Return whether commas may part numbers: in brackets, or if three digits begin a run of three groups or more."""
    if "{,}" in found[0] or r"\!" in found[0] or "," not in found[0].replace(r"\,", ""):
        return False
    if len(groups) >= _GROUP and len(groups[0]) == _GROUP:
        return True
    whole, start, end = found.string, found.start(), found.end()
    return bool(_OPENS.search(whole, max(0, start - _NEAR), start) and _CLOSES.match(whole, end))
