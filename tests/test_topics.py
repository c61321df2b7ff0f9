"""Topics that mean the same become one, the teacher decides the middle band, and the order of the input never matters."""

import asyncio
import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from kpmath_builder.errors import InputError
from kpmath_builder.knowledge.embeddings import FloatMatrix, LexicalEmbedder
from kpmath_builder.knowledge.linkage import average_linkage, nearest_pairs, similar_pairs
from kpmath_builder.knowledge.topics import SameTopic, TopicClusters, build_practices, cluster_topics
from kpmath_builder.records import Extraction, SeedProblem, TopicKeyPoints


class Scripted:
    """Gives each text the vector at its angle, in degrees, so that similarities are cosines of differences."""

    name = "scripted"

    def __init__(self, angles: Mapping[str, float]) -> None:
        self.angles = angles

    async def embed(self, texts: Sequence[str]) -> FloatMatrix:
        radians = np.radians([self.angles[text] for text in texts])
        return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def teacher(answer: Callable[[set[str]], bool | None], asked: list[tuple[str, str]]) -> SameTopic:
    async def same_topic(one: TopicKeyPoints, other: TopicKeyPoints) -> bool | None:
        asked.append((one.topic, other.topic))
        await asyncio.sleep(0)
        return answer({one.topic, other.topic})

    return same_topic


def extraction(seed_id: str, **topics: Sequence[str]) -> Extraction:
    return Extraction(
        seed_id=seed_id,
        topics=tuple(TopicKeyPoints(topic=name, key_points=tuple(points)) for name, points in topics.items()),
    )


def one_each(angles: Mapping[str, float]) -> list[Extraction]:
    """One problem per topic; the topic's only key point has its name in small letters and so its angle."""
    return [extraction(f"p{i}", **{name: [name.lower()]}) for i, name in enumerate(angles)]


def cluster(
    extractions: Sequence[Extraction],
    angles: Mapping[str, float],
    same_topic: SameTopic | None = None,
    **settings: float,
) -> TopicClusters:
    embedder = Scripted({name.lower(): angle for name, angle in angles.items()})
    return asyncio.run(cluster_topics(extractions, embedder, same_topic, **settings))  # type: ignore[arg-type]


def groups(clusters: TopicClusters) -> list[list[str]]:
    return [sorted(each.members) for each in clusters.clusters]


NEAR, BAND, FAR = 20, 35, 60
"""Degrees: cosines 0.94 (same), 0.82 (ask), 0.5 (different)."""


def test_topics_are_merged_by_the_similarity_of_their_key_points():
    angles = {"A": 0, "B": NEAR, "C": NEAR + BAND, "D": 150}
    assert groups(cluster(one_each(angles), angles)) == [["A", "B"], ["C"], ["D"]]


def test_the_name_of_a_topic_does_not_count():
    """Only key points do: topics of equal key points are one, whatever they are called."""
    found = cluster(
        [extraction("p", X=["a"]), extraction("q", Y=["a"]), extraction("r", Z=["b"])], {"a": 0, "b": 90}
    )
    assert groups(found) == [["X", "Y"], ["Z"]]


def test_a_topics_vector_is_the_mean_over_all_that_was_named():
    """Named three times at 0° and once at 90°, M lies at 18.4°: near 0°, far from 90°."""
    angles = {"zero": 0, "right": 90}
    problems = [extraction(f"p{i}", M=["zero"]) for i in range(3)]
    problems += [extraction("q", M=["right"]), extraction("r", Z=["zero"]), extraction("s", R=["right"])]
    assert groups(cluster(problems, angles)) == [["M", "Z"], ["R"]]


def test_average_linkage_does_not_chain():
    """Neighbours are 0.94 alike, but the ends of the chain are not."""
    angles = {name: NEAR * i for i, name in enumerate("ABCDEF")}
    sizes = [len(each) for each in groups(cluster(one_each(angles), angles))]
    assert max(sizes) == 2


