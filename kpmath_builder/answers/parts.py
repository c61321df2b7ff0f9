"""Splits an answer that is laid out in parts: (a) … (b) …, a) … b) …, (i) … (ii) …, 1) … 2) …."""

import re
from collections.abc import Sequence

__all__ = ["split_parts"]

_SERIES = {
    "letters": (re.compile(r"(?:^|(?<=[\s,;.]))(?:part\s*)?\(?([a-h])\)[\s.:=]*", re.IGNORECASE), "abcdefgh"),
    "roman": (
        re.compile(r"(?:^|(?<=[\s,;.]))\(?(i{1,3}|iv|v|vi)\)[\s.:=]*"),
        ("i", "ii", "iii", "iv", "v", "vi"),
    ),
    "numbers": (re.compile(r"(?:^|(?<=[\s,;.]))([1-9])\)[\s.:=]*"), "123456789"),
    "words": (re.compile(r"(?:^|(?<=[\s,;.]))part\s+([a-h])\s*[:.=]\s*", re.IGNORECASE), "abcdefgh"),
}


def split_parts(text: str) -> tuple[str, ...]:
    """Return the text of each part in order, or the whole text as the only one.

    Parts count only where the labels run from the first on without a gap and the answer begins with one.
    """
    if ")" not in text and "art" not in text:
        return (text,)
    for pattern, names in _SERIES.values():
        labels = list(pattern.finditer(text))
        if len(labels) >= 2 and labels[0].start() == 0 and _in_order([m[1].lower() for m in labels], names):
            ends = [label.start() for label in labels[1:]] + [len(text)]
            parts = tuple(text[m.end() : end].strip(" \n,;.") for m, end in zip(labels, ends, strict=True))
            return parts if all(parts) else (text,)
    return (text,)


def _in_order(found: list[str], names: Sequence[str]) -> bool:
    return found == list(names[: len(found)])
