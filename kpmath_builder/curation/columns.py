"""The signatures of all rows on disk, and which rows agree in each column."""

import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kpmath_builder.curation.signatures import Signatures

__all__ = ["Columns"]

_BLOCK = 1 << 16
"""Rows that are looked at together."""
_COST = 64
"""Bytes for each row while a column is sorted: its key, its number, the order, and both in that order."""


class Columns:
    """A file for each column, one for all shingles, one for the ids.

    Parameters
    ----------
    folder
        Where the files are.
    width
        Columns of each row.
    """

    def __init__(self, folder: Path, width: int) -> None:
        self._folder = folder
        self.width = width
        self.rows = 0
        self._files = ExitStack()
        self._keys = [
            self._files.enter_context((folder / f"keys-{place}").open("wb")) for place in range(width)
        ]
        self._shingles = self._files.enter_context((folder / "shingles").open("wb"))
        self._sizes = self._files.enter_context((folder / "sizes").open("wb"))
        self._vectors = self._files.enter_context((folder / "vectors").open("wb"))
        self._vector_sizes = self._files.enter_context((folder / "vector-sizes").open("wb"))
        self._ids = self._files.enter_context((folder / "ids").open("w", encoding="utf-8"))

    def add(self, batch: Signatures) -> None:
        """Append a batch of rows."""
        for place, file in enumerate(self._keys):
            file.write(np.ascontiguousarray(batch.columns[:, place]).data)
        self._shingles.write(batch.shingles.data)
        self._sizes.write(batch.sizes.data)
        self._vectors.write(batch.vectors.data)
        self._vector_sizes.write(batch.vector_sizes.data)
        self._ids.writelines(json.dumps(name) + "\n" for name in batch.ids)
        self.rows += len(batch.ids)

    def close(self) -> None:
        """End writing; what follows only reads."""
        self._files.close()

    def group(self, memory: int) -> None:
        """Find the rows that agree in a column; no more than `memory` bytes are used for it.

        A column that is too large is sorted in parts, each of which holds the keys of one range.
        """
        parts = 1 + self.rows * _COST // memory
        for place in range(self.width):
            groups = np.memmap(self._path("groups", place), np.int64, "w+", shape=(max(1, self.rows),))
            for part in range(parts):
                rows, firsts = self._agreeing(place, part, parts)
                groups[rows] = firsts + 1
            self._path("keys", place).unlink()

    def blocks(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield the number of the first row, and (rows, columns): 1 + the first row that agrees, 0 for a row that is alone."""
        for start in range(0, self.rows, _BLOCK):
            count = min(_BLOCK, self.rows - start)
            parts = [
                np.fromfile(self._path("groups", place), np.int64, count, offset=8 * start)
                for place in range(self.width)
            ]
            yield start, np.stack(parts, axis=1)

    def shingles(self) -> "StoredArrays":
        """Return the shingles of all rows."""
        return self._stored("shingles", "sizes")

    def vectors(self) -> "StoredArrays":
        """Return what paraphrases of all rows are found by."""
        return self._stored("vectors", "vector-sizes")

    def _stored(self, name: str, sizes: str) -> "StoredArrays":
        counts = np.fromfile(self._folder / sizes, np.int64)
        return StoredArrays(self._folder / name, np.concatenate(([0], np.cumsum(counts))))

    def names(self, wanted: AbstractSet[int]) -> Mapping[int, str]:
        """Return the ids of some rows."""
        with (self._folder / "ids").open(encoding="utf-8") as file:
            return {row: json.loads(line) for row, line in enumerate(file) if row in wanted}

    def _agreeing(self, place: int, part: int, parts: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        keys, rows = self._part(place, part, parts)
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        begins = (
            np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
            if len(keys)
            else np.empty(0, np.int64)
        )
        lengths = np.diff(np.append(begins, len(keys)))
        several = np.repeat(lengths > 1, lengths)
        return rows[several], np.repeat(rows[begins], lengths)[several]

    def _part(self, place: int, part: int, parts: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        keys, rows = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
        for start in range(0, self.rows, _BLOCK):
            block = np.fromfile(self._path("keys", place), np.uint64, _BLOCK, offset=8 * start)
            chosen = np.flatnonzero((block != 0) & (block % np.uint64(parts) == part))
            keys.append(block[chosen])
            rows.append(chosen + start)
        return np.concatenate(keys), np.concatenate(rows)

    def _path(self, kind: str, place: int) -> Path:
        return self._folder / f"{kind}-{place}"


class StoredArrays:
    """An array of each row, such as a set of hashes, read from the disk."""

    def __init__(self, path: Path, offsets: NDArray[np.int64]) -> None:
        self._offsets = offsets
        empty = offsets[-1] == 0
        self._all = np.empty(0, np.uint32) if empty else np.memmap(path, np.uint32, "r")

    def size(self, row: int) -> int:
        """Return the length of a row's array."""
        return int(self._offsets[row + 1] - self._offsets[row])

    def of(self, row: int) -> NDArray[np.uint32]:
        """Return the array of a row."""
        return np.asarray(self._all[self._offsets[row] : self._offsets[row + 1]])
