"""Topics as the extractor named them: gathered by their stems, shown by their most frequent key points, united."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from kpmath_builder.knowledge.embeddings import FloatMatrix
from kpmath_builder.knowledge.raw_topics import collect, topic_vectors, unite
from kpmath_builder.records import Extraction, TopicKeyPoints


def extraction(seed_id: str, **topics: Sequence[str]) -> Extraction:
    return Extraction(
        seed_id=seed_id,
        topics=tuple(TopicKeyPoints(topic=name, key_points=tuple(points)) for name, points in topics.items()),
    )


def test_names_of_the_same_stems_are_one_topic_which_is_called_as_most_problems_call_it() -> None:
    topics = collect(
        [
            extraction("a", Percentages=["x"], Area=["z"]),
            extraction("b", Percentage=["x", "y"]),
            extraction("c", Percentage=["x"]),
            extraction("a", Percentage=["w"]),
        ]
    )
    assert [topic.name for topic in topics] == ["Area", "Percentage"]
    assert [topic.problems for topic in topics] == [1, 3]
    assert [topic.rows for topic in topics] == [[0], [1]]
    assert topics[1].key_points == {"x": 3, "y": 1, "w": 1}


def test_of_names_that_are_as_frequent_the_first_in_the_alphabet_is_taken() -> None:
    (topic,) = collect([extraction("b", Percentages=["x"]), extraction("a", Percentage=["x"])])
    assert topic.name == "Percentage"


def test_a_topic_without_key_points_is_left_out() -> None:
    assert collect([extraction("a", Area=[]), extraction("b")]) == []


def test_a_topic_is_shown_with_its_ten_most_frequent_key_points() -> None:
    points = [f"point {number:02d}" for number in range(12)]
    (topic,) = collect([extraction("a", Area=points), extraction("b", Area=points[5:])])
    assert topic.shown == TopicKeyPoints(topic="Area", key_points=(*points[5:], *points[:3]))


class Axes:
    """Gives each text an axis of its own."""

    name = "axes"

    def __init__(self, texts: str) -> None:
        self._texts = list(texts)

    async def embed(self, texts: Sequence[str]) -> FloatMatrix:
        return np.eye(len(self._texts), dtype=np.float32)[[self._texts.index(text) for text in texts]]


def test_the_vector_of_a_topic_is_the_mean_of_its_key_points_as_often_as_they_are_named() -> None:
    topics = collect(
        [
            extraction("a", Area=["x", "y"], Sums=["z"]),
            extraction("b", Area=["x"]),
            extraction("c", Area=["x"]),
        ]
    )
    vectors = asyncio.run(topic_vectors(topics, Axes("zyx")))
    assert vectors.tolist() == pytest.approx(np.array([[0, 1, 3], [np.sqrt(10), 0, 0]]) / np.sqrt(10))


def test_united_topics_have_the_problems_key_points_and_rows_of_all() -> None:
    topics = collect(
        [
            extraction("a", Area=["x"], Sums=["y"], Sets=["z"]),
            extraction("b", Area=["x"]),
            extraction("a", Sums=["y"]),
        ]
    )
    names = [topic.name for topic in topics]
    area, sums, sets = (names.index(name) for name in ("Area", "Sums", "Sets"))
    both, alone = unite(topics, [[area, sums], [sets]])
    assert (both.name, both.problems, both.rows) == ("Area", 2, [area, sums])
    assert both.key_points == {"x": 2, "y": 2}
    assert (alone.name, alone.rows, alone.key_points) == ("Sets", [sets], {"z": 1})
