"""The columns of the model: what of a vote's features enters it, on which scale, and how far it is trusted before any control speaks."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kpmath_builder.calibration.features import AnswerType, VoteFeatures

__all__ = ["COLUMNS", "Term"]

EVIDENCE: Final = 1.0
"""How agreement speaks for a label is plain; a coefficient of one standard deviation is no surprise."""
REPEATED: Final = 0.5
"""The lead repeats most of what the share says, so that few controls cannot tell the two apart."""
HINT: Final = 0.15
"""What else may say something; many controls must ask for it. Ten hints together then move the odds less than one vote of ten does."""

WORKING: Final = 1.0
"""Slope of what speaks for working that is shown: twice the numbers, twice the odds. Few controls cannot learn it, so it is assumed, as the
odds of the vote are, and held as firmly as a hint is kept at nothing."""


@dataclass(frozen=True, slots=True)
class Term:
    """A number that is made of the features.

    Attributes
    ----------
    value
        None where the features do not know it; it then says nothing.
    spread
        Standard deviation of the prior of its coefficient, of the column at unit scale.
    slope
        Mean of that prior, of the column as it is. Share and lead have one half each, which makes 1 of a vote between two answers: the
        first guess of the odds of truth are the odds of the vote, more for working that is shown and less for answers that are asserted.
    """

    name: str
    value: Callable[[VoteFeatures], float | None]
    spread: float
    slope: float = 0.0


def _log_odds(share: float, of: int) -> float:
    """Return the log odds of a share, with half a vote added on either side, so that all of 10 is not all of infinitely many."""
    half = 0.5 / max(of, 1)
    return math.log((share + half) / (1 - min(share, 1.0) + half))


def _lead(its: VoteFeatures) -> float:
    """Return the log ratio of the leading class and the next, half a vote added to each."""
    half = 0.5 / max(its.samples, 1)
    return math.log((its.share + half) / (max(its.share - its.margin, 0.0) + half))


def _length_ratio(its: VoteFeatures) -> float | None:
    if its.other_length is None:
        return None
    return math.log((1 + its.length) / (1 + its.other_length))


def _numbers(its: VoteFeatures) -> float | None:
    return None if its.numbers is None else math.log(1 + its.numbers)


def _type_column(answer_type: AnswerType) -> Term:
    return Term(f"type {answer_type.value}", lambda its: float(its.answer_type == answer_type), HINT)


COLUMNS: Final = (
    Term("share", lambda its: _log_odds(its.share, its.samples), EVIDENCE, slope=0.5),
    Term("lead", _lead, REPEATED, slope=0.5),
    Term(
        "solvers",
        lambda its: None if its.solver_agreement is None else _log_odds(its.solver_agreement, its.solvers),
        EVIDENCE,
    ),
    Term("judge agrees", lambda its: None if its.judge_agrees is None else float(its.judge_agrees), EVIDENCE),
    Term("judge correctness", lambda its: its.judge_correctness, HINT),
    Term("samples", lambda its: math.log(max(its.samples, 1)), HINT),
    Term("classes", lambda its: math.log(max(its.classes, 1)), HINT),
    Term("abstentions", lambda its: its.abstentions / max(its.samples, 1), HINT),
    Term("wrong arithmetic", lambda its: its.wrong_arithmetic / max(its.samples, 1), HINT),
    Term("identical", lambda its: its.identical / max(its.samples, 1), HINT),
    Term("length", lambda its: math.log(1 + its.length), HINT),
    Term("length ratio", _length_ratio, HINT),
    Term("numbers", _numbers, HINT, slope=WORKING),
    Term("derived", lambda its: its.derived, HINT, slope=WORKING),
    *(_type_column(its) for its in AnswerType if its is not AnswerType.INTEGER),
)
"""Whole numbers are the type that the others are compared with."""
