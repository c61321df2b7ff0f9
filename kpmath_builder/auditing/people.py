"""First names in a text, and whether mostly men or mostly women bear them (U.S. Census 1990; `data/first_names.txt`).

A list of names of one country and one year: it says less of names from elsewhere, and nothing of a person.
"""

import re
from collections.abc import Iterator

from kpmath_builder.curation.first_names import ALSO_WORDS, first_names

__all__ = ["names_in"]

_CAPITALISED = re.compile(r"\b[A-Z][a-z]{1,14}\b")
_PLACE = re.compile(
    r" (?:Street|City|School|Park|Lake|River|University|College|High|County|Island|Elementary)\b"
)
"""What makes a name that of a place."""
_BEGINS = re.compile(r"(?:^|[.!?:\n\"“(])\s*$")


def names_in(text: str) -> Iterator[str]:
    """Yield the first names of a text, each once."""
    known = first_names()
    seen = set()
    for found in _CAPITALISED.finditer(text):
        word = found[0]
        if word in known and word not in seen and _is_person(word, text, found.start(), found.end()):
            seen.add(word)
            yield word


def _is_person(word: str, text: str, start: int, end: int) -> bool:
    if word in ALSO_WORDS and _BEGINS.search(text, max(start - 3, 0), start):
        return False
    return not _PLACE.match(text, end)
