"""Votes on questions of known answer, made of recorded outputs: what `calibration.py` measures on."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from answers_data import outputs

from kpmath_builder.answers import Answer, check_arithmetic, equivalent, final_answer, solution_text, vote
from kpmath_builder.calibration import Control, SolverScore, VoteFeatures, solver_weights
from kpmath_builder.records import Judgement, Solution, Vote

__all__ = ["SAMPLES", "SETS", "Output", "Problem", "Voted", "errors_left", "problems", "voted", "weights_of"]

SAMPLES = 10
SETS = {"GSM8K": 0.8, "MATH level 5": 0.4}
"""The least accuracy of a model whose outputs count as samples."""


@dataclass(frozen=True, slots=True)
class Output:
    """What one model wrote for one problem."""

    model: str
    answer: Answer | None
    wrong_arithmetic: tuple[str, ...]
    text: str


@dataclass(frozen=True, eq=False)
class Problem:
    """A problem with the outputs of the good models."""

    number: int
    gold: str
    outputs: tuple[Output, ...]
    truth: dict[Answer, bool]

    def is_right(self, answer: Answer | None) -> bool:
        """Whether an answer is the known one."""
        if answer is not None and answer not in self.truth:
            self.truth[answer] = equivalent(answer, self.gold).equal
        return answer is not None and self.truth[answer]


@dataclass(frozen=True)
class Voted:
    """A vote of ten outputs, and one further output as what a judge works out."""

    problem: Problem
    outputs: tuple[Output, ...]
    vote: Vote
    solutions: tuple[Solution, ...]
    judge: Judgement
    right: bool

    def features(self, weights: Mapping[str, float] | None = None, *, judged: bool = False) -> VoteFeatures:
        """Return what is known of the vote; with weights, who gave which answer too."""
        found = self._judged if judged else self._plain
        return (
            found
            if weights is None
            else replace(found, solvers=SAMPLES, solver_agreement=self._agreement(weights))
        )

    def _agreement(self, weights: Mapping[str, float]) -> float:
        """Return the weight of the solvers that agree, as `VoteFeatures.of` does; each gave one sample."""
        agree = (o for o, its in zip(self.outputs, self.solutions, strict=True) if its.answer_class == 0)
        return sum(weights.get(o.model, 1.0) for o in agree) / sum(
            weights.get(o.model, 1.0) for o in self.outputs
        )

    @cached_property
    def _plain(self) -> VoteFeatures:
        return _features(self, None)

    @cached_property
    def _judged(self) -> VoteFeatures:
        return _features(self, self.judge)

    def control(self, weights: Mapping[str, float] | None = None, *, judged: bool = False) -> Control:
        """Return the vote as a control."""
        return Control(self.features(weights, judged=judged), self.right)


def _features(its: Voted, judge: Judgement | None) -> VoteFeatures:
    found = VoteFeatures.of(its.vote, its.solutions, judge)
    assert found is not None, "a vote without votes is left out before"
    return found


def problems(data: Path, name: str) -> list[Problem]:
    """Return the problems of a set with the outputs of its good models, each read once."""
    rows = [
        (
            row["problem_id"],
            row["gold"],
            {f"{o['source']}/{o['model']}": o["text"] for o in row["outputs"]},
        )
        for row in outputs(data, name)
    ]
    read = [
        Problem(number, gold, tuple(Output(m, final_answer(t), (), t) for m, t in sorted(texts.items())), {})
        for number, gold, texts in rows
    ]
    right = Counter(o.model for its in read for o in its.outputs if its.is_right(o.answer))
    good = {model for model, count in right.items() if count >= SETS[name] * len(read)}
    print(
        f"{name}: {len(read)} problems, {len(good)} models, mean accuracy {sum(right[m] for m in good) / len(good) / len(read):.1%}"
    )
    return [
        Problem(its.number, its.gold, tuple(_checked(o) for o in its.outputs if o.model in good), its.truth)
        for its in read
    ]


def _checked(output: Output) -> Output:
    read = solution_text(output.text)
    return Output(output.model, output.answer, tuple(check_arithmetic(read).wrong), read.text)


def voted(its: Problem, draw: str) -> Voted | None:
    """Return the vote of ten outputs in an order drawn anew, or None if there are too few or none is read."""
    order = sorted(its.outputs, key=lambda output: output.model)
    random.Random(draw).shuffle(order)
    chosen, further = tuple(order[:SAMPLES]), order[SAMPLES:]
    tally = vote(
        [None if o.wrong_arithmetic else o.answer for o in chosen], min_share=0.5, abstentions="against"
    )
    if len(chosen) < SAMPLES or not further or not tally.classes:
        return None
    classes = {member: number for number, its in enumerate(tally.classes) for member in its.members}
    return Voted(
        problem=its,
        outputs=chosen,
        vote=Vote(
            mode="strict",
            winner=None if tally.winner is None else str(tally.winner),
            share=tally.share,
            margin=tally.margin,
            tie=tally.tie,
            votes=tally.votes,
            abstentions=sum(o.answer is None for o in chosen),
        ),
        solutions=tuple(
            _solution(at, o, classes.get(at), agreed=at in tally.kept) for at, o in enumerate(chosen)
        ),
        judge=_judge(further[0]),
        right=its.is_right(tally.classes[0].answer),
    )


def _solution(sample: int, output: Output, answer_class: int | None, *, agreed: bool) -> Solution:
    return Solution(
        sample=sample,
        text=output.text,
        finish_reason="stop",
        completion_tokens=0,
        answer=None if output.answer is None else str(output.answer),
        wrong_arithmetic=output.wrong_arithmetic,
        answer_class=answer_class,
        agreed=agreed,
    )


def _judge(output: Output) -> Judgement:
    return Judgement(
        key_points_present=1,
        correctness=1,
        quality=1,
        judge_answer="" if output.answer is None else str(output.answer),
    )


def scores(controls: Sequence[Voted]) -> dict[str, SolverScore]:
    """Return how often each model was right on the controls, of what was sampled there."""
    counts = {True: Counter[str](), False: Counter[str](), None: Counter[str]()}
    for its in controls:
        for output in its.outputs:
            counts[None if output.answer is None else its.problem.is_right(output.answer)][output.model] += 1
    models = {model for its in counts.values() for model in its}
    return {m: SolverScore(counts[True][m], counts[False][m], counts[None][m]) for m in sorted(models)}


def weights_of(controls: Sequence[Voted]) -> dict[str, float]:
    """Return the weight of each model after the controls."""
    return solver_weights(scores(controls))


def errors_left(score: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_], count: int) -> float:
    """Return the wrong labels expected among the best `count`, ties in the score drawn at random."""
    cut = np.sort(score)[::-1][count - 1]
    above, tied = score > cut, score == cut
    return float((~truth[above]).sum() + (~truth[tied]).mean() * (count - above.sum()))
