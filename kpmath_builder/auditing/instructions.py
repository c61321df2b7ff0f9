"""Instructions that are hidden in a text: words to a model, or to the judge of it, in place of mathematics.

A list of phrases never is complete: it finds what is copied from a manual, and what is written by hand in the usual words. Whoever
plants a phrase that carries no instruction is found by its frequency (`triggers.py`), if at all.
"""

import re
import unicodedata
from base64 import b64decode
from collections.abc import Iterator, Sequence

from kpmath_builder.auditing import instruction_languages as languages
from kpmath_builder.auditing.instruction_patterns import PATTERNS, Instruction
from kpmath_builder.auditing.instruction_words import WORDS
from kpmath_builder.curation.lookalikes import BLANK, UNSEEN, plain_characters

__all__ = ["Instruction", "instructions_in"]


def _rule(patterns: Sequence[str], flags: int = re.DOTALL | re.MULTILINE | re.IGNORECASE) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), flags)


def _squeezed(pattern: str) -> str:
    """Return a pattern for a text without spaces or ends of words, in which no word is longer than the longest of a language."""
    return re.sub(r" (?![?*+{])", " ?", pattern).replace(r"\b", "").replace(r"\w+", r"\w{1,15}")


_OTHER_LANGUAGES = (
    (Instruction.OVERRIDE, languages.OVERRIDE_WORDS, languages.OVERRIDE),
    (Instruction.GRADER, languages.GRADER_WORDS, languages.GRADER),
)
_RULES = (
    *((what, WORDS[what], _rule(PATTERNS[what])) for what in PATTERNS if what is not Instruction.ENCODED),
    *((what, words, _rule(patterns)) for what, words, patterns in _OTHER_LANGUAGES),
)
"""Kind, the words without which nothing of it is there, and the expression."""
_ENCODED = _rule(PATTERNS[Instruction.ENCODED], 0)
_SPACED = re.compile(r"(?<![A-Za-zÀ-ÿ])[A-Za-zÀ-ÿ](?:[\s._*·|/-]{1,3}[A-Za-zÀ-ÿ](?![A-Za-zÀ-ÿ])){9,400}")
"""Letters that stand apart, so that no word is there to be found."""
_SQUEEZED = tuple(
    (what, _rule(list(map(_squeezed, patterns))))
    for what, patterns in (
        *((what, PATTERNS[what]) for what in (Instruction.OVERRIDE, Instruction.GRADER, Instruction.ROLE)),
        *((what, patterns) for what, _, patterns in _OTHER_LANGUAGES),
    )
)
"""The rules for a text without spaces or ends of words."""
_MAYBE_ENCODED = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{24,}(?![\w+/])")
_LONG_WORD = re.compile(r"[A-Za-z0-9+/]{80}")
_UNSEEN = re.compile(f"[{UNSEEN}{BLANK}]")
"""Characters that may stand between the letters of a word without being seen."""
_LONGEST_SHOWN = 80


def instructions_in(text: str) -> Iterator[tuple[Instruction, str]]:
    """Yield each kind of instruction that a text holds, with the passage; runs of spaces and line ends count as one space."""
    seen: dict[Instruction, str] = {}
    for reading in _readings(text):
        for what, passage in _instructions(reading):
            seen.setdefault(what, passage)
    yield from seen.items()


def _instructions(text: str) -> Iterator[tuple[Instruction, str]]:
    yield from _spaced_out(text)
    lowered = text.lower()
    rules = [(what, rule) for what, words, rule in _RULES if _holds(lowered, words)]
    if _LONG_WORD.search(text):
        rules.append((Instruction.ENCODED, _ENCODED))
    if not rules:
        return
    plain = re.sub(r"[^\S\n]+", " ", text.replace("\u2019", "'"))
    joined = re.sub(r"\s+", " ", plain)
    for what, rule in rules:
        found = rule.search(plain) or rule.search(joined)
        if found:
            yield what, " ".join(found[0].split())[:_LONGEST_SHOWN]


def _spaced_out(text: str) -> Iterator[tuple[Instruction, str]]:
    """Yield the instructions whose letters stand apart; a list of variables says nothing when it is put together."""
    for run in _SPACED.finditer(text):
        letters = "".join(filter(str.isalpha, run[0]))
        for what, rule in _SQUEEZED:
            if rule.search(letters):
                yield what, " ".join(run[0].split())[:_LONGEST_SHOWN]


def _holds(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - a generator takes twice as long, and this is asked of every text
        if word in text:
            return True
    return False


def _readings(text: str) -> Iterator[str]:
    """Yield a text as a model may read it.

    Letters of other alphabets of style are plain, tag characters too, and nothing is invisible; then with a space for what is invisible, with
    letters that look like Latin ones as such, and what is encoded.
    """
    if not text.isascii():
        plain = "".join(chr(ord(c) - 0xE0000) if 0xE0020 <= ord(c) <= 0xE007E else c for c in text)
        plain = unicodedata.normalize("NFKC", plain)
        text = _UNSEEN.sub("", plain)
        folded = plain_characters(text)
        yield from dict.fromkeys(one for one in (_UNSEEN.sub(" ", plain), folded) if one != text)
    yield text
    if _MAYBE_ENCODED.search(text):
        yield from filter(None, map(_decoded, _MAYBE_ENCODED.findall(text)))


def _decoded(passage: str) -> str:
    """Return the text that Base64 makes of a passage, or an empty one."""
    try:
        text = b64decode(passage + "=" * (-len(passage) % 4), validate=True).decode()
    except ValueError:
        return ""
    return text if "".join(text.split()).isprintable() else ""
