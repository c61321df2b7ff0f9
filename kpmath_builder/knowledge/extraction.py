"""Naming the topics and key points of each seed problem (paper section 2.1)."""

from collections import Counter

from kpmath_builder.execution.ask import Ask
from kpmath_builder.knowledge.key_points import sift
from kpmath_builder.prompts.replies import ExtractReply, SameTopicReply
from kpmath_builder.records import Extraction, SeedProblem, TopicKeyPoints

__all__ = ["extract", "same_topic"]


async def extract(seed: SeedProblem, ask: Ask) -> Extraction:
    """Ask for the topics and key points of one seed problem; without a valid reply the extraction holds the reason."""
    prompt = ask.instructions("extract")
    left_out: Counter[str] = Counter()

    def refuse(said: ExtractReply) -> str:
        kept, faults = sift(_merged(said), seed, prompt)
        left_out.update({fault.value: count for fault, count in faults.items()})
        return "" if kept else f"no key point is left (left out: {', '.join(faults)})"

    material = {"problem": seed.problem, "solution": seed.solution}
    reply = await ask.reply("extract", material, ExtractReply, refuse)
    return Extraction(
        seed_id=seed.id,
        topics=() if reply.value is None else sift(_merged(reply.value), seed, prompt)[0],
        model=ask.models("extractor")["extractor"],
        reason=reply.reason,
        tokens=ask.spent["extract"],
        loops=ask.loops["extractor"],
        left_out=dict(left_out),
    )


def _merged(said: ExtractReply) -> tuple[TopicKeyPoints, ...]:
    """Return the topics, each once, with their different key points."""
    merged: dict[str, dict[str, str]] = {}
    for named in said.topics:
        points = merged.setdefault(" ".join(named.topic.split()), {})
        for point in named.key_points:
            points.setdefault(" ".join(point.casefold().split()), " ".join(point.split()))
    return tuple(
        TopicKeyPoints(topic=topic, key_points=tuple(points.values())) for topic, points in merged.items()
    )


async def same_topic(one: TopicKeyPoints, other: TopicKeyPoints, ask: Ask) -> bool | None:
    """Ask whether two topics are one; None without a valid reply."""
    material = {"first": one.model_dump(mode="json"), "second": other.model_dump(mode="json")}
    reply = await ask.reply("same_topic", material, SameTopicReply)
    return None if reply.value is None else reply.value.same
