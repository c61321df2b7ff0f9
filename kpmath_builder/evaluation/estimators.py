"""What n samples of a problem say about k: the unbiased pass@k, and maj@k. Both are exact over all subsets of k samples."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

__all__ = ["majority_at_k", "pass_at_k"]


def pass_at_k(samples: int, right: int, k: int) -> float:
    """Return the chance that k of the samples, drawn without replacement, hold a right one: 1 - C(n-c, k) / C(n, k).

    It is unbiased for the chance that k fresh samples do (Chen et al. 2021, section 2.1).

    Raises
    ------
    ValueError
        If k is not in 1 … samples, or right not in 0 … samples.
    """
    _check(samples, k)
    if not 0 <= right <= samples:
        raise ValueError(f"expected 0 <= right <= {samples}, got {right}")
    return float(1 - Fraction(math.comb(samples - right, k), math.comb(samples, k)))


@lru_cache(maxsize=1 << 14)
def majority_at_k(sizes: tuple[int, ...], right: tuple[Fraction, ...], abstentions: int, k: int) -> float:
    """Return the chance that the commonest answer among k of the samples, drawn without replacement, is right.

    Of equally common answers each counts with an equal share. If none of the k samples names an answer, it is not right.

    Parameters
    ----------
    sizes, right
        For each class of equal answers, how many samples gave it and which share of them is right. It is 0 or 1, unless answers
        that count as equal are written in ways of which the rule accepts only one.
    abstentions
        Samples that name no answer.

    Raises
    ------
    ValueError
        If k is not in 1 … samples.
    """
    samples = sum(sizes) + abstentions
    _check(samples, k)
    won = Fraction(0)
    for place, size in enumerate(sizes):
        if not right[place]:
            continue
        others = sizes[:place] + sizes[place + 1 :]
        for votes in range(1, min(size, k) + 1):
            by_ties = _ways(others, abstentions, k - votes, votes)
            ways = sum(Fraction(count, ties + 1) for ties, count in by_ties.items())
            won += right[place] * math.comb(size, votes) * ways
    return float(won / math.comb(samples, k))


def _check(samples: int, k: int) -> None:
    if not 1 <= k <= samples:
        raise ValueError(f"expected 1 <= k <= {samples} samples, got {k}")


def _ways(sizes: Sequence[int], abstentions: int, left: int, most: int) -> Mapping[int, int]:
    """Return in how many ways `left` samples can be drawn with at most `most` of a class, by how many classes reach `most`."""
    if all(size < most for size in sizes):  # nothing is cut short and nothing ties
        return {0: math.comb(sum(sizes) + abstentions, left)}
    if sum(min(size, most) for size in sizes) + abstentions < left:
        return {}
    ways: dict[tuple[int, int], int] = {(0, 0): 1}
    for size in sizes:
        longer: dict[tuple[int, int], int] = defaultdict(int)
        for (drawn, ties), count in ways.items():
            for votes in range(min(size, most, left - drawn) + 1):
                longer[drawn + votes, ties + (votes == most)] += count * math.comb(size, votes)
        ways = longer
    by_ties: dict[int, int] = defaultdict(int)
    for (drawn, ties), count in ways.items():
        by_ties[ties] += count * math.comb(abstentions, left - drawn)
    return by_ties
