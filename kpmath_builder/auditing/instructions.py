"""Instructions that are hidden in a text: words to a model, or to the judge of it, in place of mathematics.

A list of phrases never is complete: it finds what is copied from a manual, and what is written by hand in the usual words. Whoever
plants a phrase that carries no instruction is found by its frequency (`triggers.py`), if at all.
"""

import re
import unicodedata
from collections.abc import Iterator

from kpmath_builder.auditing.instruction_patterns import PATTERNS, WORDS, Instruction

__all__ = ["Instruction", "instructions_in"]


_RULES = {
    what: re.compile(
        "|".join(f"(?:{pattern})" for pattern in patterns), re.DOTALL | re.MULTILINE | re.IGNORECASE
    )
    for what, patterns in PATTERNS.items()
}
_RULES[Instruction.ENCODED] = re.compile("|".join(PATTERNS[Instruction.ENCODED]))
_LONG_WORD = re.compile(r"[A-Za-z0-9+/]{80}")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
"""Characters that may stand between the letters of a word without being seen."""
_LONGEST_SHOWN = 80


def instructions_in(text: str) -> Iterator[tuple[Instruction, str]]:
    """Yield each kind of instruction that a text holds, with the passage; runs of spaces and line ends count as one space."""
    text = text if text.isascii() else _as_read(text)
    lowered = text.lower()
    kinds = [what for what, words in WORDS.items() if _holds(lowered, words)]
    if _LONG_WORD.search(text):
        kinds.append(Instruction.ENCODED)
    if not kinds:
        return
    plain = re.sub(r"[^\S\n]+", " ", text.replace("\u2019", "'"))
    joined = re.sub(r"\s+", " ", plain)
    for what in kinds:
        found = _RULES[what].search(plain) or _RULES[what].search(joined)
        if found:
            yield what, " ".join(found[0].split())[:_LONGEST_SHOWN]


def _holds(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - a generator takes twice as long, and this is asked of every text
        if word in text:
            return True
    return False


def _as_read(text: str) -> str:
    """Return a text as a model may read it: letters of other alphabets of style as plain ones, tag characters too, nothing invisible."""
    if unicodedata.is_normalized("NFKC", text) and not _UNSEEN.search(text):
        return text
    plain = "".join(chr(ord(c) - 0xE0000) if 0xE0020 <= ord(c) <= 0xE007E else c for c in text)
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", plain))
