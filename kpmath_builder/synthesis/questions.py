"""Writing a question from a blueprint, and judging it (paper section 2.2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from kpmath_builder.execution.ask import Ask, Reply
from kpmath_builder.prompts.replies import JudgeReply, WriteReply
from kpmath_builder.records import Blueprint, Judgement, SeedProblem

__all__ = ["Shown", "judge", "judgement_of", "show", "write"]

Shown = list[dict[str, Any]]
"""The practices of a blueprint as the teachers see them."""


def show(blueprint: Blueprint, seeds: Mapping[str, SeedProblem]) -> Shown:
    """Lay out topic, key points, problem and solution of each practice, in the order drawn."""
    return [
        {
            "topic": part.topic,
            "key_points": list(part.key_points),
            "problem": seeds[part.seed_id].problem,
            "solution": seeds[part.seed_id].solution,
        }
        for part in blueprint.parts
    ]


async def write(practices: Shown, ask: Ask) -> Reply[WriteReply]:
    """Ask for one new problem that needs all key points of the practices."""
    return await ask.reply("write", {"practices": practices}, WriteReply)


async def judge(question: str, practices: Shown, ask: Ask) -> Reply[Judgement]:
    """Ask what the judge finds, and make the two criteria and the paper's one score of it."""
    points = [point for practice in practices for point in practice["key_points"]]

    def refuse(said: JudgeReply) -> str:
        if len(said.key_points) == len(points):
            return ""
        return f"reply speaks of {len(said.key_points)} key points, but there are {len(points)}"

    reply = await ask.reply("judge", {"question": question, "practices": practices}, JudgeReply, refuse)
    return Reply(None if reply.value is None else judgement_of(reply.value, points), reply.reason)


def judgement_of(said: JudgeReply, points: Sequence[str]) -> Judgement:
    """Return the scores: the share of key points that are needed, and the correctness of the problem.

    A problem that the judge could not answer scores 0, one that it answered but finds faulty one half.
    """
    missing = [point for point, needed in zip(points, said.key_points, strict=True) if not needed]
    present = 1 - len(missing) / len(points) if points else 1.0
    correctness = 0.0 if not said.answer else 0.5 if said.errors else 1.0
    return Judgement(
        key_points_present=present,
        correctness=correctness,
        quality=min(present, correctness),
        missing_key_points=tuple(missing),
        errors=said.errors,
        sub_questions=said.final_answers,
        judge_answer=said.answer,
    )
