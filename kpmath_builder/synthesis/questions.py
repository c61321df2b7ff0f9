"""Writing a question from a blueprint, and judging it (paper section 2.2)."""

from collections.abc import Mapping
from typing import Any

from kpmath_builder.execution.ask import Ask, Reply
from kpmath_builder.prompts.schemas import JudgeReply, WriteReply
from kpmath_builder.records import Blueprint, Judgement, SeedProblem

__all__ = ["Shown", "judge", "show", "write"]

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
    """Ask for the two criteria and make the paper's one score of them."""
    reply = await ask.reply("judge", {"question": question, "practices": practices}, JudgeReply)
    if reply.value is None:
        return Reply(None, reply.reason)
    said = reply.value
    return Reply(
        Judgement(
            key_points_present=said.key_points_present,
            correctness=said.correctness,
            quality=min(said.key_points_present, said.correctness),
            missing_key_points=tuple(said.missing_key_points),
            errors=tuple(said.errors),
            sub_questions=said.sub_questions,
        )
    )
