"""Which key points serve in other problems too."""

import pytest
from factories import make_build

from kpmath_builder.knowledge.key_points import LONGEST, LONGEST_TOPIC, KeyPointFault, sift
from kpmath_builder.prompts import Prompts
from kpmath_builder.records import TopicKeyPoints

SEED = (
    make_build(1)
    .seeds[0]
    .model_copy(
        update={
            "problem": "A tram with 48 seats costs $1,250 a day at 15.5 % interest. How much is half of it?",
            "solution": "Half of 1250 is 1250/2 = <<1250/2=625>>625.\n#### 625",
        }
    )
)
PROMPT = Prompts.load().instructions("extract")
GOOD = "The remainder is the whole less the part taken"


def sifted(
    *points: str, topic: str = "Arithmetic - Division", prompt: str = PROMPT
) -> tuple[list[str], dict[str, int]]:
    kept, left_out = sift([TopicKeyPoints(topic=topic, key_points=points)], SEED, prompt)
    return [point for one in kept for point in one.key_points], dict(left_out)


@pytest.mark.parametrize(
    "point",
    [
        "Divide 48 by the number of rows",
        "A cost of $1,250 is halved",
        "A cost of 1250 is halved",
        "Interest of 15.5 percent is a fraction",
        "625 is the answer",
    ],
)
def test_a_key_point_with_a_number_of_its_seed_is_left_out(point: str) -> None:
    assert sifted(GOOD, point) == ([GOOD], {"number of its problem": 1})


@pytest.mark.parametrize(
    "point",
    [
        "Half of a quantity is the quantity divided by 2",
        "A percentage is a fraction of 100",
        "The angles of a triangle sum to 180 degrees",
        "The square of a sum is $a^2 + 2ab + b^2$",
        "A week has 7 days",
        "The volume of a cone is $\\frac13 \\pi r^2 h$",
        "4800 is no number of the seed",
    ],
)
def test_numbers_of_mathematics_and_of_no_seed_may_stay(point: str) -> None:
    assert sifted(point) == ([point], {})


@pytest.mark.parametrize(
    "point",
    [
        "The share of a part is the part divided by the whole",
        "the share of a part: is the part, divided by the whole.",
        "Half of a quantity is found by dividing it by two",
        "The number of kites is 36",
        "<key point>",
    ],
)
def test_a_key_point_that_is_a_line_of_the_prompt_is_left_out(point: str) -> None:
    assert sifted(GOOD, point) == ([GOOD], {"copied from the prompt": 1})


def test_what_a_server_may_have_broken_off_is_left_out() -> None:
    whole, broken = "p" * (LONGEST - 1), "p" * LONGEST
    kept, left_out = sift([TopicKeyPoints(topic="Area", key_points=(whole, broken))], SEED, PROMPT)
    assert [topic.key_points for topic in kept] == [(whole,)]
    assert left_out == {KeyPointFault.LENGTH: 1}
    assert sift([TopicKeyPoints(topic="t" * LONGEST_TOPIC, key_points=("A rule",))], SEED, PROMPT)[0] == ()


@pytest.mark.parametrize(
    "topic", ["Subject - Subcategory", "<subject> - <subcategory>", "Depth of a River - Subcategory"]
)
def test_a_topic_that_was_left_as_the_prompt_has_it_is_none(topic: str) -> None:
    assert sifted(GOOD, topic=topic) == ([], {"copied from the prompt": 1})


def test_a_topic_without_a_key_point_is_left_out_and_all_is_counted() -> None:
    topics = [
        TopicKeyPoints(topic="A - B", key_points=("48 seats", "1250 a day")),
        TopicKeyPoints(topic="C - D", key_points=("48 seats", GOOD)),
    ]
    kept, left_out = sift(topics, SEED, PROMPT)
    assert kept == (TopicKeyPoints(topic="C - D", key_points=(GOOD,)),)
    assert left_out.total() == 3


def test_the_examples_are_those_of_the_prompt_that_was_sent() -> None:
    assert sifted(GOOD, prompt=f"Right: {GOOD}.") == ([], {"copied from the prompt": 1})
    assert sifted("The share of a part is the part divided by the whole", prompt="")[1] == {}