@pytest.mark.parametrize(
    "names",
    [
        ("Geometry - Circles", "geometry: CIRCLES"),
        ("Number-Theory", "Number  Theory"),
        ("Ｓets", "sets"),
        ("Arithmetic - Percentage", "Arithmetic - Percentages"),
        ("Statistics - Averages", "Statistics - the Mean"),
        ("Algebra - Solving Linear Equations", "Algebra - Solve Linear Equation"),
        ("三角形", "三角形"),
    ],
)
def test_names_of_the_same_stems_are_one_topic(names: tuple[str, str]):
    problems = [
        extraction("p", **{names[0]: ["a"]}),
        extraction("q", **{names[1]: ["b"]}),
        extraction("r", Z=["c"]),
    ]
    found = cluster(problems, {"a": 0, "b": 90, "c": 180})
    assert found.representative[names[0]] == found.representative[names[1]] != "Z"


@pytest.mark.parametrize(
    "names",
    [
        ("Arithmetic - Subtraction", "Arithmetic - Addition and Subtraction"),
        ("Algebra - Arithmetic Sequences", "Algebra - Geometric Sequences"),
        ("Geometry - Area", "Geometry - Perimeter"),
        ("Number Theory - Divisors", "Number Theory - Division"),
        ("三角形", "圆"),
    ],
)
def test_names_of_other_stems_are_left_to_their_key_points(names: tuple[str, str]):
    problems = [extraction("p", **{names[0]: ["a"]}), extraction("q", **{names[1]: ["b"]})]
    found = cluster(problems, {"a": 0, "b": 90})
    assert found.representative[names[0]] != found.representative[names[1]]


def test_topics_without_key_points_are_left_out():
    found = cluster([extraction("p", A=["a"], E=[]), extraction("q", B=["b"])], {"a": 0, "b": 90})
    assert set(found.representative) == {"A", "B"}


def test_the_representative_has_most_problems_and_of_equals_comes_first():
    angles = {"a": 0, "b": 0, "c": 90, "d": 90}
    problems = [
        extraction("p1", A=["a"], D=["d"]),
        extraction("p2", B=["b"], C=["c"]),
        extraction("p3", B=["b"]),
    ]
    found = cluster(problems, angles)
    assert [(each.representative, each.problems) for each in found.clusters] == [("B", 3), ("C", 2)]
    assert found.clusters[0].members == {"A": 1, "B": 2}


@pytest.mark.parametrize(
    ("answer", "merged"),
    [(True, [["A", "B"], ["C"]]), (False, [["A"], ["B"], ["C"]]), (None, [["A"], ["B"], ["C"]])],
)
def test_in_the_middle_band_the_teacher_decides(answer: bool | None, merged: list[list[str]]):  # noqa: FBT001 - parametrised
    angles = {"A": 0, "B": BAND, "C": BAND + FAR}
    asked: list[tuple[str, str]] = []
    found = cluster(one_each(angles), angles, teacher(lambda _: answer, asked))
    assert asked == [("A", "B")]
    assert groups(found) == merged
    assert [(one.first, one.second, one.same) for one in found.asked] == [("A", "B", answer)]
    assert found.asked[0].similarity == pytest.approx(math.cos(math.radians(BAND)), abs=1e-4)


def test_without_a_teacher_the_middle_band_is_not_merged():
    angles = {"A": 0, "B": BAND}
    found = cluster(one_each(angles), angles)
    assert groups(found) == [["A"], ["B"]]
    assert found.asked == ()


def test_a_no_keeps_a_pair_apart_whatever_else_is_agreed():
    """A-B and B-C are the same, says the teacher, but A-C are not."""
    angles = {"A": 0, "B": 26.5, "C": 43.5}
    found = cluster(one_each(angles), angles, teacher(lambda pair: pair != {"A", "C"}, []), same=0.97)
    assert found.representative["A"] != found.representative["C"]
    assert len(found.clusters) == 2


def test_a_chain_of_yes_ends_where_the_average_leaves_the_band():
    angles = {name: 30 * i for i, name in enumerate("ABCDE")}
    found = cluster(one_each(angles), angles, teacher(lambda _: True, []))
    sides = [np.mean([angles[name] for name in each]) for each in groups(found)]
    assert 1 < len(sides) < 5


