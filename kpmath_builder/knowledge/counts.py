"""The knowledge in numbers, for what is found about the extractor."""

import re
from collections import Counter

from kpmath_builder.findings import KnowledgeCounts
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Tokens

__all__ = ["counts_of", "model_counts"]

_NUMBER = re.compile(r"(?<![\w^.])\d+(?:[.,]\d+)*(?!\w)")
"""A number that stands alone: neither an exponent nor a part of a name."""


def model_counts(knowledge: Knowledge, recipe: Recipe, prompts: Prompts) -> KnowledgeCounts | None:
    """Return the counts of the knowledge, or None if a program extracted it."""
    if not recipe.teacher_for("extractor").uses_prompts:
        return None
    return counts_of(knowledge, prompts.instructions("extract"))


def counts_of(knowledge: Knowledge, instructions: str) -> KnowledgeCounts:
    """Count the extraction; `instructions` is what its prompt says whatever the problem."""
    prompt = _plain(instructions)
    tokens = sum((its.tokens for its in knowledge.extractions), Tokens())
    replied = [
        its
        for its in knowledge.extractions
        if its.tokens.requests and not its.tokens.refused and not its.tokens.given_up
    ]
    points = [
        (practice.seed.problem, point)
        for practice in knowledge.practices
        for named in practice.raw
        for point in named.key_points
    ]
    problems = Counter(part.topic for practice in knowledge.practices for part in practice.topics)
    topic, largest = max(problems.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return KnowledgeCounts(
        seeds=len(knowledge.extractions),
        replied=len(replied),
        valid_at_first=sum(bool(its.topics) and its.tokens.requests == 1 for its in replied),
        requests=tokens.requests,
        loops=sum(its.loops for its in knowledge.extractions),
        refused=tokens.refused,
        given_up=tokens.given_up,
        practices=len(knowledge.practices),
        key_points=len(points),
        with_numbers=sum(_shares_number(problem, point) for problem, point in points),
        copied=sum(_plain(point) in prompt for _, point in points),
        largest_topic=topic,
        largest=largest,
    )


def _shares_number(problem: str, point: str) -> bool:
    return not set(_NUMBER.findall(point)).isdisjoint(_NUMBER.findall(problem))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
