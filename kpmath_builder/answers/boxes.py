r"""Finds `\boxed{…}` in a solution: braces are balanced by counting, and several boxes are joined only where they are one answer."""

import re
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Box", "boxed_answer", "boxes", "braced"]

_OPENER = re.compile(r"\\(?:boxed|fbox|framebox)(?![a-zA-Z])\s*")
_BARE = re.compile(r"-?\d+(?:\.\d+)?|\\?[a-zA-Z]+")
_PART_LABEL = re.compile(
    r"(?:part\s*)?\(([a-h])\)|\bpart\s+([a-h])\b|(?:^|\n)\W*([a-h])[.)]\s", re.IGNORECASE
)
_FORMATTING = re.compile(
    r"\\(?:text|mbox|quad|qquad|left|right)\b|[\\${}()\[\]*~\s]+|(?<![\w])\w+(?:_\{?\w+\}?)?\s*="
)
_CONNECTED = re.compile(r"(?:(?:and|or|for|part)\b|[,;&]|\b\w+\b)", re.IGNORECASE)
_CONCLUDING = re.compile(
    r"\b(?:so|thus|therefore|hence|then|sum|total|is|gives?|equals?|answer|product|difference)\b|[.:=]",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"\s*(?:\\\)|\$)?\s*(?:\\?%|percent\b(?!age))")
_MAX_BOXES = 200
_MAX_GAP = 4_000


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its content and where the whole command starts and ends."""

    content: str
    start: int
    end: int


def braced(text: str, start: int) -> int:
    """Return the index after the brace that closes the one at `start`, or -1 where none does (a text cut off)."""
    depth = 0
    for brace in re.finditer(r"\\.|[{}]", text[start:], re.DOTALL):
        if brace[0] == "{":
            depth += 1
        elif brace[0] == "}":
            depth -= 1
            if depth == 0:
                return start + brace.end()
    return -1


def boxes(text: str) -> list[Box]:
    """Return the last boxes of the text in order, outermost ones only; a box that never closes is left out."""
    found: list[Box] = []
    for opener in list(_OPENER.finditer(text))[-_MAX_BOXES:]:
        if found and opener.start() < found[-1].end:
            continue
        box = _box_at(text, opener)
        if box is not None:
            found.append(box)
    return found


def _box_at(text: str, opener: re.Match[str]) -> Box | None:
    if text[opener.end() : opener.end() + 1] != "{":
        bare = _BARE.match(text, opener.end())
        return Box(bare[0], opener.start(), bare.end()) if bare else None
    end = braced(text, opener.end())
    return Box(text[opener.end() + 1 : end - 1], opener.start(), end) if end > 0 else None


def boxed_answer(text: str) -> str | None:
    """Return the last box, or the last boxes as `(a) … (b) …` or as a list where the text lays them out as one answer."""
    found = boxes(text)
    if not found:
        return None
    return _labelled(text, found) or _joined(text, found)


def _labelled(text: str, found: list[Box]) -> str | None:
    labels = [
        _label(text[before : box.start])
        for before, box in zip([0, *(b.end for b in found)], found, strict=False)
    ]
    if len(labels) < 2 or not labels[-1]:
        return None
    count = ord(labels[-1]) - ord("a") + 1
    if count < 2 or labels[-count:] != [chr(ord("a") + i) for i in range(count)]:
        return None
    return " ".join(
        f"({label}) {box.content}" for label, box in zip(labels[-count:], found[-count:], strict=True)
    )


def _label(gap: str) -> str:
    labels = _PART_LABEL.findall(gap[-_MAX_GAP:])
    return "".join(labels[-1]).lower() if labels else ""


def _joined(text: str, found: list[Box]) -> str:
    start = len(found) - 1
    for before, after in reversed(list(pairwise(found))):
        if not _connects(text[before.end : after.start]):
            break
        start -= 1
    contents = dict.fromkeys(box.content.strip(" \n") for box in found[start:])
    percent = (
        _PERCENT.match(text, found[-1].end) if len(contents) == 1 and "%" not in found[-1].content else None
    )
    return ", ".join(contents) + ("\\%" if percent else "")


def _connects(gap: str) -> bool:
    """Whether what stands between two boxes makes them one answer: `, `, ` and `, ` papers and `."""
    if len(gap) > 60 or "\n\n" in gap:
        return False
    plain = _FORMATTING.sub(" ", gap).strip()
    return not _CONCLUDING.search(plain) and len(_CONNECTED.findall(plain)) <= 5 and _listed(plain)


def _listed(plain: str) -> bool:
    return not plain or bool(re.search(r"\b(?:and|or)\b|[,;&]", plain))
