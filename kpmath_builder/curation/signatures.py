"""What is compared of each row, for many rows at once and in several processes."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from kpmath_builder.curation.forms import FORMS, Forms
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.repeat import Repeat
from kpmath_builder.curation.shingles import shingles

__all__ = ["BANDS", "Signatures", "read_rows"]

BANDS = 25
"""Bands of five of the 128 permutations: texts at the threshold of 0.7 share one with a probability of 0.99."""
_PERMUTATIONS = 128
_IN_BAND = 5
_SEED = 2403
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Signatures:
    """The keys of a batch of rows."""

    ids: Sequence[str]
    columns: NDArray[np.uint64]
    """(rows, forms and bands): rows that agree in a column may repeat each other; 0 agrees with nothing."""
    sizes: NDArray[np.int64]
    """Shingles of each row."""
    shingles: NDArray[np.uint32]
    """Those of all rows, one behind the other."""
    known: Sequence[Repeat | None]
    """Which known problem each row repeats."""


def read_rows(
    rows: Iterable[tuple[str, str]], known: ProblemIndex | None, workers: int
) -> Iterator[Signatures]:
    """Yield the signatures of all rows in their order."""
    batches = _batches(rows)
    if workers <= 1:
        yield from (_signatures(batch, known) for batch in batches)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (known,)) as pool:
        waiting: deque[Future[Signatures]] = deque()
        for batch in batches:
            waiting.append(pool.submit(_in_worker, batch))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _batches(rows: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


_known: ProblemIndex | None = None


def _begin(known: ProblemIndex | None) -> None:
    global _known  # noqa: PLW0603  # a worker process has one index, sent once
    _known = known


def _in_worker(batch: Sequence[tuple[str, str]]) -> Signatures:
    return _signatures(batch, _known)


def _signatures(batch: Sequence[tuple[str, str]], known: ProblemIndex | None) -> Signatures:
    forms = [Forms.of(text) for _, text in batch]
    runs = [shingles(form.tokens) for form in forms]
    sizes = np.array([len(one) for one in runs], np.int64)
    together = np.concatenate(runs)
    columns = np.zeros((len(batch), len(FORMS) + BANDS), np.uint64)
    columns[:, : len(FORMS)] = [[key or 0 for key in form.keys] for form in forms]
    columns[:, len(FORMS) :] = _bands(together, sizes)
    found = [
        known.find_form(text, form, one) if known else None
        for (_, text), form, one in zip(batch, forms, runs, strict=True)
    ]
    return Signatures([name for name, _ in batch], columns, sizes, together, found)


def _bands(together: NDArray[np.uint32], sizes: NDArray[np.int64]) -> NDArray[np.uint64]:
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        together.astype(np.uint64), offsets, _PERMUTATIONS, _SEED
    )
    digests = np.array(matrix.to_rows(), np.uint64)[:, : BANDS * _IN_BAND].reshape(-1, BANDS, _IN_BAND)
    bands = np.zeros(digests.shape[:2], np.uint64)
    for place in range(_IN_BAND):
        bands = (bands + digests[:, :, place]) * _MULTIPLIER
        bands ^= bands >> _SHIFT
    bands |= np.uint64(1)
    bands[sizes == 0] = 0
    return bands


_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
