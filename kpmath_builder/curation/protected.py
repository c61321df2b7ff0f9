"""Finding texts that must not be published, such as MATH problems, in texts that will be."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache

from kpmath_builder.curation.forms import Forms
from kpmath_builder.curation.lookalikes import plain_characters
from kpmath_builder.records import SeedProblem

__all__ = ["ProtectedTexts"]

_SHORT = 8
"""Texts of fewer words are only found if they are the whole text: a short one occurs anywhere by chance."""
_WORD = re.compile(r"(?<![\\\w])[^\W\d_]{3,}(?!\w)|(?<![\\\w.,{])\d+(?![\w.,}])")
"""A word of prose, or a whole number that stands alone; a LaTeX command and a number of thousands have several spellings."""

_NUMBER = re.compile(r"(?<![\d.,])\d{1,2}(?![\d.,{])")
"""A number that every spelling has, for texts without a word."""


class ProtectedTexts:
    """Problems and solutions of seeds that may not be shared; copies are found whatever their case, spacing and LaTeX spelling.

    A text is compared only if the two rarest words of a protected one stand in it, so that a search costs little more than
    splitting the searched text.
    """

    def __init__(self, seeds: Iterable[SeedProblem]) -> None:
        texts = {
            text: seed.id
            for seed in seeds
            if not seed.shareable
            for text in (seed.problem, seed.solution)
            if text.strip()
        }
        words = {text: set(filter(_has_one_spelling, _words(text))) for text in texts}
        frequency = Counter(word for its in words.values() for word in its)
        self._whole: dict[str, str] = {}
        self._longest = 0
        self._by_word: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        self._without_words: list[tuple[frozenset[str], str, str]] = []
        for text, seed_id in texts.items():
            form = _form(text)
            self._whole.setdefault(form, seed_id)
            if len(text.split()) < _SHORT:
                self._longest = max(self._longest, len(text))
                continue
            rarest = sorted(words[text], key=lambda word: (frequency[word], word))[:2]
            if rarest:
                self._by_word[rarest[0]].append((rarest[-1], form, seed_id))
            else:
                self._without_words.append((frozenset(_NUMBER.findall(text)), form, seed_id))

    def __bool__(self) -> bool:
        return bool(self._whole)

    def found_in(self, text: str) -> str | None:
        """Return the id of a seed whose problem or solution stands in the text, or None."""
        text = plain_characters(text)
        words = _words(text)
        likely = [
            (form, seed_id)
            for word in self._by_word.keys() & words
            for other, form, seed_id in self._by_word[word]
            if other in words
        ]
        if self._without_words:
            numbers = set(_NUMBER.findall(text))
            likely += [(form, seed_id) for its, form, seed_id in self._without_words if its <= numbers]
        may_be_short = len(text) <= 2 * self._longest + 100  # the same text spelt at length
        if not likely and not may_be_short:
            return None
        searched = _form(text)
        inside = (seed_id for form, seed_id in likely if form in searched)
        return next(inside, None) or self._whole.get(searched)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


@lru_cache(maxsize=1 << 16)
def _has_one_spelling(word: str) -> bool:
    """Whether a word stands in every copy of a text: the name of a unit may be spelt out in one and not in the other."""
    if word.isdigit():
        return True
    alone, several = (Forms.of(text).tokens[-1] for text in (f"7 {word}", f"7 {word}s"))
    return alone == word != several


def _form(text: str) -> str:
    """Return the tokens of a text, in whatever case its commands are written."""
    return f" {' '.join(Forms.of(text.casefold()).tokens)} "
