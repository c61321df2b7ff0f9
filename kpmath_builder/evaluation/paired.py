"""Whether two models differ on the same problems: the exact test of McNemar, and the bootstrap interval of the difference."""

import math
from collections.abc import Sequence
from fractions import Fraction

from kpmath_builder.evaluation.intervals import Interval, bootstrap, wilson

__all__ = ["difference", "mcnemar", "p_text"]


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of the exact test: were both models equally good, each changed side would be a fair coin.

    Parameters
    ----------
    only_first, only_second
        Problems that only the first, or only the second model got right.
    """
    changed = only_first + only_second
    tail = sum(math.comb(changed, i) for i in range(min(only_first, only_second) + 1))
    return min(1.0, float(Fraction(2 * tail, 2**changed)))


def p_text(value: float | None) -> str:
    """Return a p-value as tables show it; a dash if there is none."""
    if value is None:
        return "–"
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


def difference(first: Sequence[float], second: Sequence[float], seed: int) -> Interval:
    """Return the bootstrap interval of mean(second) - mean(first), over pairs: a problem keeps its two values.

    If no problem differs, it is as wide as Wilson's of no changed side among so many.
    """
    changes = [after - before for before, after in zip(first, second, strict=True)]
    if not any(changes):
        slack = wilson(0, len(changes)).high
        return Interval(-slack, slack)
    if set(changes) == {-1.0}:
        opposite = difference(second, first, seed)
        return Interval(-opposite.high, -opposite.low)
    return bootstrap(changes, seed)
