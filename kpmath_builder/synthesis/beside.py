"""What is asked beside a blueprint to measure solver and judge: by the same code, so that nothing tells it from the blueprint's own."""

import asyncio
from collections.abc import Mapping

from kpmath_builder.controls.grading import is_right, leading_answer
from kpmath_builder.controls.known import KnownQuestion
from kpmath_builder.controls.planted import PlantedCase, PlantedPool
from kpmath_builder.controls.pool import ControlPool, held_back_of
from kpmath_builder.execution.ask import Ask
from kpmath_builder.execution.run import NotAskedError, Run
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.records import Candidate, ControlQuestion, PlantedQuestion, Practice, SeedProblem, Tokens
from kpmath_builder.synthesis.questions import Shown, judge, show
from kpmath_builder.synthesis.solutions import solve

__all__ = ["Beside"]


class Beside:
    """Adds to a candidate the control and the planted question that stand beside its blueprint, if any do.

    Both depend on the blueprint's number alone, and not on how the blueprint itself ended, so that a threshold changes nothing of them.

    Parameters
    ----------
    knowledge
        Its held-back seeds and its practices are what is asked.
    run
        What all questions share.
    """

    def __init__(self, knowledge: Knowledge, run: Run) -> None:
        self._run = run
        self._controls = ControlPool(run.recipe, held_back_of(knowledge.seeds, knowledge.extractions))
        self._planted = PlantedPool(run.recipe, knowledge.practices)
        self._seeds: Mapping[str, SeedProblem] = {its.seed.id: its.seed for its in knowledge.practices}

    async def add(self, candidate: Candidate, log: ResponseLog, generation: int) -> tuple[Candidate, bool]:
        """Return the candidate with what stands beside it, and whether all answers were in the log."""
        index = candidate.blueprint.index
        known, case = self._controls.beside(index), self._planted.beside(index)
        added: dict[str, object] = {}
        resumed = True
        if known is not None:
            ask = Ask(self._run, log, f"{index}/control", generation)
            added["control"] = await self._solved(known, show(candidate.blueprint, self._seeds), ask)
            resumed = ask.resumed
        if case is not None:
            ask = Ask(self._run, log, f"{index}/planted", generation)
            added["planted"] = await self._judged(case, ask)
            resumed = resumed and ask.resumed
        return (candidate.model_copy(update=added) if added else candidate), resumed

    async def _solved(self, known: KnownQuestion, practices: Shown, ask: Ask) -> ControlQuestion:
        control = ControlQuestion(source=known.source, id=known.id, question=known.problem, gold=known.gold)
        recipe = self._run.recipe
        try:
            agreement = await solve(known.problem, practices, recipe.solutions, recipe.consensus, ask)
        except NotAskedError as error:
            return control.model_copy(update={"spent": _spent(ask), "reason": str(error)})
        vote, solutions = agreement.vote, agreement.solutions
        # An answer that only computer algebra can compare takes its time.
        right = await asyncio.to_thread(is_right, leading_answer(vote, solutions), known.gold)
        made = {"vote": vote, "solutions": solutions, "right": right, "spent": _spent(ask)}
        return control.model_copy(update=made)

    async def _judged(self, case: PlantedCase, ask: Ask) -> PlantedQuestion:
        planted = PlantedQuestion(kind=case.kind.value, id=case.practice.seed.id)
        recipe = self._run.recipe
        shown = _shown(case.shown, recipe.blueprints.max_key_points_per_topic)
        try:
            judged = await judge(case.question, shown, ask, recipe.judging.samples)
        except NotAskedError as error:
            return planted.model_copy(update={"spent": _spent(ask), "reason": str(error)})
        made = {"judgement": judged.value, "reason": judged.reason, "spent": _spent(ask)}
        return planted.model_copy(update=made)


def _spent(ask: Ask) -> Tokens:
    return sum(ask.spent.values(), Tokens())


_MOST_TOPICS = 3
"""A blueprint has no more."""


def _shown(practice: Practice, most_points: int) -> Shown:
    """Lay out the topics of one practice as those of a blueprint are."""
    return [
        {
            "topic": named.topic,
            "key_points": list(named.key_points[:most_points]),
            "problem": practice.seed.problem,
            "solution": practice.seed.solution,
        }
        for named in practice.topics[:_MOST_TOPICS]
    ]
