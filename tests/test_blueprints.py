"""Blueprints follow the paper's weights, and blueprint i is the same whenever and wherever it is drawn."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy.stats import chisquare

from kpmath_builder.errors import InputError
from kpmath_builder.knowledge.cooccurrence import Tcpm
from kpmath_builder.records import Practice, SeedProblem, TopicKeyPoints
from kpmath_builder.synthesis.blueprints import NO_THIRD_TOPIC, ONE_PROBLEM, OTHER_TOPIC, BlueprintDrawer


def practice(name: str, **sizes: int) -> Practice:
    topics = tuple(
        TopicKeyPoints(topic=topic, key_points=tuple(f"{name}-{topic}{i}" for i in range(size)))
        for topic, size in sizes.items()
    )
    seed = SeedProblem(
        id=name,
        source="test",
        licence="MIT",
        shareable=True,
        problem="",
        solution="",
        answer="",
        content_hash="",
    )
    return Practice(seed=seed, raw=topics, topics=topics, model="test")


RICH = [
    *(practice(f"ab{i}", A=2, B=3) for i in range(9)),
    *(practice(f"abc{i}", A=7, B=1, C=2) for i in range(4)),
    *(practice(f"cd{i}", C=1, D=4) for i in range(30)),
    *(practice(f"bd{i}", B=1, D=1) for i in range(2)),
    practice("e", E=3),
]


def drawer(practices: Sequence[Practice], **settings: float) -> BlueprintDrawer:
    tcpm = Tcpm.from_practices(practices)
    return BlueprintDrawer(practices, tcpm, **{"build_seed": 11, "draw_id": "q", **settings})  # type: ignore[arg-type]


def fits(counts: Mapping[str, int], weights: Mapping[str, float]) -> bool:
    """Return whether counts follow weights: nothing of weight zero, and no significant chi-square."""
    total, scale = sum(counts.values()), sum(weights.values())
    positive = [topic for topic in weights if weights[topic] > 0]
    assert set(counts) <= set(positive)
    expected = [total * weights[topic] / scale for topic in positive]
    return len(positive) == 1 or chisquare([counts.get(t, 0) for t in positive], expected).pvalue > 1e-4


@pytest.fixture(scope="module")
def topics_drawn() -> list[tuple[str, ...]]:
    draw = drawer(RICH, three_topics_share=1.0).draw
    return [tuple(part.topic for part in draw(i).parts) for i in range(8_000)]


def test_the_first_topic_follows_the_row_sums(topics_drawn: list[tuple[str, ...]]):
    tcpm = Tcpm.from_practices(RICH)
    weights = dict(zip(tcpm.topics, tcpm.values.sum(axis=1).tolist(), strict=True))
    assert weights["E"] == 0
    assert fits(Counter(drawn[0] for drawn in topics_drawn), weights)


@pytest.mark.parametrize("first", "ABCD")
def test_the_second_topic_follows_the_row_of_the_first(topics_drawn: list[tuple[str, ...]], first: str):
    tcpm = Tcpm.from_practices(RICH)
    weights = dict(zip(tcpm.topics, tcpm.values[tcpm.topics.index(first)].tolist(), strict=True))
    assert fits(Counter(drawn[1] for drawn in topics_drawn if drawn[0] == first), weights)


@pytest.mark.parametrize("pair", ["AA", "AB", "BA", "BC", "CB", "CD", "DB"])
def test_the_third_topic_follows_the_product_of_both_rows(topics_drawn: list[tuple[str, ...]], pair: str):
    tcpm = Tcpm.from_practices(RICH)
    rows = [tcpm.values[tcpm.topics.index(topic)] for topic in pair]
    weights = dict(zip(tcpm.topics, (rows[0] * rows[1]).tolist(), strict=True))
    third = Counter(drawn[2] for drawn in topics_drawn if "".join(drawn[:2]) == pair)
    assert third.total() > 100
    assert fits(third, weights)


def test_a_topic_comes_twice_only_through_the_diagonal(topics_drawn: list[tuple[str, ...]]):
    repeated = {topic for drawn in topics_drawn for topic, times in Counter(drawn).items() if times > 1}
    assert repeated == {"A"}, "only A has a problem with more than five key points"


PAIRS = {"p": {"A": 1, "B": 1}, "q": {"C": 1, "D": 1}}


def test_without_a_third_topic_the_two_are_kept_and_it_is_noted():
    pairs = [practice(f"{n}{i}", **sizes) for i in range(2) for n, sizes in PAIRS.items()]
    draw = drawer(pairs, three_topics_share=1.0).draw
    for blueprint in map(draw, range(50)):
        assert len(blueprint.parts) == 2
        assert blueprint.note == NO_THIRD_TOPIC


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.0), (0.5, 0.5), (0.9, 0.9), (1.0, 1.0)])
def test_the_share_of_three_topics_is_as_set(share: float, expected: float):
    complete = [practice(f"p{i}", A=1, B=1, C=1) for i in range(3)]
    blueprints = list(map(drawer(complete, three_topics_share=share).draw, range(1500)))
    assert np.mean([len(each.parts) == 3 for each in blueprints]) == pytest.approx(expected, abs=0.04)
    assert not any(each.note for each in blueprints)


def test_the_share_of_one_topic_is_as_set():
    """It follows the row sums like every first topic; of the others as many have three as without it."""
    one = [drawer(RICH, three_topics_share=0.3, one_topic_share=0.2).draw(i) for i in range(4000)]
    sizes = Counter(len(each.parts) for each in one if not each.note)
    assert sizes[1] / 4000 == pytest.approx(0.2, abs=0.03)
    assert sizes[3] / (4000 - sizes[1]) == pytest.approx(0.3, abs=0.03)
    tcpm = Tcpm.from_practices(RICH)
    weights = dict(zip(tcpm.topics, tcpm.values.sum(axis=1).tolist(), strict=True))
    assert fits(Counter(each.parts[0].topic for each in one if len(each.parts) == 1), weights)


def test_all_blueprints_may_have_one_topic():
    draw = drawer(RICH, one_topic_share=1.0).draw
    assert {len(draw(i).parts) for i in range(200)} == {1}


def test_the_practice_of_a_topic_has_it_and_gives_its_key_points_for_it():
    draw = drawer(RICH, max_key_points_per_topic=2).draw
    key_points = {(p.seed.id, part.topic): part.key_points for p in RICH for part in p.topics}
    for part in (part for i in range(500) for part in draw(i).parts):
        owned = key_points[part.seed_id, part.topic]
        assert len(part.key_points) == min(2, len(owned))
        assert list(part.key_points) == [point for point in owned if point in part.key_points]


def test_every_practice_and_every_key_point_of_a_topic_is_equally_likely():
    draw = drawer([practice(f"p{i}", A=4, B=1) for i in range(5)], max_key_points_per_topic=2).draw
    parts = [part for i in range(3000) for part in draw(i).parts if part.topic == "A"]
    assert chisquare(list(Counter(part.seed_id for part in parts).values())).pvalue > 1e-4
    points = Counter(point[-1] for part in parts for point in part.key_points)
    assert chisquare([points[str(i)] for i in range(4)]).pvalue > 1e-4


def test_parts_come_from_different_problems_where_there_are_enough():
    """D stands in 32 problems and C in 34; but with a single problem for both there is no other."""
    draw = drawer(RICH).draw
    assert all(len({part.seed_id for part in draw(i).parts}) == len(draw(i).parts) for i in range(1000))
    alone = drawer([practice("p", A=1, B=1)]).draw(0)
    assert [part.seed_id for part in alone.parts] == ["p", "p"]
    assert alone.note.split(", ")[0] == ONE_PROBLEM


def test_a_topic_with_a_choice_leaves_its_neighbour_the_only_problem_that_it_has():
    """B stands in p alone and A in p and q: whenever A and B are drawn, A's part is from q."""
    draw = drawer([practice("p", A=1, B=1), practice("q", A=1)], three_topics_share=0.0).draw
    for blueprint in map(draw, range(100)):
        assert {part.topic: part.seed_id for part in blueprint.parts} == {"A": "q", "B": "p"}
        assert not blueprint.note


