"""The tests behind the findings, each exact where counts are small, with the correction for how many were made."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, chdtrc

__all__ = ["Fit", "excess", "fit", "found", "homogeneity", "share_above"]

Counts = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

EXPECTED_AT_LEAST = 5.0
"""Expected count of a cell below which it is pooled with others (Cochran's rule)."""


def share_above(successes: int, trials: int, share: float) -> float:
    """Return P(X ≥ successes) for X binomial with `share`."""
    return 1.0 if successes <= 0 else float(betainc(successes, trials - successes + 1, share))


def excess(here: Counts, there: Counts, texts_here: int, texts_there: int) -> tuple[Reals, Reals]:
    """Return p-values for "more frequent here than there", and the smallest that each total could have given.

    The conditional exact test of two Poisson rates (Przyborowski & Wilenski 1940): given the total, the count here is binomial
    with the share of the texts that are here.
    """
    share = texts_here / (texts_here + texts_there)
    p = np.where(here > 0, betainc(np.maximum(here, 1), there + 1, share), 1.0)
    return p, share ** (here + there).astype(float)


def found(p: Reals, smallest: Reals, level: float) -> npt.NDArray[np.bool_]:
    """Return which tests are significant with the rate of false discoveries held at `level` (Benjamini & Hochberg 1995).

    Tests that could not be significant even by themselves do not count among those that were made: their smallest possible p-value is
    above the level, whatever was found (Tarone 1990).
    """
    able = smallest <= level
    ordered = np.sort(p[able])
    passed = np.flatnonzero(ordered <= level * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    limit = ordered[passed[-1]] if len(passed) else -1.0
    return able & (p <= limit)


@dataclass(frozen=True, slots=True)
class Fit:
    """A chi-squared test."""

    statistic: float
    freedom: int
    """Degrees of freedom; 0: there was nothing to test."""
    p: float
    count: int
    cells: int
    pooled: int
    """Cells that were pooled into one, because fewer than five were expected in each."""
    smallest_expected: float
    effect: float
    """Cohen's w, the square root of statistic / count (Cramér's V for two samples): 0.1 is small, 0.3 medium, 0.5 large."""


def fit(observed: Counts, probabilities: Reals) -> Fit:
    """Test whether counts follow probabilities that were not estimated from them (Pearson's chi-squared).

    Cells with fewer than five expected are pooled into one; if even that expects fewer, it joins the smallest of the others. There are
    as many degrees of freedom as cells that are left, less one.
    """
    count = int(observed.sum())
    counts, expected = _pooled(np.array([observed, probabilities * count], float), probabilities * count)
    return _chi_squared(
        counts, expected, len(expected) - 1, int((probabilities * count < EXPECTED_AT_LEAST).sum())
    )


def homogeneity(first: Counts, second: Counts) -> Fit:
    """Test whether two samples have one distribution (Pearson's chi-squared for a table of two rows).

    Categories of which the smaller sample is expected to hold fewer than five are pooled as in `fit`; there are as many degrees of
    freedom as categories that are left, less one.
    """
    totals = np.array([first.sum(), second.sum()], float)
    if not totals.all():
        return _chi_squared(np.zeros(0), np.zeros(0), 0, 0)
    least = (first + second) * totals.min() / totals.sum()
    rows = _pooled(np.array([first, second], float), least)
    expected = np.outer(totals, rows.sum(axis=0)) / totals.sum()
    return _chi_squared(
        rows.ravel(), expected.ravel(), rows.shape[1] - 1, int((least < EXPECTED_AT_LEAST).sum())
    )


def _pooled(rows: Reals, expected: Reals) -> Reals:
    """Return the columns of a table, those with fewer than five expected as one."""
    small = expected < EXPECTED_AT_LEAST
    kept, rest = rows[:, ~small], rows[:, small].sum(axis=1)
    if float(expected[small].sum()) >= EXPECTED_AT_LEAST or not kept.shape[1]:
        return np.column_stack([kept, rest]) if small.any() else kept
    kept[:, int(np.argmin(expected[~small]))] += rest
    return kept


def _chi_squared(counts: Reals, expected: Reals, freedom: int, pooled: int) -> Fit:
    count = int(counts.sum())
    least = float(expected.min(initial=np.inf)) if len(expected) else 0.0
    if freedom < 1 or not count:
        return Fit(0.0, 0, 1.0, count, len(expected), pooled, least, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(expected > 0, (counts - expected) ** 2 / expected, np.where(counts > 0, np.inf, 0.0))
    statistic = float(parts.sum())
    p = float(chdtrc(freedom, statistic))
    return Fit(statistic, freedom, p, count, len(expected), pooled, least, float(np.sqrt(statistic / count)))
