"""Randomness that is addressed, not consumed: what is drawn for question i depends on (build seed, i, purpose) alone.

So neither the order of the draws nor the number of workers can change a byte of a build. Everything is made from hashes
and raw Philox output, which numpy keeps stable over versions and platforms; `Generator.choice` and its kin may change
their streams, so the two draws that we need are our own.
"""

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["SAMPLES_PER_SEED", "rng", "sample_indices", "seed_of", "weighted_index"]

SAMPLES_PER_SEED = 1024
"""Room left after each seed: sample j of a request is asked with seed + j (see `protocol.py`)."""

_SLOTS = 2**53 // SAMPLES_PER_SEED  # seeds stay exact in JSON readers that know only doubles


def rng(build_seed: int, index: int, purpose: str) -> np.random.Generator:
    """Return the generator of one address; the same address always gives the same stream, different ones never overlap.

    Parameters
    ----------
    build_seed
        The recipe's seed.
    index
        Number of the draw, 0 … 2**64 - 1; it is the upper half of the counter, so each index owns 2**128 steps.
    purpose
        What is drawn, e.g. "blueprint"; with the build seed it makes the key.
    """
    return np.random.Generator(np.random.Philox(key=_hash(16, build_seed, purpose), counter=index << 128))


def seed_of(build_seed: int, index: int | str, purpose: str, attempt: int = 0) -> int:
    """Return the seed of a request: a multiple of 1024 in 0 … 2**53 - 1.

    Whole numbers are walked through from a hashed start, so that the seeds of one purpose are all different (a set
    of three purposes and a million questions has two equal seeds with a chance below 1e-6); names, e.g. seed ids,
    are hashed (below 1e-3 for 100,000 names).
    """
    start = _hash(8, build_seed, purpose, attempt)
    place = index if isinstance(index, int) else _hash(8, "name", index)
    return (start + place) % _SLOTS * SAMPLES_PER_SEED


def weighted_index(generator: np.random.Generator, cumulative: npt.NDArray[np.float64]) -> int:
    """Draw an index with weights given as their running sums, shape (n,); one uniform number is used up.

    An index of weight zero is never drawn; the last sum must be positive.
    """
    total = cumulative[-1]
    assert total > 0, f"nothing can be drawn where all weights are zero, got a sum of {total}"
    found = np.searchsorted(cumulative, generator.random() * total, side="right")
    last_positive = np.searchsorted(cumulative, total, side="left")  # u * total can round up to total
    return int(min(found, last_positive))


def sample_indices(generator: np.random.Generator, size: int, count: int) -> list[int]:
    """Draw `count` different indices of 0 … size - 1 in random order."""
    moved: dict[
        int, int
    ] = {}  # Fisher-Yates on a list that is never built: holders of a topic can be thousands
    drawn = []
    for i in range(min(count, size)):
        j = i + int(generator.random() * (size - i))
        drawn.append(moved.get(j, j))
        moved[j] = moved.get(i, i)
    return drawn


@lru_cache(maxsize=4096)
def _hash(size: int, *parts: int | str) -> int:
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:size], "little")
