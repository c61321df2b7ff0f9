"""One blueprint, one coroutine: write, judge, solve, vote."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kpmath_builder.answers import NoWinner
from kpmath_builder.execution.ask import Ask
from kpmath_builder.execution.run import NotAskedError
from kpmath_builder.protocol import OPTIONAL, ROLE_OF
from kpmath_builder.recipe import JudgingSettings, Recipe
from kpmath_builder.records import Blueprint, Candidate, DropReason, Judgement, SeedProblem, Stage
from kpmath_builder.synthesis.difficulty import attempt
from kpmath_builder.synthesis.question_checks import find_fault
from kpmath_builder.synthesis.questions import judge, show, write
from kpmath_builder.synthesis.solutions import solve

__all__ = ["synthesise"]

_NO_WINNER = {
    NoWinner.NO_VOTES: DropReason.UNSOLVED,
    NoWinner.NO_AGREEMENT: DropReason.NO_AGREEMENT,
    NoWinner.TIE: DropReason.TIE,
    NoWinner.LOW_SHARE: DropReason.LOW_SHARE,
}


class _Draft:
    """A candidate in the making: the last stage that it passed, and what is known of it."""

    def __init__(self, blueprint: Blueprint, ask: Ask) -> None:
        self._ask = ask
        self._fields: dict[str, Any] = {"blueprint": blueprint, "stage": Stage.ASKED}

    def learn(self, **fields: Any) -> None:  # noqa: ANN401 - the candidate validates them
        self._fields |= fields

    def end(self, reason: DropReason = DropReason.NONE, detail: str = "") -> Candidate:
        asked = {ROLE_OF[task] for task in OPTIONAL if task in self._ask.spent}
        models = {role: self._ask.model(role) for role in ("writer", "judge", "solver", *sorted(asked))}
        repairs = {role: dict(counts) for role, counts in self._ask.repairs.items() if counts}
        return Candidate(
            **self._fields,
            models=models,
            spent=dict(self._ask.spent),
            repairs=repairs,
            loops=dict(self._ask.loops),
            reason=reason,
            detail=detail,
        )


async def synthesise(
    blueprint: Blueprint, seeds: Mapping[str, SeedProblem], ask: Ask, recipe: Recipe
) -> Candidate:
    """Lead one blueprint through the method (paper sections 2.2 and 2.3); it ends agreed upon, or dropped with a reason."""
    draft = _Draft(blueprint, ask)
    try:
        return await _lead(draft, show(blueprint, seeds), ask, recipe)
    except NotAskedError as error:
        return draft.end(DropReason.NOT_ASKED, str(error))


async def _lead(draft: _Draft, practices: list[dict[str, Any]], ask: Ask, recipe: Recipe) -> Candidate:
    written = await write(practices, ask)
    if written.value is None:
        return draft.end(DropReason.UNWRITTEN, written.reason)
    question = written.value.question.strip()
    draft.learn(stage=Stage.WRITTEN, question=question)
    # The symbolic teacher makes its questions of the practices' own sentences.
    if recipe.questions.checks and recipe.teacher_for("writer").uses_prompts:
        fault = find_fault(question, practices, ask.instructions("write"))
        if fault:
            return draft.end(fault.reason, fault.detail)

    judged = await judge(question, practices, ask)
    if judged.value is None:
        return draft.end(DropReason.UNJUDGED, judged.reason)
    draft.learn(judgement=judged.value)
    refusal = _refusal(judged.value, recipe.judging)
    if refusal:
        return draft.end(refusal)
    draft.learn(stage=Stage.JUDGED)

    agreement = await solve(question, practices, recipe.solutions, recipe.consensus, ask)
    draft.learn(solutions=agreement.solutions, vote=agreement.vote)
    if agreement.vote.votes:
        draft.learn(stage=Stage.SOLVED)
    if agreement.reason:
        return draft.end(_NO_WINNER[agreement.reason])
    draft.learn(stage=Stage.AGREED)
    if "attempt" in recipe.tasks_in_play and agreement.winner is not None:
        with suppress(NotAskedError):  # the question stands without its difficulty
            draft.learn(
                attempts=await attempt(question, practices, agreement.winner, recipe.reference.samples, ask)
            )
    return draft.end()


def _refusal(judgement: Judgement, rule: JudgingSettings) -> DropReason:
    if judgement.sub_questions > rule.max_sub_questions:
        return DropReason.TOO_MANY_PARTS
    return DropReason.LOW_QUALITY if judgement.quality < rule.threshold else DropReason.NONE
