"""From the topics that the extractor named to representative topics (paper section 2.1; docs/method.md, section 2).

Topics are compared by the mean of their key points' vectors. From `same` on they are one; in the middle band, where
embeddings confuse neighbours such as arithmetic and geometric sequences, the teacher decides; below it they differ.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Self

import numpy as np
from pydantic import ValidationError

from kpmath_builder.errors import InputError, NothingToDrawError
from kpmath_builder.knowledge.embeddings import Embedder, FloatMatrix
from kpmath_builder.knowledge.linkage import Pair, average_linkage, centres, merge_agreed, nearest_pairs
from kpmath_builder.knowledge.raw_topics import RawTopic, collect, topic_vectors, unite
from kpmath_builder.records import Extraction, Practice, Record, SeedProblem, TopicKeyPoints

__all__ = ["Asked", "Cluster", "Joined", "SameTopic", "TopicClusters", "build_practices", "cluster_topics"]

SameTopic = Callable[[TopicKeyPoints, TopicKeyPoints], Awaitable[bool | None]]
"""Asks the teacher whether two topics are one; None is no valid reply."""


class Joined(Record):
    """A cluster under the minimum support, and how near it was to the one that it joined."""

    representative: str
    problems: int
    similarity: float


class Cluster(Record):
    """Raw topics that became one."""

    representative: str
    """The member with most problems, those that joined left aside; of equals the first in the alphabet."""
    problems: int
    """Seed problems that have a member (a problem with two members counts once)."""
    members: dict[str, int]
    """Raw topic to its number of seed problems."""
    joined: tuple[Joined, ...] = ()


class Asked(Record):
    """A pair of the middle band that the teacher was asked about."""

    first: str
    second: str
    similarity: float
    same: bool | None
    """None where no valid reply came: the pair is not merged."""


class TopicClusters(Record):
    """The result of clustering, with everything that was decided on the way (`knowledge/topics.json`)."""

    clusters: tuple[Cluster, ...]
    """In alphabetical order of the representatives."""
    asked: tuple[Asked, ...] = ()

    @cached_property
    def representative(self) -> Mapping[str, str]:
        """Raw topic to representative topic."""
        return {member: cluster.representative for cluster in self.clusters for member in cluster.members}

    def to_json(self) -> str:
        """Return the one text that equal results share."""
        return self.model_dump_json(indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote; raises `InputError` where the text is something else."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            raise InputError(
                "The stored topics cannot be read: delete the build's knowledge/ folder and build again."
            ) from None


async def cluster_topics(
    extractions: Sequence[Extraction],
    embedder: Embedder,
    same_topic: SameTopic | None,
    *,
    same: float = 0.90,
    ask_above: float = 0.70,
    minimum_support: int = 1,
    neighbours: int = 5,
    join_above: float = 0.5,
) -> TopicClusters:
    """Merge raw topics to representative topics; the order of the extractions does not matter.

    Names of the same stems ("Percentage" and "Percentages", but not "Subtraction" and "Addition and Subtraction") are one topic
    from the start; topics without key points are left out. Then come average linkage at `same`, the teacher's verdicts, and the minimum support.

    Parameters
    ----------
    same, ask_above
        Cosine similarities: from `same` on topics are merged, in between the teacher decides.
    same_topic
        Asked for all pairs at once, each pair once; None merges nothing in the middle band. A "no" keeps the two apart
        whatever else is agreed; a chain of "yes" is followed only while the average similarity stays in the band.
    minimum_support
        Clusters of fewer seed problems join their nearest neighbour that has enough, where that one's similarity is
        `join_above` or more and the teacher did not say no to the pair; else they stay, for a far topic is a wrong one.
    neighbours
        Each cluster is asked about with so many of its nearest in the band.

    Raises
    ------
    InputError
        With fewer than two topics, or where no cluster has the minimum support.
    """
    topics = collect(extractions)
    if len(topics) < 2:
        raise NothingToDrawError(
            f"The extraction named {len(topics)} topic(s) with key points, and at least two topics are needed: add seeds."
        )
    vectors = await topic_vectors(topics, embedder)
    topics = unite(topics, average_linkage(vectors, same))
    pairs = nearest_pairs(_centres(vectors, topics), ask_above, neighbours) if same_topic else []
    asked = await _ask(pairs, topics, same_topic) if same_topic else []
    agreed = [pair for pair, answer in zip(pairs, asked, strict=True) if answer.same]
    refused = {pair[:2] for pair, answer in zip(pairs, asked, strict=True) if answer.same is False}
    groups = merge_agreed(vectors, [t.rows for t in topics], agreed, refused, ask_above)
    topics, refused = unite(topics, groups), _renumber(refused, groups)
    joins = _join_small(topics, vectors, refused, minimum_support, join_above)
    return TopicClusters(clusters=tuple(_records(topics, joins)), asked=tuple(asked))


def build_practices(
    seeds: Sequence[SeedProblem], extractions: Sequence[Extraction], clusters: TopicClusters
) -> list[Practice]:
    """Join seeds with their extractions under the representative topics, in order of seed id.

    Key points of raw topics that fell into one cluster are merged in the order in which they were named, without those
    that differ only in case. Seeds without extracted topics are left out.
    """
    extracted = {extraction.seed_id: extraction for extraction in extractions}
    practices = []
    for seed in sorted(seeds, key=lambda seed: seed.id):
        extraction = extracted.get(seed.id)
        topics = _merge_key_points(extraction.topics, clusters.representative) if extraction else ()
        if extraction and topics:
            practices.append(
                Practice(seed=seed, raw=extraction.topics, topics=topics, model=extraction.model)
            )
    return practices


def _merge_key_points(
    raw: Iterable[TopicKeyPoints], representative: Mapping[str, str]
) -> tuple[TopicKeyPoints, ...]:
    merged: dict[str, dict[str, str]] = {}
    for topic in raw:
        for point in topic.key_points:
            merged.setdefault(representative[topic.topic], {}).setdefault(point.casefold(), point)
    return tuple(
        TopicKeyPoints(topic=topic, key_points=tuple(points.values())) for topic, points in merged.items()
    )


async def _ask(pairs: Iterable[Pair], topics: Sequence[RawTopic], same_topic: SameTopic) -> list[Asked]:
    async def ask(one: TopicKeyPoints, other: TopicKeyPoints, similarity: float) -> Asked:
        verdict = await same_topic(one, other)
        return Asked(first=one.topic, second=other.topic, similarity=round(similarity, 4), same=verdict)

    shown = {i: topics[i].shown for pair in pairs for i in pair[:2]}
    return await asyncio.gather(*(ask(shown[i], shown[j], similarity) for i, j, similarity in pairs))


def _centres(vectors: FloatMatrix, topics: Iterable[RawTopic]) -> FloatMatrix:
    return centres(vectors, [topic.rows for topic in topics])


def _renumber(pairs: Iterable[tuple[int, int]], groups: Sequence[Collection[int]]) -> set[tuple[int, int]]:
    """Turn pairs of topics into pairs of the groups that they are in now."""
    group_of = {i: number for number, group in enumerate(groups) for i in group}
    return {(min(a, b), max(a, b)) for a, b in ((group_of[i], group_of[j]) for i, j in pairs)}


def _join_small(
    topics: Sequence[RawTopic],
    vectors: FloatMatrix,
    refused: set[tuple[int, int]],
    minimum_support: int,
    join_above: float,
) -> dict[int, tuple[int, float]]:
    """Map the number of each topic that joins another to that one's number and the similarity."""
    problems = [topic.problems for topic in topics]
    large = [i for i, count in enumerate(problems) if count >= minimum_support]
    small = [i for i, count in enumerate(problems) if count < minimum_support]
    if not large:
        raise NothingToDrawError(
            f"No topic has {minimum_support} seed problems: lower topics.minimum_support or add seeds."
        )
    refused_by: dict[int, list[int]] = {i: [] for i in range(len(topics))}
    for i, j in refused:
        refused_by[i].append(j)
        refused_by[j].append(i)
    middle = _centres(vectors, topics)
    joins = {}
    for i in small:
        similarity = middle[large] @ middle[i]
        similarity[np.isin(large, refused_by[i])] = -np.inf
        nearest = int(np.argmax(similarity))
        if similarity[nearest] >= join_above:
            joins[i] = large[nearest], float(similarity[nearest])
    return joins


def _records(topics: Sequence[RawTopic], joins: Mapping[int, tuple[int, float]]) -> list[Cluster]:
    joined: dict[int, list[int]] = {i: [] for i in range(len(topics)) if i not in joins}
    for i, (into, _) in joins.items():
        joined[into].append(i)
    clusters = []
    for i, guests in joined.items():
        whole = unite(topics, [[i, *guests]])[0]
        notes = [
            Joined(
                representative=topics[g].name, problems=topics[g].problems, similarity=round(joins[g][1], 4)
            )
            for g in guests
        ]
        clusters.append(
            Cluster(
                representative=topics[i].name,
                problems=whole.problems,
                members={name: len(whole.seeds[name]) for name in sorted(whole.seeds)},
                joined=tuple(sorted(notes, key=lambda note: note.representative)),
            )
        )
    return sorted(clusters, key=lambda cluster: cluster.representative)
