"""What is known of a vote before anybody knows the answer: the numbers from which the truth of its label is estimated."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Self

from kpmath_builder.answers import equivalent
from kpmath_builder.answers.canonical import form_of
from kpmath_builder.answers.forms import Given, Group, Scalar, bare
from kpmath_builder.answers.reading import as_answer
from kpmath_builder.answers.values import exact
from kpmath_builder.calibration.working import derived_share, median_numbers
from kpmath_builder.records import Judgement, Solution, Vote

__all__ = ["AnswerType", "VoteFeatures"]


class AnswerType(StrEnum):
    """What kind of answer a label is."""

    INTEGER = "integer"
    NUMBER = "number"
    """A fraction, a decimal number, or a root or a multiple of π."""
    EXPRESSION = "expression"
    LIST = "list"
    """Several values: also a tuple, an interval, a matrix, and parts (a), (b)."""
    TEXT = "text"
    """Words, and all that is not read as mathematics."""

    @classmethod
    def of(cls, label: str) -> Self:
        """Return the type of a final answer."""
        answer = as_answer(label)
        form = bare(form_of(answer.parts)) if answer else None
        if isinstance(form, Group):
            return cls.LIST
        if isinstance(form, Given):
            return cls.EXPRESSION
        if not isinstance(form, Scalar):
            return cls.TEXT
        value = exact(form.value)
        if value is None:
            return cls.EXPRESSION
        return cls.INTEGER if value.denominator == 1 else cls.NUMBER


@dataclass(frozen=True, slots=True)
class VoteFeatures:
    """What is known of the leading answer of a vote: the winner, or the largest class if the rule let nothing win.

    Attributes
    ----------
    share, margin
        As the rule of the vote counts them, 0 to 1.
    votes, samples
        Solutions that voted, and solutions that were asked for, copies that did not count left out.
    classes
        Classes of equal answers.
    abstentions
        Solutions without a readable answer.
    wrong_arithmetic
        Solutions that did not vote because an expression in them is wrong.
    identical
        Solutions with the text of an earlier one.
    answer_type
        Of the leading answer.
    length
        Median length of the solutions that agree with it, in characters.
    other_length
        That of the solutions with another answer; None if there are none.
    numbers
        Median count of different numbers in the solutions that agree with it.
    derived
        Share of these in which it is the right side of an equation, 0 to 1; None for a list or text, which no single equation yields.
    judge_correctness
        What the judge thinks of the question, 0 to 1; None if nobody judged.
    judge_agrees
        Whether the judge's own answer is the leading one; None if it has none.
    solvers
        How many of several were asked; 0 if there was one.
    solver_agreement
        Share of the solvers, each with its weight, that give the leading answer more often than any other; None if there was one.
    """

    share: float
    margin: float
    votes: int
    samples: int
    classes: int
    abstentions: int
    wrong_arithmetic: int
    identical: int
    answer_type: AnswerType
    length: float
    other_length: float | None = None
    numbers: float | None = None
    derived: float | None = None
    judge_correctness: float | None = None
    judge_agrees: bool | None = None
    solvers: int = 0
    solver_agreement: float | None = None

    @classmethod
    def of(
        cls,
        vote: Vote,
        solutions: Sequence[Solution],
        judgement: Judgement | None = None,
        *,
        weights: Mapping[str, float] | None = None,
    ) -> Self | None:
        """Return the features of a vote, or None if no solution voted.

        Parameters
        ----------
        judgement
            None if the question was not judged, as controls mostly are not.
        weights
            Of several solvers (`solver_weights`); one that is not named weighs 1.
        """
        voters = [its for its in solutions if its.answer_class is not None]
        if not voters:
            return None
        lead = min((its.answer_class or 0 for its in voters if its.agreed), default=0)
        leading = [its for its in voters if its.answer_class == lead]
        label = vote.winner if vote.winner is not None else str(leading[0].answer)
        others = [its for its in voters if its.answer_class != lead]
        faulty = sum(bool(its.wrong_arithmetic) and its.answer is not None for its in solutions)
        abstained = sum(its.answer is None for its in solutions)
        answer_type = AnswerType.of(label)
        asked, agreement = _solver_agreement(solutions, lead, weights or {})
        return cls(
            share=vote.share,
            margin=vote.margin,
            votes=len(voters),
            samples=len(voters) + faulty + abstained,
            classes=len({its.answer_class for its in voters}),
            abstentions=abstained,
            wrong_arithmetic=faulty,
            identical=vote.identical,
            answer_type=answer_type,
            length=_median_length(leading),
            other_length=_median_length(others) if others else None,
            numbers=median_numbers(leading),
            derived=None if answer_type in {AnswerType.LIST, AnswerType.TEXT} else derived_share(leading),
            judge_correctness=judgement.correctness if judgement else None,
            judge_agrees=_agrees(judgement, label),
            solvers=asked,
            solver_agreement=agreement,
        )


def _median_length(solutions: Sequence[Solution]) -> float:
    return float(median(len(its.text) for its in solutions))


def _agrees(judgement: Judgement | None, label: str) -> bool | None:
    if judgement is None or not judgement.judge_answer:
        return None
    return equivalent(judgement.judge_answer, label).equal


def _solver_agreement(
    solutions: Sequence[Solution], lead: int, weights: Mapping[str, float]
) -> tuple[int, float | None]:
    """Return how many solvers were asked, and the weight of those for whom the leading class is the one plurality."""
    counts: dict[str, Counter[int]] = {}
    for its in solutions:
        if not its.solver:
            continue
        own = counts.setdefault(its.solver, Counter())
        if its.answer_class is not None:
            own[its.answer_class] += 1
    total = math.fsum(weights.get(solver, 1.0) for solver in counts)
    if total <= 0:
        return 0, None
    agree = [
        solver
        for solver, own in counts.items()
        if own[lead] > max((count for number, count in own.items() if number != lead), default=0)
    ]
    return len(counts), math.fsum(weights.get(solver, 1.0) for solver in agree) / total