def test_topics_that_all_stand_in_the_same_two_problems_make_no_blueprint_of_three_parts():
    draw = drawer([practice(f"p{i}", A=1, B=1, C=1) for i in range(2)], three_topics_share=1.0).draw
    for blueprint in map(draw, range(50)):
        assert [part.seed_id for part in blueprint.parts] in (["p0", "p1"], ["p1", "p0"])
        assert blueprint.note == NO_THIRD_TOPIC


def test_a_topic_that_would_bring_the_same_problem_twice_is_drawn_again_and_it_is_noted():
    """X and Y stand in one problem only, where they meet; A and B in three: X and Y never come together."""
    lonely = [practice("xy", X=1, Y=1, A=1), *(practice(f"ab{i}", A=1, B=1) for i in range(3))]
    blueprints = list(map(drawer(lonely, three_topics_share=0.0).draw, range(400)))
    for blueprint in blueprints:
        assert len({part.seed_id for part in blueprint.parts}) == 2
        assert blueprint.note in {"", OTHER_TOPIC}
        assert {part.topic for part in blueprint.parts} != {"X", "Y"}
    notes = Counter(blueprint.note for blueprint in blueprints)
    assert notes[OTHER_TOPIC] > 20
    assert notes[""] > 200


def test_a_first_topic_without_a_partner_of_another_problem_is_drawn_again():
    """X and Y meet in one problem and nowhere else: only A and B make a blueprint."""
    apart = [practice("xy", X=1, Y=1), *(practice(f"ab{i}", A=1, B=1) for i in range(3))]
    blueprints = list(map(drawer(apart, three_topics_share=0.0).draw, range(200)))
    assert {part.topic for blueprint in blueprints for part in blueprint.parts} == {"A", "B"}
    assert 0 < sum(blueprint.note == OTHER_TOPIC for blueprint in blueprints) < 200


def test_a_draw_depends_on_seed_and_number_alone():
    numbers = list(range(300))
    expected = {i: drawer(RICH).draw(i) for i in numbers}
    random.Random(3).shuffle(numbers)
    turned = drawer(list(reversed(RICH)))
    assert {i: turned.draw(i) for i in numbers} == expected
    assert drawer(RICH, build_seed=12).draw(0) != expected[0]
    assert len({each.model_dump_json(exclude={"id", "index"}) for each in expected.values()}) > 250


def test_the_id_names_the_draw():
    blueprint = drawer(RICH).draw(42)
    assert (blueprint.id, blueprint.index) == ("q-00000042", 42)


@pytest.mark.parametrize("practices", [[], [practice("p", A=1), practice("q", B=5)]])
def test_seeds_in_which_no_two_topics_meet_are_an_input_error(practices: list[Practice]):
    with pytest.raises(InputError, match="add seeds"):
        drawer(practices)


def test_a_matrix_of_other_practices_is_an_input_error():
    with pytest.raises(InputError, match="build the knowledge again"):
        BlueprintDrawer(RICH[:5], Tcpm.from_practices(RICH), build_seed=0, draw_id="q")
