"""What a solver's vote weighs, after what controls showed of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["SolverScore", "solver_weights"]

_NO_DIFFERENCE = 1e-6
"""Variance of accuracies that differ by luck alone; not 0, so that it divides."""
_LEAST = 0.1
"""Log odds of the worst: a vote may count for little, but never against its answer."""


@dataclass(frozen=True, slots=True)
class SolverScore:
    """How often the answers of a solver to controls were right, wrong, and missing; of a control that was tried several times, parts."""

    right: float
    wrong: float
    abstained: float = 0


def solver_weights(scores: Mapping[str, SolverScore]) -> dict[str, float]:
    """Return the weight of each solver's vote: the log odds that an answer of it is right, their mean set to 1.

    Log odds are the best weights of independent votes between two answers. Accuracy is that of the answers that were given, because an
    abstention casts no vote. It is shrunk towards that of all solvers together, the more the less their differences exceed what luck
    makes of so few answers; without any answer all weights are 1.
    """
    right = sum(its.right for its in scores.values())
    answered = right + sum(its.wrong for its in scores.values())
    if not answered:
        return dict.fromkeys(sorted(scores), 1.0)
    average = (right + 1) / (answered + 2)
    added = _answers_to_add(list(scores.values()), average)
    odds = {
        solver: max(_LEAST, _log_odds((its.right + added * average) / (its.right + its.wrong + added)))
        for solver, its in sorted(scores.items())
    }
    mean = math.fsum(odds.values()) / len(odds)
    return {solver: round(its / mean, 6) for solver, its in odds.items()}


def _answers_to_add(scores: Sequence[SolverScore], average: float) -> float:
    """Return how many answers of the average solver are added to each one's own (empirical Bayes, by the method of moments)."""
    sizes = [its.right + its.wrong + 1 for its in scores]
    luck = average * (1 - average) * math.fsum(1 / size for size in sizes) / len(sizes)
    accuracies = [(its.right + average) / size for its, size in zip(scores, sizes, strict=True)]
    spread = math.fsum((accuracy - average) ** 2 for accuracy in accuracies) / max(len(sizes) - 1, 1)
    return average * (1 - average) / max(spread - luck, _NO_DIFFERENCE)


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))
