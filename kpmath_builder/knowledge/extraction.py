"""Naming the topics and key points of each seed problem (paper section 2.1)."""

from kpmath_builder.execution.ask import Ask
from kpmath_builder.prompts.schemas import ExtractReply, SameTopicReply
from kpmath_builder.records import Extraction, SeedProblem, TopicKeyPoints

__all__ = ["extract", "same_topic"]


async def extract(seed: SeedProblem, ask: Ask) -> Extraction:
    """Ask for the topics and key points of one seed problem; without a valid reply the extraction holds the reason."""
    reply = await ask.reply("extract", {"problem": seed.problem, "solution": seed.solution}, ExtractReply)
    cost = {"tokens": ask.spent["extract"], "loops": ask.loops["extractor"]}
    if reply.value is None:
        return Extraction(seed_id=seed.id, model=ask.model("extractor"), reason=reply.reason, **cost)
    merged: dict[str, dict[str, str]] = {}
    for named in reply.value.topics:
        points = merged.setdefault(" ".join(named.topic.split()), {})
        for point in named.key_points:
            points.setdefault(" ".join(point.casefold().split()), " ".join(point.split()))
    topics = tuple(
        TopicKeyPoints(topic=topic, key_points=tuple(points.values())) for topic, points in merged.items()
    )
    return Extraction(seed_id=seed.id, topics=topics, model=ask.model("extractor"), **cost)


async def same_topic(one: TopicKeyPoints, other: TopicKeyPoints, ask: Ask) -> bool | None:
    """Ask whether two topics are one; None without a valid reply."""
    material = {"first": one.model_dump(mode="json"), "second": other.model_dump(mode="json")}
    reply = await ask.reply("same_topic", material, SameTopicReply)
    return None if reply.value is None else reply.value.same
