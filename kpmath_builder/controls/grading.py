"""Whether the leading answer of a vote is the known one."""

from collections.abc import Sequence

from kpmath_builder.answers import Answer, equivalent
from kpmath_builder.answers.reading import make_answer
from kpmath_builder.records import Solution, Vote

__all__ = ["are_equal", "is_right", "leading_answer"]


def leading_answer(vote: Vote, solutions: Sequence[Solution]) -> str | None:
    """Return the winner or, if the rule let nothing win, the answer of the largest class; None if no solution voted."""
    if vote.winner is not None:
        return vote.winner
    return next((its.answer for its in solutions if its.answer_class == 0), None)


def is_right(answer: str | None, gold: str) -> bool | None:
    """Return whether an answer is the known one; None without an answer, and if it can be neither proved nor disproved."""
    said, known = (None if text is None else make_answer(text) for text in (answer, gold))
    return None if said is None or known is None else are_equal(said, known)


def are_equal(said: Answer, known: Answer) -> bool | None:
    """Return whether two answers are equal; None if that can be neither proved nor disproved."""
    verdict = equivalent(said, known)
    return None if verdict.unknown else verdict.equal
