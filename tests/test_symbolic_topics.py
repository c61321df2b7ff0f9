"""Topics and key points by rules."""

import json
from collections import Counter
from pathlib import Path

import pytest

from kpmath_builder.symbolic.topic_rules import RULES
from kpmath_builder.symbolic.topics import extract, from_the_beginning, same_topic


def test_the_table_has_no_repeated_names():
    """Every topic reads "Subject - Subcategory", and no key point is filed twice."""
    topics = [topic for topic, _ in RULES]
    points = [point for _, rules in RULES for point, _, _ in rules]
    assert len(set(topics)) == len(topics)
    assert len(set(points)) == len(points)
    assert all(len(topic.split(" - ")) == 2 for topic in topics)


def test_words_and_steps_name_the_topics():
    found = extract(
        "A coat costs $80 and is on sale at 25% off. What is the sale price?",
        "The discount is 80*25/100=<<80*25/100=20>>20.\nIt costs 80-20=<<80-20=60>>60.\n#### 60",
    )
    assert "Discounted price" in found["Business - Discounts and Taxes"]
    assert "Finding a percent of a number" in found["Percents - Percent of a Quantity"]


@pytest.mark.parametrize(
    ("problem", "solution", "topic"),
    [
        (
            "A library has 40 books. Ann borrows 3 books and Bob brings back 5. How many books are there now?",
            "There are 40-3=<<40-3=37>>37 books.\nNow there are 37+5=<<37+5=42>>42.\n#### 42",
            "Finance - Interest and Loans",
        ),
        (
            "Ann hangs up 3 stockings with 4 nuts each. How many nuts does she have?",
            "She has 3*4=<<3*4=12>>12 nuts.\n#### 12",
            "Finance - Interest and Loans",
        ),
        (
            "Tom is 60 inches tall and gains 12 inches. How tall is he?",
            "He is 60+12=<<60+12=72>>72 inches.\n#### 72",
            "Business - Profit and Loss",
        ),
        (
            "A room has 8 square tables with 4 seats each. How many seats are there?",
            "There are 8*4=<<8*4=32>>32 seats.\n#### 32",
            "Geometry - Perimeter and Shapes",
        ),
        (
            "Ann weighed 90 pounds 2 years ago and gained 15 pounds. What does she weigh?",
            "She weighs 90+15=<<90+15=105>>105 pounds.\n#### 105",
            "Measurement - Ages",
        ),
    ],
)
def test_words_alone_name_no_topic(problem: str, solution: str, topic: str):
    """A topic asks for what the solution does: who borrows books takes out no loan."""
    assert topic not in extract(problem, solution)