def test_each_pair_is_asked_once_and_only_among_the_nearest():
    angles = {name: 27 + i for i, name in enumerate("BCDEFGH")} | {"A": 0}
    asked: list[tuple[str, str]] = []
    cluster(
        one_each(angles), angles, teacher(lambda _: False, asked), same=0.99999, ask_above=0.7, neighbours=2
    )
    assert len(asked) == len(set(asked))
    assert [pair for pair in sorted(asked) if "A" in pair] == [("A", "B"), ("A", "C")]


def test_pairs_are_asked_all_at_once():
    """The teacher answers only when two questions are under way, so that asking in turn would never end."""
    under_way = asyncio.Barrier(2)

    async def same_topic(_one: TopicKeyPoints, _other: TopicKeyPoints) -> bool:
        await asyncio.wait_for(under_way.wait(), 60)
        return False

    angles = {"A": 0, "B": BAND, "C": 180, "D": 180 + BAND}
    assert len(cluster(one_each(angles), angles, same_topic).asked) == 2


def test_the_teacher_sees_the_most_frequent_key_points():
    points = [f"k{i:02}" for i in range(12)]
    problems = [extraction("p", A=points), extraction("q", A=points[1:11]), extraction("r", B=["b"])]
    seen: dict[str, TopicKeyPoints] = {}

    async def same_topic(one: TopicKeyPoints, other: TopicKeyPoints) -> bool:
        seen.update({one.topic: one, other.topic: other})
        return True

    cluster(problems, dict.fromkeys(points, 0) | {"b": BAND}, same_topic)
    assert seen["A"].key_points == tuple(points[1:11])


def test_clusters_under_the_minimum_support_join_their_nearest_neighbour():
    angles = {"a": 0, "b": 90, "c": 50, "d": 180}
    problems = [extraction(f"p{i}", A=["a"], B=["b"]) for i in range(3)]
    problems += [extraction("q", C=["c"]), extraction("r", D=["d"])]
    found = cluster(problems, angles, minimum_support=2)
    assert groups(found) == [["A"], ["B", "C"], ["D"]]
    joined = found.clusters[1].joined
    assert [(one.representative, one.problems) for one in joined] == [("C", 1)]
    assert joined[0].similarity == pytest.approx(math.cos(math.radians(40)), abs=1e-4)
    assert found.clusters[1].problems == 4
    assert found.clusters[2].joined == (), "D has no neighbour of 0.5 or more and stays"


def test_a_small_cluster_does_not_join_what_the_teacher_told_apart():
    angles = {"a": 0, "b": -50, "c": BAND}
    problems = [extraction(f"p{i}", A=["a"], B=["b"]) for i in range(2)] + [extraction("q", C=["c"])]
    found = cluster(problems, angles, teacher(lambda _: False, []), minimum_support=2, join_above=0.0)
    assert found.representative["C"] == "B"


@pytest.mark.parametrize("problems", [[], [extraction("p", A=["a"])], [extraction("p", A=["a"], B=[])]])
def test_fewer_than_two_topics_are_an_input_error(problems: list[Extraction]):
    with pytest.raises(InputError, match="add seeds"):
        cluster(problems, {"a": 0})


