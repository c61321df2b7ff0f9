"""What a number counts or measures, and which results may stand in its place."""

from random import Random

import pytest

from kpmath_builder.symbolic.closing import Closing, draw_closing, match_closing
from kpmath_builder.symbolic.compose import compose
from kpmath_builder.symbolic.givens import read_givens
from kpmath_builder.symbolic.kinds import answers_in_another_unit, kind_asked, kind_of_words
from kpmath_builder.symbolic.passages import passage_of
from kpmath_builder.symbolic.reading import read_question
from kpmath_builder.symbolic.reasons import UnfitError, UnfitReason
from kpmath_builder.symbolic.solve import solve


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (" apples in a bag", "things"),
        (" more red marbles than", "things"),
        (" students in the class", "people"),
        (" hours a day", "hours"),
        (" miles per hour", "miles per hour"),
        (" miles to school", "miles"),
        (" mph", "miles per hour"),
        (" square feet of wall", "square feet"),
        (" cubic feet", "cubic feet"),
        (" dollars", "money"),
        (" times a week", "times"),
        (" points", "points"),
        (" times as many", ""),
        (" more than twice", ""),
        (" of them", ""),
        (". How many", ""),
        (", 5 pears", ""),
    ],
)
def test_words_behind_a_number_say_its_kind(after: str, kind: str):
    """Where they do not, the kind is empty and nothing is linked."""
    assert kind_of_words(after) == kind


@pytest.mark.parametrize(
    ("final", "last", "kind"),
    [
        ("How many pages does she read?", "She reads 40 pages.", "things"),
        ("How many does she read?", "She reads 40 pages.", "things"),
        ("How much does she earn?", "She earns $40.", "money"),
        ("How much did the pens cost?", "They cost 40 dollars.", "money"),
        ("How long does it take?", "It takes 40 minutes.", "minutes"),
        ("How long does it take, in hours?", "It takes 40.", "hours"),
        ("How tall is he?", "He is 40 inches tall.", "inches"),
        ("What is his bill?", "It is 40.", ""),
        ("What percentage is left?", "There are 40 left.", ""),
        ("How old is she?", "She is 40 years old.", ""),
        ("How much did it cost in cents?", "It cost 40 cents.", ""),
    ],
)
def test_a_question_and_its_solution_say_what_is_asked(final: str, last: str, kind: str):
    assert kind_asked(final, f"{last}\n#### 40") == kind


@pytest.mark.parametrize(
    ("final", "last", "differs"),
    [
        ("How many milligrams is a dose?", "A dose is 40 ml.", True),
        ("How many milligrams is a dose?", "A dose is 40 mg.", False),
        ("How many hours does it take?", "In 40 days it takes 40 hours.", False),
        ("How many hours does it take?", "It takes 40.", False),
        ("How many pens are 40 days' worth?", "There are 40 days.", False),
        ("How long does it take?", "It takes 40 ml.", False),
    ],
)
def test_a_solution_answers_in_the_unit_that_is_asked_for(final: str, last: str, *, differs: bool):
    assert answers_in_another_unit(final, f"{last}\n#### 40") is differs


@pytest.mark.parametrize(
    "sentence",
    [
        "There are 16 cups in a gallon.",
        "Each cubic foot of water is 7.5 gallons.",
        "A pound has 16 ounces.",
        "It takes 4 quarts to make a gallon.",
        "One hour has 60 minutes.",
    ],
)
def test_a_definition_never_changes(sentence: str):
    (given,) = read_givens(sentence)
    assert given.kept == "definition of a unit"


@pytest.mark.parametrize(
    "sentence", ["Ann works 9 hours a day.", "A bag has 16 ounces.", "Ann buys 5 gallons a week."]
)
def test_a_rate_is_no_definition(sentence: str):
    (given,) = read_givens(sentence)
    assert given.kept == ""


def test_no_day_is_longer_than_a_day():
    """A seed whose car drives 108 hours in a day is left out; in a week it may."""
    question = "A car drove 60 hours to Zipra and 48 hours back. How many hours did it drive that {}?"
    solution = "It drove 60+48=<<60+48=108>>108 hours.\n#### 108"
    assert passage_of(question.format("week"), solution).asks == "hours"
    with pytest.raises(UnfitError) as refusal:
        passage_of(question.format("day"), solution)
    assert refusal.value.reason is UnfitReason.IMPOSSIBLE_NUMBER


PAGES = passage_of(
    "Ann reads 9 pages a day for 5 days. How many pages does Ann read?",
    "She reads 9*5=<<9*5=45>>45 pages.\n#### 45",
)
TANK = passage_of(
    "A tank holds 40 gallons. Bob pours 25 gallons into it each hour for 3 hours. How many gallons does Bob pour?",
    "He pours 25*3=<<25*3=75>>75 gallons.\n#### 75",
)
SHELF = passage_of(
    "Carl puts 30 books on a shelf and 24 on another. How many books does Carl put on the shelves?",
    "He puts 30+24=<<30+24=54>>54 books.\n#### 54",
)


def test_a_result_takes_the_place_of_its_own_kind():
    """Pages may become books, and never gallons: results of two kinds are only added as numbers."""
    linked = read_question(compose([PAGES, SHELF], Random(1)), [PAGES, SHELF])
    assert linked is not None
    assert linked.closing is None
    for seed in range(5):
        apart = read_question(compose([PAGES, TANK], Random(seed)), [PAGES, TANK])
        assert apart is not None
        assert apart.closing is not None
        assert not any(part.links for part in apart.parts)
        assert not apart.closing.subtracts


def test_a_closing_is_solved_with_a_step_of_its_own():
    reading = read_question(compose([PAGES, TANK], Random(1)), [PAGES, TANK])
    assert reading is not None
    first, second = (steps[-1] for _, steps in reading.run())
    *_, step, answer = solve(reading).split("\n")
    assert step.endswith(f"= {first} + {second} = <<{first}+{second}={first + second}>>{first + second}.")
    assert answer == f"The answer is \\boxed{{{first + second}}}."


def test_a_closing_reads_back_as_it_was_drawn():
    for seed in range(20):
        closing = match_closing(draw_closing(["n", "m"], [5, 9], Random(seed), differs=True))
        assert closing in (Closing(("n", "m")), Closing(("m", "n"), subtracts=True))
    assert match_closing(draw_closing(["n", "m", "k"], [5, 9, 2], Random(0), differs=True)) == Closing(
        ("n", "m", "k")
    )


@pytest.mark.parametrize(
    "text", ["What is n?", "What is n + m - k?", "What is n + n?", "What is 3 + n?", "How much is n + m?"]
)
def test_other_questions_are_no_closings(text: str):
    assert match_closing(text) is None
