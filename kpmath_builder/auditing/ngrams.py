"""In how many texts each n-gram of words stands, counted in bounded memory.

Numbers are one word, because problems differ in them, and so are first names. Counting is lossy (Manku & Motwani 2002): while no more
n-grams are seen than fit, it is exact; after that n-grams are forgotten that were seen in one text of the last stretch, and a count may
be too small by as many as `error` says. What stands in many texts is never forgotten.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = [
    "ORDERS",
    "Hashes",
    "NgramCounter",
    "distinct_ngrams",
    "ngrams_of",
    "parts_of",
    "phrase_at",
    "without",
    "words_of",
]

ORDERS = (1, 2, 3, 4)
"""Lengths of the n-grams. A longer phrase holds shorter ones that are as frequent as it."""
MOST = 8_000_000
"""N-grams that are held: 16 bytes each, and as much again while they are merged."""
_TEXTS_AT_ONCE = 4_000
_WORD = re.compile(r"\\?[^\W\d_]+(?:'[^\W\d_]+)?|\d[\d,.]*|[\u2600-\u27bf\U0001f000-\U0001faff]|[#@~|]{2,8}")
"""Pictures and runs of signs that mean nothing in mathematics are words, for they can be triggers."""
_NAME, _NUMBER = "\x01", "\x02"
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Hashes = npt.NDArray[np.uint64]


def words_of(text: str, names: frozenset[str] = frozenset()) -> list[str]:
    """Return the words of a text, folded; numbers and names are one word each."""
    return [
        _NUMBER if word[0].isdigit() else _NAME if word in names else word.casefold()
        for word in _WORD.findall(text)
    ]


def ngrams_of(words: list[str]) -> list[list[int]]:
    """Return the hashes of the n-grams of a text: by length less one, then by the place where they begin."""
    return [hashes.tolist() for _, hashes in _rolled(_ids(words))] if words else []


def parts_of(ngrams: list[list[int]], order: int, place: int) -> Iterator[int]:
    """Yield the hashes of all shorter n-grams within one n-gram of a text, given as `ngrams_of` returns them."""
    for shorter in range(1, order):
        yield from ngrams[shorter - 1][place : place + order - shorter + 1]


def distinct_ngrams(words: list[str]) -> Hashes:
    """Return the hashes of the n-grams of a text, each once, sorted."""
    if not words:
        return np.empty(0, np.uint64)
    return np.unique(np.concatenate([hashes for _, hashes in _rolled(_ids(words))]))


def without(ngrams: Hashes, others: Hashes) -> Hashes:
    """Return those n-grams that are not among the others; both are sorted."""
    if not len(others):
        return ngrams
    places = np.minimum(np.searchsorted(others, ngrams), len(others) - 1)
    left: Hashes = ngrams[others[places] != ngrams]
    return left


class NgramCounter:
    """Hash of an n-gram to the number of texts that hold it."""

    def __init__(self, most: int = MOST) -> None:
        self.texts = 0
        self.error = 0
        """By how much a count may be too small."""
        self._most = most
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._counts = np.empty(0, np.int32)
        self._waiting: list[Hashes] = []

    def add(self, ngrams: Hashes) -> None:
        """Count the n-grams of one text."""
        self.texts += 1
        if len(ngrams):
            self._waiting.append(ngrams)
        if len(self._waiting) >= _TEXTS_AT_ONCE:
            self._merge()

    def counts(self) -> tuple[Hashes, npt.NDArray[np.int32]]:
        """Return the n-grams, sorted by their hashes, and their counts."""
        self._merge()
        return self._hashes, self._counts

    def count_of(self, hashes: Hashes) -> npt.NDArray[np.int32]:
        """Return the counts of the given n-grams."""
        mine, counts = self.counts()
        if not len(mine):
            return np.zeros(len(hashes), np.int32)
        places = np.minimum(np.searchsorted(mine, hashes), len(mine) - 1)
        found: npt.NDArray[np.int32] = np.where(mine[places] == hashes, counts[places], 0).astype(np.int32)
        return found

    def _merge(self) -> None:
        if not self._waiting:
            return
        fresh, counts = np.unique(np.concatenate(self._waiting), return_counts=True)
        self._waiting = []
        both = np.concatenate([self._hashes, fresh])
        order = np.argsort(both, kind="stable")
        both, sums = both[order], np.concatenate([self._counts, counts.astype(np.int32)])[order]
        starts = (
            np.flatnonzero(np.concatenate([[True], both[1:] != both[:-1]]))
            if len(both)
            else np.empty(0, np.int64)
        )
        self._hashes, self._counts = both[starts], np.add.reduceat(sums, starts) if len(starts) else sums
        while len(self._hashes) > self._most:
            self.error += 1
            kept = self._counts > self.error
            self._hashes, self._counts = self._hashes[kept], self._counts[kept]


def _ids(words: Iterable[str]) -> Hashes:
    return np.fromiter((_word_id(word) for word in words), np.uint64)


def _rolled(ids: Hashes) -> Iterator[tuple[int, Hashes]]:
    """Yield for each length the hashes of the n-grams of a text."""
    hashes = ids
    for order in ORDERS:
        if order > len(ids):
            return
        if order > 1:
            hashes = (hashes[:-1] * _MULTIPLIER) ^ (ids[order - 1 :] + np.uint64(order))
        yield order, hashes


@lru_cache(maxsize=1 << 17)
def _word_id(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")


def phrase_at(words: Sequence[str], place: int, order: int) -> str:
    """Return an n-gram in words."""
    return " ".join(
        {_NAME: "NAME", _NUMBER: "0"}.get(words[at], words[at]) for at in range(place, place + order)
    )