@pytest.mark.parametrize(
    ("problem", "solution", "point"),
    [
        ("One quarter of the 240 books are novels. How many are others?", "240/4=<<240/4=60>>60\n240-60=<<240-60=180>>180", "Converting cups, quarts and gallons"),
        ("A tank holds 48 gallons. Half of it is used, then a quarter. How many gallons are that?", "48/2=<<48/2=24>>24\n48/4=<<48/4=12>>12\n24+12=<<24+12=36>>36", "Converting cups, quarts and gallons"),
        ("A rope that is 96 meters long is cut into a dozen pieces. How long is each?", "96/12=<<96/12=8>>8", "Converting feet, inches and yards"),
        ("Grandpa has a fence of 30 meters and adds 12 meters. How long is it?", "30+12=<<30+12=42>>42", "Total length of a trip in several legs"),
        ("Tonight Ann has 3 programs of 40 minutes. How many minutes are that?", "3*40=<<3*40=120>>120", "Weight of many equal items"),
        ("Two parents buy cards for $3 each and sell 20 for $5 each. What is their profit?", "20*5=<<20*5=100>>100\n20*3=<<20*3=60>>60\n100-60=<<100-60=40>>40", "Costs of running a business"),
        ("On Friday Tim forgot 3 of his 14 chocolate bars. How many pages has a teacher's book?", "14-3=<<14-3=11>>11", "Adding durations"),
        ("A restaurant in the forest charges $8 for a breakfast. How much are 3 breakfasts?", "3*8=$<<3*8=24>>24", "Distance as speed times time"),
        ("A taxi costs $3 for 2 miles and $4 for the rest. How much is that?", "3+4=$<<3+4=7>>7", "Tax, tip and fee added to a price"),
    ],
    ids=["a quarter is no quart", "gallons alone", "meters are no feet", "Grandpa ran nowhere", "no tons and grams", "parents pay no rent", "Friday is no duration", "breakfast is not fast", "a taxi is no tax"],
)  # fmt: skip
def test_a_part_of_a_word_names_no_key_point(problem: str, solution: str, point: str):
    assert point not in {each for points in extract(problem, solution).values() for each in points}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"rest|left", r"\brest|\bleft"),
        (r"\bs(?:ell|old)\b|sales?", r"\bs(?:ell|old)\b|\bsales?"),
        (r"(?:drive|(?:ran|run))\w*.*(?=mile)", r"(?:\bdrive|(?:\bran|\brun))\w*.*(?=\bmile)"),
        (r"percent(?:age|(?:s|ile))? (?:more)", r"\bpercent(?:age|(?:s|ile))? (?:\bmore)"),
        (r"(?<=x)a|%|\d/\d|(?!b)", r"(?<=x)a|%|\d/\d|(?!b)"),
    ],
)
def test_alternatives_begin_where_words_do(pattern: str, expected: str):
    assert from_the_beginning(pattern) == expected


@pytest.mark.parametrize(
    ("problem", "solution", "point"),
    [
        ("A gallon is four quarts. Ann has 3 gallons. How many quarts is that?", "3*4=<<3*4=12>>12", "Converting cups, quarts and gallons"),
        ("How many inches are 5 feet?", "5*12=<<5*12=60>>60", "Converting feet, inches and yards"),
        ("She rides her bike 3 miles and runs 4 miles. How far is that?", "3+4=<<3+4=7>>7", "Total length of a trip in several legs"),
    ],
)  # fmt: skip
def test_whole_words_do(problem: str, solution: str, point: str):
    found = extract(problem, solution)
    assert point in {each for points in found.values() for each in points}


def test_a_loan_is_one():
    found = extract(
        "Ann borrows $500 and pays 10% interest. How much does she pay back?",
        "The interest is 500*10/100=$<<500*10/100=50>>50.\nShe pays 500+50=$<<500+50=550>>550.\n#### 550",
    )
    assert found["Finance - Interest and Loans"] == ["Simple interest", "Instalments and down payments"]


def test_a_problem_without_steps_still_has_a_topic():
    assert extract("Prove that it is so.", "It is so.") == {
        "Arithmetic - Basic Operations": ["Turning a story into arithmetic"]
    }


def test_all_seeds_have_topics_and_no_topic_swallows_them(shared_data: Path):
    """GSM8K train: 25–40 topics, several for most problems, over a hundred key points."""
    topics, points, several, rows = Counter[str](), Counter[str](), 0, 0
    for line in (shared_data / "gsm8k" / "train.jsonl").read_text(encoding="utf-8").splitlines()[::7]:
        row = json.loads(line)
        found = extract(row["question"], row["answer"])
        assert found
        assert all(0 < len(named) <= 6 for named in found.values())
        topics.update(found.keys())
        points.update(point for named in found.values() for point in named)
        several, rows = several + (len(found) > 1), rows + 1
    assert 25 <= len(topics) <= 40
    assert 80 <= len(points) <= 150
    assert several > 0.9 * rows
    assert max(topics.values()) < 0.5 * rows


def test_same_topic_compares_words_and_key_points():
    area = {"topic": "Geometry - Area", "key_points": ["Area of a rectangle"]}
    assert same_topic(area, {"topic": "geometry – areas", "key_points": []})
    assert same_topic(area, {"topic": "Geometry - Surfaces", "key_points": ["The area of rectangles"]})
    assert not same_topic(area, {"topic": "Geometry - Volume", "key_points": ["Volume of a box"]})
