"""Grading one solution: the answer that it names, by two rules of our own and by math-verify beside them.

`strict` compares values, as votes do. `published` accepts what the graders of the literature do: a decimal that rounds the
reference to the digits it states, a percent sign or a unit that only one side has.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from kpmath_builder.answers import Answer, equivalent, final_answer, solution_text
from kpmath_builder.answers.reading import as_answer
from kpmath_builder.answers.workers import checker

__all__ = ["LONGEST_ANSWER", "RULES", "Grade", "GradingRule", "grade_answer", "named_answer"]

GradingRule = Literal["strict", "published"]
LONGEST_ANSWER = 100
"""Characters; the longest reference of MATH's test set has 81."""
_BEGINNING = 40
RULES: tuple[GradingRule, ...] = get_args(GradingRule)


@dataclass(frozen=True, slots=True)
class Grade:
    """What one solution earns."""

    answer: str | None
    """None if the solution names none: it is wrong by every rule. A long one is shortened: it is prose, which may repeat the problem."""
    strict: bool = False
    published: bool = False
    math_verify: bool | None = None
    """What math-verify says of the two answers; None if it was not asked, cannot read one of them, or came to no end."""

    @property
    def disagrees(self) -> bool:
        """Whether the two rules, or math-verify and one of them, come to different verdicts."""
        verdicts = {self.strict, self.published} | ({self.math_verify} - {None})
        return len(verdicts) > 1

    def by(self, rule: GradingRule) -> bool:
        """Return the verdict of a rule."""
        return self.strict if rule == "strict" else self.published


def named_answer(text: str, headings: Iterable[str] = ()) -> Answer | None:
    """Return the answer that a solution names, or None if it names none.

    Parameters
    ----------
    headings
        Lines that stand before a problem in the prompt that was sent: what follows such a line is another problem.
    """
    headings = tuple(headings)
    return final_answer(solution_text(text, headings) if headings else text)


def grade_answer(answer: Answer | None, reference: str) -> Grade:
    """Grade an answer, or None for a solution without one, against the reference answer."""
    return Grade(None) if answer is None else _graded(answer, reference)


def _short(answer: str) -> str:
    """Return an answer as results hold it; of a long one its beginning and a hash, so that equal answers stay equal."""
    if len(answer) <= LONGEST_ANSWER:
        return answer
    return f"{answer[:_BEGINNING]} … (sha256:{hashlib.sha256(answer.encode()).hexdigest()[:12]})"


@lru_cache(maxsize=1 << 16)
def _graded(answer: Answer, reference: str) -> Grade:
    right = as_answer(reference)
    if right is None:
        return Grade(_short(answer.text))
    strict = equivalent(answer, right).equal
    published = strict or equivalent(answer, right, rule="published").equal
    checked = True if answer.text == right.text else checker.same(answer.text, right.text)
    return Grade(_short(answer.text), strict, published, checked)
