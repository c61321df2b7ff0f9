"""Where in a log each key stands, in 24 bytes an entry."""

import hashlib

import numpy as np

__all__ = ["OffsetIndex"]

_RUN = 50_000


class OffsetIndex:
    """Key to (offset, length), held as one sorted array and a small dictionary of newcomers.

    Only 64 bits of a hash of each key are kept: `find` may name a wrong place once in 10^13 look-ups, so the reader compares
    the key that it finds there.
    """

    def __init__(self) -> None:
        self._hashes = np.empty(0, np.uint64)
        self._places = np.empty((0, 2), np.int64)
        self._recent: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        self._merge()
        return len(self._hashes)

    def add(self, key: str, offset: int, length: int) -> None:
        """Note where a key stands; a later place of the same key counts."""
        self._recent[_short(key)] = (offset, length)
        if len(self._recent) >= _RUN:
            self._merge()

    def find(self, key: str) -> tuple[int, int] | None:
        """Return the offset and length of a key's entry, or None."""
        short = _short(key)
        if short in self._recent:
            return self._recent[short]
        at = int(np.searchsorted(self._hashes, np.uint64(short)))
        if at == len(self._hashes) or int(self._hashes[at]) != short:
            return None
        offset, length = self._places[at]
        return int(offset), int(length)

    def _merge(self) -> None:
        if not self._recent:
            return
        fresh = np.fromiter(self._recent.keys(), np.uint64, len(self._recent))
        places = np.array(list(self._recent.values()), np.int64)
        kept = ~np.isin(self._hashes, fresh)
        hashes = np.concatenate([self._hashes[kept], fresh])
        order = np.argsort(hashes)
        self._hashes = hashes[order]
        self._places = np.concatenate([self._places[kept], places])[order]
        self._recent = {}


def _short(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")