def test_a_minimum_support_that_no_topic_has_is_an_input_error():
    with pytest.raises(InputError, match="minimum_support"):
        cluster([extraction("p", A=["a"], B=["b"])], {"a": 0, "b": 90}, minimum_support=2)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_order_of_the_input_does_not_matter(data: st.DataObject):
    names = list("ABCDEFGH")
    angles = {name.lower(): data.draw(st.integers(0, 120)) for name in names}
    problems = [
        extraction(
            f"p{i}",
            **{name: [name.lower()] for name in data.draw(st.sets(st.sampled_from(names), min_size=1))},
        )
        for i in range(6)
    ] + [extraction("q", A=["a"], B=["b"])]
    verdict = data.draw(
        st.dictionaries(st.frozensets(st.sampled_from(names), min_size=2, max_size=2), st.booleans())
    )
    shuffled = [
        Extraction(seed_id=each.seed_id, topics=tuple(data.draw(st.permutations(each.topics))))
        for each in data.draw(st.permutations(problems))
    ]
    ask = teacher(lambda pair: verdict.get(frozenset(pair)), [])
    first, second = (cluster(each, angles, ask, join_above=0.6).to_json() for each in (problems, shuffled))
    assert first == second


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 10**6), st.sampled_from([0.5, 0.8, 0.9]))
def test_linking_by_components_is_average_linkage_of_the_whole(size: int, seed: int, same: float):
    rows = np.random.default_rng(seed).normal(size=(size, 3)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    label = fcluster(linkage(rows.astype(float), "average", "cosine"), 1 - same, "distance")
    expected = sorted(np.flatnonzero(label == each).tolist() for each in np.unique(label))
    assert average_linkage(rows, same) == expected


def test_pairs_are_found_across_blocks():
    """More rows than one block holds: the pairs are those of the whole product."""
    rows = np.random.default_rng(0).normal(size=(1500, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    first, second = np.nonzero(np.triu(rows @ rows.T >= 0.8, k=1))
    found = list(similar_pairs(rows, 0.8))
    assert [pair[:2] for pair in found] == list(zip(first.tolist(), second.tolist(), strict=True))
    assert len(found) > 1000


def test_a_pair_stays_where_one_side_has_it_among_its_nearest():
    rows = np.array([[1, 0], [0.999, 0.045], [0.995, 0.0998], [0.9, 0.436]], dtype=np.float32)
    assert [pair[:2] for pair in nearest_pairs(rows, 0.5, 1)] == [(0, 1), (1, 2), (2, 3)]


def test_json_is_read_back_and_other_text_is_an_input_error():
    angles = {"A": 0, "B": BAND, "C": 90}
    found = cluster(one_each(angles), angles, teacher(lambda _: True, []))
    again = TopicClusters.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert again.representative == found.representative
    with pytest.raises(InputError, match="build again"):
        TopicClusters.from_json('{"clusters": 3}')


def seed(name: str) -> SeedProblem:
    return SeedProblem(
        id=name,
        source="test",
        licence="MIT",
        shareable=True,
        problem="",
        solution="",
        answer="",
        content_hash="",
    )


def test_practices_merge_key_points_of_topics_that_became_one():
    angles = {"x": 0, "y": 5, "X": 0, "z": 90}
    problems = [
        extraction("b", A=["x", "y"], C=["z"], B=["X", "x"]),
        extraction("a", C=["z"], E=[]),
        extraction("c"),
    ]
    found = asyncio.run(cluster_topics(problems, Scripted(angles), None))
    practices = build_practices([seed(name) for name in "dcba"], problems, found)
    assert [practice.seed.id for practice in practices] == ["a", "b"]
    assert practices[1].topics == (
        TopicKeyPoints(topic="A", key_points=("x", "y")),
        TopicKeyPoints(topic="C", key_points=("z",)),
    )
    assert practices[1].raw == problems[0].topics
    assert [part.topic for part in practices[0].topics] == ["C"]


def test_real_topics_are_merged_sensibly_in_any_order(shared_data: Path):
    """Topics and knowledge points that a model gave to 300 problems (each problem's points stand under all its topics)."""
    problems = []
    for run in ("gsm8k", "math_a", "math_b"):
        text = (shared_data / "topics" / f"mathscale_repro_{run}.json").read_text(encoding="utf-8")
        problems += [
            extraction(f"{run}/{row['id']}", **dict.fromkeys(row["topics"], row["knowledge_points"]))
            for row in json.loads(text)
        ]
    found = asyncio.run(cluster_topics(problems, LexicalEmbedder(), None))
    random.Random(0).shuffle(problems)
    assert asyncio.run(cluster_topics(problems, LexicalEmbedder(), None)) == found
    assert 150 < len(found.clusters) < len(found.representative) == 249
    assert found.representative["Algebraic manipulation"] == "Algebraic Manipulation"
    kept_apart = ["Arithmetic Sequences", "Geometric Sequences", "Multiplication", "Division", "Percentages"]
    assert len({found.representative[name] for name in kept_apart}) == len(kept_apart)
