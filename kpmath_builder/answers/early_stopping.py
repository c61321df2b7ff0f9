"""When a vote is decided before all samples are there: sampling that stops early.

Adaptive-Consistency (Aggarwal et al. 2023) samples until the largest class is larger than the next with a given probability; Early-Stopping
Self-Consistency (Li et al. 2024) until a window of samples agrees. Here a vote also has a smallest share to reach, so that a question
ends early either way.
"""

from dataclasses import dataclass
from functools import cache
from math import comb

__all__ = ["EarlyStopping", "Standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A vote that is going on.

    Attributes
    ----------
    leader, runner_up
        Votes for the largest and the second largest class.
    counted
        Samples that shares are of: all that were asked for, or the votes cast.
    """

    leader: int
    runner_up: int
    counted: int


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """The rule by which sampling stops.

    Parameters
    ----------
    least, most
        Samples that are asked for in any case, and at most.
    min_share
        Smallest share that wins, 0 to 1.
    confidence, drop_confidence
        Posterior probability, 0.5 to 1, from which an answer is taken to win, and from which none is taken to reach the share; at 1 only
        what cannot change any more is decided. It is that of the share of a class in all answers that the solver could give, from a
        uniform prior (a Beta distribution).
    """

    least: int
    most: int
    min_share: float
    confidence: float
    drop_confidence: float

    def further(self, standing: Standing, asked: int) -> int:
        """Return how many samples to ask for next; 0 once the vote is decided.

        It is the smallest number that can decide the vote if all of them are for the leader, or all for the runner-up: a round costs the
        time of a solution, and a look after every sample would not make the labels better (`benchmarks/adaptive.py`).
        """
        left = self.most - asked
        if asked < self.least:
            return min(self.least, self.most) - asked
        if self._decided(standing, left):
            return 0
        for more in range(1, left):
            if any(self._decided(its, left - more) for its in _extremes(standing, more)):
                return more
        return left

    def _decided(self, standing: Standing, left: int) -> bool:
        return left <= 0 or self._wins(standing, left) or self._fails(standing, left)

    def _wins(self, its: Standing, left: int) -> bool:
        if its.leader < 2:
            return False
        if its.leader > its.runner_up + left and its.leader >= self.min_share * (its.counted + left):
            return True
        return (
            self.confidence < 1
            and _above(0.5, its.leader, its.runner_up) >= self.confidence
            and _above(self.min_share, its.leader, its.counted - its.leader) >= self.confidence
        )

    def _fails(self, its: Standing, left: int) -> bool:
        most = its.leader + left
        if most < 2 or most < self.min_share * (its.counted + left):
            return True
        return (
            self.drop_confidence < 1
            and 1 - _above(self.min_share, its.leader, its.counted - its.leader) >= self.drop_confidence
        )


def _extremes(its: Standing, more: int) -> tuple[Standing, Standing]:
    """Return how the vote stands if further samples all go to the leader, or all to the runner-up."""
    counted, pursued = its.counted + more, its.runner_up + more
    return (
        Standing(its.leader + more, its.runner_up, counted),
        Standing(max(its.leader, pursued), min(its.leader, pursued), counted),
    )


@cache
def _above(share: float, votes: int, others: int) -> float:
    """Return the probability that a class has more than a share, given its votes: 1 - I_share(votes + 1, others + 1)."""
    trials = votes + others + 1
    return sum(comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(votes + 1))
