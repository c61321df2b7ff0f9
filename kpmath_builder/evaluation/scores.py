"""From the grades of all samples to scores with intervals: of a set, and of its levels and subjects."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

from kpmath_builder.answers import Answer, vote
from kpmath_builder.evaluation.estimators import majority_at_k, pass_at_k
from kpmath_builder.evaluation.grading import RULES, Grade, GradingRule, grade_answer
from kpmath_builder.evaluation.intervals import Interval, bootstrap, wilson
from kpmath_builder.evaluation.problems import EvalProblem

__all__ = ["GradedProblem", "Measure", "Score", "by_group", "graded", "ks_for", "score"]

Measure = Literal["pass", "maj"]
Method = Literal["wilson", "bootstrap"]
_HASH = 12


@dataclass(frozen=True)
class GradedProblem:
    """A problem without its text, and what each sample of it earned."""

    id: str
    level: str | None
    subject: str | None
    reference: str
    grades: tuple[Grade, ...]
    ends: tuple[str, ...]
    """How each sample ended, as in `Response.finish_reason`; "recorded" for recorded outputs."""
    question: str = ""
    """The beginning of the hash of its text."""
    votes: tuple[int | None, ...] = ()
    """Of several samples, the number of each one's class of equal answers, and None for one without an answer."""

    def right(self, rule: GradingRule) -> int:
        """Return how many samples are right."""
        return sum(grade.by(rule) for grade in self.grades)

    def value(self, measure: Measure, k: int, rule: GradingRule) -> float:
        """Return the problem's pass@k or maj@k."""
        if measure == "pass":
            return pass_at_k(len(self.grades), self.right(rule), k)
        # Answers of one class may get different verdicts (50 % and 0.5, where 50 is right): any of them may speak for it.
        sizes = tuple(map(len, self._classes))
        right = tuple(
            Fraction(sum(self.grades[member].by(rule) for member in members), len(members))
            for members in self._classes
        )
        return majority_at_k(sizes, right, len(self.grades) - sum(sizes), k)

    @cached_property
    def _classes(self) -> tuple[tuple[int, ...], ...]:
        """Samples with equal answers, as the votes of a build find them."""
        found: dict[int, list[int]] = defaultdict(list)
        for sample, number in enumerate(self.votes or _votes_of([grade.answer for grade in self.grades])):
            if number is not None:
                found[number].append(sample)
        return tuple(map(tuple, found.values()))


def _votes_of(answers: Sequence[Answer | str | None]) -> tuple[int | None, ...]:
    """Return the number of each answer's class of equal ones, as the votes of a build find them; None for none."""
    votes: list[int | None] = [None] * len(answers)
    for number, each in enumerate(vote(answers, "paper").classes):
        for member in each.members:
            votes[member] = number
    return tuple(votes)


@dataclass(frozen=True)
class Score:
    """A mean over problems, with its 95 % interval."""

    measure: Measure
    k: int
    rule: GradingRule
    value: float
    interval: Interval
    method: Method
    """Wilson's interval if each problem is either right or wrong, else the percentile bootstrap over problems."""

    @property
    def name(self) -> str:
        """As tables name it: `pass@1`."""
        return f"{self.measure}@{self.k}"

    @property
    def text(self) -> str:
        """In percent, with the interval."""
        return f"{self.value:.1%} ({self.interval.low:.1%} – {self.interval.high:.1%})"


def graded(problem: EvalProblem, answers: Sequence[Answer | None], ends: Iterable[str]) -> GradedProblem:
    """Return the result of one problem from the answers of its samples, None for one that names none."""
    return GradedProblem(
        id=problem.id,
        level=problem.level,
        subject=problem.subject,
        reference=problem.reference,
        grades=tuple(grade_answer(answer, problem.reference) for answer in answers),
        ends=tuple(ends),
        question=hashlib.sha256(problem.question.encode()).hexdigest()[:_HASH],
        # Of the whole answers: long ones are shortened in the grades.
        votes=_votes_of(answers) if len(answers) > 1 else (),
    )


def ks_for(samples: int) -> tuple[int, ...]:
    """Return the k that are reported unless the user names some: powers of two, and the number of samples."""
    powers = [2**i for i in range(samples.bit_length()) if 2**i < samples]
    return (*powers, samples)


def score(problems: Sequence[GradedProblem], ks: Iterable[int], seed: int) -> tuple[Score, ...]:
    """Return pass@k, and maj@k for more than one sample, by both rules."""
    wanted: list[tuple[Measure, int]] = []
    for k in ks:
        wanted += [("pass", k), ("maj", k)] if k > 1 else [("pass", k)]
    return tuple(_score(problems, measure, k, rule, seed) for measure, k in wanted for rule in RULES)


def by_group(
    problems: Iterable[GradedProblem], label: Callable[[GradedProblem], str | None], seed: int
) -> Mapping[str, tuple[int, tuple[Score, ...]]]:
    """Return, for each value of a label, how many problems have it and their pass@1; problems without a label are left out."""
    groups: dict[str, list[GradedProblem]] = defaultdict(list)
    for problem in problems:
        if (name := label(problem)) is not None:
            groups[name].append(problem)
    return {name: (len(members), score(members, (1,), seed)) for name, members in sorted(groups.items())}


def _score(
    problems: Sequence[GradedProblem], measure: Measure, k: int, rule: GradingRule, seed: int
) -> Score:
    values = [problem.value(measure, k, rule) for problem in problems]
    mean = sum(values) / len(values)
    if all(value in {0.0, 1.0} for value in values):
        return Score(measure, k, rule, mean, wilson(round(sum(values)), len(values)), "wilson")
    return Score(measure, k, rule, mean, bootstrap(values, seed), "bootstrap")
