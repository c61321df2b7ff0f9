"""Finding texts that must not be published, such as MATH problems, in texts that will be."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from kpmath_builder.records import SeedProblem

__all__ = ["ProtectedTexts"]

_SHORT = 8
"""Texts of fewer words are only found where they are the whole text: a short one occurs anywhere by chance."""


class ProtectedTexts:
    """Problems and solutions of seeds that are not shareable; verbatim copies are found, whatever their case and spacing.

    Each text is looked for by its rarest word, so that a search costs little more than splitting the searched text.
    """

    def __init__(self, seeds: Iterable[SeedProblem]) -> None:
        texts = {
            _plain(text): seed.id
            for seed in seeds
            if not seed.shareable
            for text in (seed.problem, seed.solution)
            if text.strip()
        }
        self._whole = texts
        self._by_word: dict[str, list[tuple[str, str]]] = defaultdict(list)
        frequency = Counter(word for text in texts for word in set(text.split()))
        for text, seed_id in texts.items():
            words = text.split()
            if len(words) >= _SHORT:
                rarest = min(words, key=lambda word: (frequency[word], word))
                self._by_word[rarest].append((f" {text} ", seed_id))

    def __bool__(self) -> bool:
        return bool(self._whole)

    def found_in(self, text: str) -> str | None:
        """Return the id of a seed whose problem or solution stands in the text, or None."""
        plain = _plain(text)
        if plain in self._whole:
            return self._whole[plain]
        padded = f" {plain} "
        for word in self._by_word.keys() & set(plain.split()):
            for protected, seed_id in self._by_word[word]:
                if protected in padded:
                    return seed_id
        return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
