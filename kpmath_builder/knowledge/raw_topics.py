"""Topics as the extractor named them: gathered over all seed problems, turned into vectors, united."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from kpmath_builder.knowledge.embeddings import Embedder, FloatMatrix, unit_rows
from kpmath_builder.knowledge.vocabulary import stems
from kpmath_builder.records import Extraction, TopicKeyPoints

__all__ = ["RawTopic", "collect", "topic_vectors", "unite"]

_SHOWN_KEY_POINTS = 10


@dataclass
class RawTopic:
    """What is known of a topic, or of several that became one."""

    seeds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Raw name to the seed problems that have it."""
    key_points: Counter[str] = field(default_factory=Counter)
    rows: list[int] = field(default_factory=list)
    """Rows of the matrix of topic vectors."""

    @property
    def problems(self) -> int:
        """Number of seed problems that have it under any name."""
        return len(set().union(*self.seeds.values()))

    @property
    def name(self) -> str:
        """The raw name with most problems; of equals the first in the alphabet."""
        return min(self.seeds, key=lambda name: (-len(self.seeds[name]), name))

    @property
    def shown(self) -> TopicKeyPoints:
        """What the teacher is shown of it: its name and its ten most frequent key points."""
        often = sorted(self.key_points, key=lambda point: (-self.key_points[point], point))
        return TopicKeyPoints(topic=self.name, key_points=tuple(often[:_SHOWN_KEY_POINTS]))


def collect(extractions: Iterable[Extraction]) -> list[RawTopic]:
    """Return the topics that have key points, sorted; names of the same stems in the same order are one topic."""
    topics: dict[str, RawTopic] = defaultdict(RawTopic)
    for extraction in extractions:
        for named in extraction.topics:
            if named.key_points:
                topic = topics[" ".join(stems(named.topic))]
                topic.seeds[named.topic].add(extraction.seed_id)
                topic.key_points.update(named.key_points)
    ordered = [topics[name] for name in sorted(topics)]
    for row, topic in enumerate(ordered):
        topic.rows.append(row)
    return ordered


async def topic_vectors(topics: Sequence[RawTopic], embedder: Embedder) -> FloatMatrix:
    """Return the mean of each topic's key points as unit rows; a key point named in ten problems counts ten times."""
    texts = sorted(set().union(*(topic.key_points for topic in topics)))
    column = {text: i for i, text in enumerate(texts)}
    entries = [
        (count, row, column[text])
        for row, topic in enumerate(topics)
        for text, count in sorted(topic.key_points.items())
    ]
    counts, rows, columns = zip(*entries, strict=True)
    times = csr_array((np.array(counts, np.float32), (rows, columns)), shape=(len(topics), len(texts)))
    return unit_rows(times @ await embedder.embed(texts))


def unite(topics: Sequence[RawTopic], groups: Iterable[Iterable[int]]) -> list[RawTopic]:
    """Make one topic of each group of topics, given by their numbers."""
    united = []
    for group in groups:
        whole = RawTopic()
        for topic in (topics[i] for i in group):
            whole.seeds.update(topic.seeds)  # no raw name is in two topics
            whole.key_points.update(topic.key_points)
            whole.rows.extend(topic.rows)
        united.append(whole)
    return united
