"""Confidence intervals: Wilson's for a share of right answers, the bootstrap over problems for a mean of anything else."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kpmath_builder.randomness import rng

__all__ = ["CONFIDENCE", "Interval", "bootstrap", "wilson"]

CONFIDENCE = 0.95
DRAWS = 2_000
_NUMBERS_AT_ONCE = 2_000_000
"""Of one block of draws, so that a large set does not fill the memory."""


class Interval(NamedTuple):
    """Two bounds."""

    low: float
    high: float


def wilson(right: int, count: int, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's score interval of a share; it stays within 0 … 1 and is not empty at the ends.

    Raises
    ------
    ValueError
        If nothing was counted.
    """
    if not 0 <= right <= count or not count:
        raise ValueError(f"expected 0 <= right <= count and a count of at least 1, got {right} of {count}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, weight = right / count, z * z / count
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / count + weight / (4 * count)) / (1 + weight)
    low = 0.0 if right == 0 else middle - half
    high = 1.0 if right == count else middle + half
    return Interval(low, high)


def bootstrap(
    values: Sequence[float], seed: int, *, confidence: float = CONFIDENCE, draws: int = DRAWS
) -> Interval:
    """Return the percentile bootstrap interval of a mean: whole problems are drawn with replacement.

    Values that are all equal have no spread to draw from; their interval is as wide as Wilson's of as many problems that all agree.

    Parameters
    ----------
    values
        One per problem, shape (n,).
    seed
        Equal values and seeds give equal bounds.

    Raises
    ------
    ValueError
        If there are no values.
    """
    given = np.asarray(values, dtype=np.float64)
    if not len(given):
        raise ValueError("expected at least one value, got none")
    if np.all(given == given[0]):
        return _around_one_value(float(given[0]), len(given), confidence)
    means = _means(given, seed, draws)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def _around_one_value(value: float, count: int, confidence: float) -> Interval:
    slack = wilson(0, count, confidence).high
    if value == 1:
        return Interval(1 - slack, 1.0)
    return Interval(0.0, slack) if value == 0 else Interval(max(0.0, value - slack), min(1.0, value + slack))


def _means(values: npt.NDArray[np.float64], seed: int, draws: int) -> npt.NDArray[np.float64]:
    generator, count = rng(seed, 0, "bootstrap"), len(values)
    block = max(1, _NUMBERS_AT_ONCE // count)
    means = [
        values[(generator.random((min(block, draws - done), count)) * count).astype(np.intp)].mean(axis=1)
        for done in range(0, draws, block)
    ]
    return np.concatenate(means)
