"""What any order of the labels could leave of the wrong ones at the yield of the share."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from answers_data import table
from calibration_data import Problem, Voted, errors_left

from kpmath_builder.answers import equivalent, vote

__all__ = ["show_bounds"]

CORRECTED = {
    "GSM8K": {403: "135", 454: "240", 649: "160000", 768: "600", 1001: "14:00", 1309: "2180"},
    "MATH level 5": {},
}
"""Known answers that do not follow from the question, worked out by hand for all labels of GSM8K that most of the models disagree with;
1001 is a time of day that is written as 2."""


def show_bounds(votes: Sequence[Sequence[Voted]], name: str, shares: Sequence[float]) -> None:
    """Print the wrong labels that orders leave which no model of ten votes has."""
    left = np.array([_left(draw, CORRECTED[name], share) for draw in votes for share in shares])
    means = left.reshape(len(votes), len(shares), -1).mean(axis=0)
    table(
        ("share", "wrong labels", "votes of all models", "all that is true first", "all that is known first"),
        [
            (f"≥ {share}", f"{by_share:.1f}", *(f"{its / by_share:.2f}" for its in orders))
            for share, (by_share, *orders) in zip(shares, means.tolist(), strict=True)
        ],
    )


def _left(draw: Sequence[Voted], corrected: dict[int, str], least: float) -> list[float]:
    shares, known = np.array([v.vote.share for v in draw]), np.array([v.right for v in draw])
    true = np.array([_is_true(v, corrected) for v in draw])
    every = np.array([_shares(v.problem)[_lead(v)] for v in draw])
    count = int((shares >= least - 1e-9).sum())
    return [errors_left(order, known, count) for order in (shares, every, true * 1.0, known * 1.0)]


def _lead(its: Voted) -> str:
    return next(str(s.answer) for s in its.solutions if s.answer_class == 0)


def _is_true(its: Voted, corrected: dict[int, str]) -> bool:
    answer = corrected.get(its.problem.number)
    return its.right if answer is None else equivalent(_lead(its), answer).equal


@cache
def _shares(problem: Problem) -> dict[str, float]:
    """Return the share that each answer has among the outputs of all models."""
    tally = vote([None if o.wrong_arithmetic else o.answer for o in problem.outputs], abstentions="against")
    size = len(problem.outputs)
    return {
        str(problem.outputs[member].answer): len(its.members) / size
        for its in tally.classes
        for member in its.members
    }
