"""One blueprint, one coroutine: write, judge, solve, vote."""

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any

from kpmath_builder.answers import NoWinner
from kpmath_builder.execution.ask import Ask, Reply
from kpmath_builder.execution.run import NotAskedError
from kpmath_builder.prompts.replies import WriteReply
from kpmath_builder.protocol import Task
from kpmath_builder.recipe import JudgingSettings, Recipe
from kpmath_builder.records import Blueprint, Candidate, DropReason, Judgement, SeedProblem, Stage
from kpmath_builder.synthesis.difficulty import attempt
from kpmath_builder.synthesis.question_checks import find_fault
from kpmath_builder.synthesis.questions import Shown, judge, show, write, write_harder
from kpmath_builder.synthesis.solutions import solve

__all__ = ["REASON_OF", "synthesise", "synthesise_harder"]

REASON_OF = {
    NoWinner.NO_VOTES: DropReason.UNSOLVED,
    NoWinner.NO_AGREEMENT: DropReason.NO_AGREEMENT,
    NoWinner.TIE: DropReason.TIE,
    NoWinner.LOW_SHARE: DropReason.LOW_SHARE,
}
"""Why a vote has no winner, as the candidate says it."""


class _Draft:
    """A candidate in the making: the last stage that it passed, and what is known of it."""

    def __init__(self, blueprint: Blueprint, ask: Ask, **fields: Any) -> None:  # noqa: ANN401 - the candidate validates them
        self.ask = ask
        self._fields: dict[str, Any] = {"blueprint": blueprint, "stage": Stage.ASKED, **fields}

    def learn(self, **fields: Any) -> None:  # noqa: ANN401 - the candidate validates them
        self._fields |= fields

    def end(self, reason: DropReason = DropReason.NONE, detail: str = "") -> Candidate:
        attempted = ("reference",) if "attempt" in self.ask.spent else ()
        models = self.ask.models("writer", "judge", "solver", "referee", *attempted)
        repairs = {role: dict(counts) for role, counts in self.ask.repairs.items() if counts}
        return Candidate(
            **self._fields,
            models=models,
            spent=dict(self.ask.spent),
            repairs=repairs,
            loops=dict(self.ask.loops),
            reason=reason,
            detail=detail,
        )


async def synthesise(
    blueprint: Blueprint, seeds: Mapping[str, SeedProblem], ask: Ask, recipe: Recipe
) -> Candidate:
    """Lead one blueprint through the method (paper sections 2.2 and 2.3); it ends agreed upon, or dropped with a reason."""
    practices = show(blueprint, seeds)
    return await _led(_Draft(blueprint, ask), write(practices, ask), practices, recipe)


async def synthesise_harder(
    parent: Candidate, number: int, seeds: Mapping[str, SeedProblem], ask: Ask, recipe: Recipe
) -> Candidate:
    """Lead a harder version of an agreed question through the method, as a candidate of its own with the same blueprint.

    `number` counts the versions of a blueprint, from 1.
    """
    assert parent.question is not None, "it was agreed upon"
    first = parent.blueprint.id.removesuffix(f"h{number - 1}")
    blueprint = parent.blueprint.model_copy(update={"id": f"{first}h{number}"})
    draft = _Draft(blueprint, ask, parent=parent.blueprint.id, parent_attempts=parent.attempts)
    practices = show(blueprint, seeds)
    written = write_harder(parent.question, practices, ask)
    return await _led(draft, written, practices, recipe, task="harder")


async def _led(
    draft: _Draft,
    writing: Awaitable[Reply[WriteReply]],
    practices: Shown,
    recipe: Recipe,
    *,
    task: Task = "write",
) -> Candidate:
    try:
        return await _lead(draft, await writing, practices, recipe, task)
    except NotAskedError as error:
        return draft.end(DropReason.NOT_ASKED, str(error))


async def _lead(
    draft: _Draft, written: Reply[WriteReply], practices: Shown, recipe: Recipe, task: Task
) -> Candidate:
    ask = draft.ask
    if written.value is None:
        return draft.end(DropReason.UNWRITTEN, written.reason)
    question = written.value.question.strip()
    draft.learn(stage=Stage.WRITTEN, question=question)
    # The symbolic teacher makes its questions of the practices' own sentences.
    if recipe.questions.checks and recipe.teacher_for("writer").uses_prompts:
        fault = find_fault(question, practices, ask.instructions(task))
        if fault:
            return draft.end(fault.reason, fault.detail)

    judged = await judge(question, practices, ask, recipe.judging.samples)
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
        return draft.end(REASON_OF[agreement.reason])
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
