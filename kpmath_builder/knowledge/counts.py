"""The knowledge in numbers, for what is found about the extractor."""

from collections import Counter

from kpmath_builder.findings import KnowledgeCounts
from kpmath_builder.knowledge.key_points import KeyPointFault
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import HELD_BACK, Tokens

__all__ = ["counts_of", "model_counts"]


def model_counts(knowledge: Knowledge, recipe: Recipe) -> KnowledgeCounts | None:
    """Return the counts of the knowledge, or None if a program extracted it."""
    if not recipe.teacher_for("extractor").uses_prompts:
        return None
    return counts_of(knowledge)


def counts_of(knowledge: Knowledge) -> KnowledgeCounts:
    """Count the extraction."""
    tokens = sum((its.tokens for its in knowledge.extractions), Tokens())
    replied = [
        its
        for its in knowledge.extractions
        if its.tokens.requests and not its.tokens.refused and not its.tokens.given_up
    ]
    kept = sum(len(named.key_points) for its in knowledge.extractions for named in its.topics)
    left_out = sum((Counter(its.left_out) for its in knowledge.extractions), Counter[str]())
    problems = Counter(part.topic for practice in knowledge.practices for part in practice.topics)
    topic, largest = max(problems.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return KnowledgeCounts(
        seeds=sum(its.reason != HELD_BACK for its in knowledge.extractions),
        replied=len(replied),
        valid_at_first=sum(bool(its.topics) and its.tokens.requests == 1 for its in replied),
        requests=tokens.requests,
        loops=sum(its.loops for its in knowledge.extractions),
        refused=tokens.refused,
        given_up=tokens.given_up,
        practices=len(knowledge.practices),
        key_points=kept + left_out.total(),
        with_numbers=left_out[KeyPointFault.NUMBER.value],
        copied=left_out[KeyPointFault.COPY.value],
        largest_topic=topic,
        largest=largest,
    )
