"""What is compared of each row: what is read of its text, and the keys of many rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from kpmath_builder.curation.forms import FORMS, Forms
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.shingles import shingles

__all__ = ["BANDS", "REWORDED_BANDS", "WIDTH", "RowReading", "Signatures"]

BANDS = 25
"""Bands of five of the 128 permutations: texts at the threshold of 0.7 share one with a probability of 0.99."""
REWORDED_BANDS = 10
"""Bands of one permutation and the numbers of the text: texts of the same numbers share one with a probability of 0.97 at 0.3, 0.94 at 0.25."""
WIDTH = len(FORMS) + BANDS + REWORDED_BANDS + 1
"""Columns of a row: its forms, its bands, its bands with the numbers, its numbers alone."""
_PERMUTATIONS = 128
_IN_BAND = 5
_SEED = 2403


class RowReading(NamedTuple):
    """A text and what is made of it once, whatever it is compared with: the arguments of `ProblemIndex.find_form`."""

    text: str
    form: Forms
    shingles: NDArray[np.uint32]

    @classmethod
    def of(cls, text: str) -> "RowReading":
        """Read a text."""
        form = Forms.of(text)
        return cls(text, form, shingles(form.tokens))


@dataclass(frozen=True, slots=True)
class Signatures:
    """The keys of a batch of rows."""

    ids: Sequence[str]
    columns: NDArray[np.uint64]
    """(rows, `WIDTH`): rows that agree in a column may repeat each other; 0 agrees with nothing."""
    sizes: NDArray[np.int64]
    """Shingles of each row."""
    shingles: NDArray[np.uint32]
    """Those of all rows, one behind the other."""
    vector_sizes: NDArray[np.int64]
    """Length of what paraphrases of each row are found by; 0 for a row of which none is looked for."""
    vectors: NDArray[np.uint32]
    """Those of all rows, one behind the other."""

    @classmethod
    def of(
        cls, ids: Sequence[str], readings: Sequence[RowReading], *, paraphrases: Paraphrases | None = None
    ) -> "Signatures":
        """Return the signatures of rows that were read, with what paraphrases are found by or without it."""
        sizes = np.array([len(one.shingles) for one in readings], np.int64)
        together = np.concatenate([_NONE, *(one.shingles for one in readings)])
        columns = np.zeros((len(ids), WIDTH), np.uint64)
        if len(ids):
            numbers = np.array([one.form.numbers or 0 for one in readings], np.uint64)
            columns[:, : len(FORMS)] = [[key or 0 for key in one.form.keys] for one in readings]
            columns[:, len(FORMS) : -1] = _bands(together, sizes, numbers)
            columns[:, -1] = numbers if paraphrases is not None else 0
        vectors = [
            paraphrases.vector(one.text, one.form) if paraphrases is not None and one.form.numbers else _NONE
            for one in readings
        ]
        vector_sizes = np.array([len(one) for one in vectors], np.int64)
        return cls(ids, columns, sizes, together, vector_sizes, np.concatenate([_NONE, *vectors]))

    def only(self, chosen: Sequence[bool]) -> "Signatures":
        """Return the signatures of the chosen rows."""
        if all(chosen):
            return self
        mask = np.array(chosen, bool)
        ids = [name for name, is_chosen in zip(self.ids, chosen, strict=True) if is_chosen]
        return Signatures(
            ids,
            self.columns[mask],
            self.sizes[mask],
            self.shingles[np.repeat(mask, self.sizes)],
            self.vector_sizes[mask],
            self.vectors[np.repeat(mask, self.vector_sizes)],
        )


_NONE = np.empty(0, np.uint32)


def _bands(
    together: NDArray[np.uint32], sizes: NDArray[np.int64], numbers: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        together.astype(np.uint64), offsets, _PERMUTATIONS, _SEED
    )
    digests = np.array(matrix.to_rows(), np.uint64)
    of_runs = digests[:, : BANDS * _IN_BAND].reshape(-1, BANDS, _IN_BAND)
    bands = np.zeros(of_runs.shape[:2], np.uint64)
    for place in range(_IN_BAND):
        bands = _mixed(bands, of_runs[:, :, place])
    reworded = _mixed(numbers[:, None], digests[:, :REWORDED_BANDS])
    reworded[numbers == 0] = 0
    found = np.concatenate((bands, reworded), axis=1)
    found[sizes == 0] = 0
    return found


def _mixed(hashes: NDArray[np.uint64], values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return hashes with other values in them, never 0."""
    mixed = (hashes + values) * _MULTIPLIER
    mixed ^= mixed >> _SHIFT
    return mixed | np.uint64(1)


_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
