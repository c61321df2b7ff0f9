"""What a number counts or measures, and which results may stand in its place."""

from random import Random

import pytest

from kpmath_builder.symbolic.closing import Closing, close_answers, close_letters, match_closing
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


PAGES_TEXT = "Ann reads 9 pages a day for 5 days."
TANK_TEXT = "A tank holds 40 gallons. Bob pours 25 gallons into it each hour for 3 hours."
PAGES = passage_of(
    f"{PAGES_TEXT} How many pages does Ann read?",
    "She reads 9*5=<<9*5=45>>45 pages.\n#### 45",
)
TANK = passage_of(
    f"{TANK_TEXT} How many gallons does Bob pour?",
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


def test_what_nothing_links_keeps_its_own_question():
    """No letter is defined for an answer that only the closing asks about: such wording is nowhere but in made problems."""
    for seed in range(5):
        question = compose([PAGES, TANK], Random(seed))
        assert "How many pages does Ann read? " in question
        assert "How many gallons does Bob pour? " in question
        reading = read_question(question, [PAGES, TANK])
        assert reading is not None
        assert reading.closing == Closing(2)
        assert "So " not in solve(reading)


def test_a_closing_is_solved_with_a_step_of_its_own():
    reading = read_question(compose([PAGES, TANK], Random(1)), [PAGES, TANK])
    assert reading is not None
    first, second = (steps[-1] for _, steps in reading.run())
    *_, step, answer = solve(reading).split("\n")
    assert step == f"The sum is {first} + {second} = <<{first}+{second}={first + second}>>{first + second}."
    assert answer == f"The answer is \\boxed{{{first + second}}}."


def test_letters_that_a_closing_asks_for_are_named_in_its_step():
    """Where one of three results stands in another passage, the passages define letters."""
    question = (
        "Ann reads 9 pages a day for 4 days. Let n be the number of pages Ann reads. Carl puts n books on a shelf and 20 on another. "
        "Let m be the number of books Carl puts on the shelves. A tank holds 40 gallons. Bob pours 20 gallons into it each hour for "
        "3 hours. Let k be the number of gallons Bob pours. Find k - m."
    )
    reading = read_question(question, [PAGES, SHELF, TANK])
    assert reading is not None
    assert reading.closing == Closing(2, subtracts=True, letters=("k", "m"))
    assert solve(reading).split("\n")[-2:] == ["k - m = 60 - 56 = <<60-56=4>>4.", "The answer is \\boxed{4}."]


def test_a_difference_of_answers_takes_the_smaller_from_the_larger():
    """Whichever question stands first: "the difference" has no sign."""
    closing = match_closing("What is the difference between the two answers?")
    assert closing == Closing(2, subtracts=True)
    assert closing.value([5, 9]) == closing.value([9, 5]) == 4
    assert closing.solution([5, 9]) == "The difference is 9 - 5 = <<9-5=4>>4."


def test_a_closing_about_answers_reads_back_as_it_was_drawn():
    drawn = {close_answers([5, 9], Random(seed), Random(seed + 1), differs=True) for seed in range(40)}
    assert {match_closing(text) for text in drawn} == {Closing(2), Closing(2, subtracts=True)}
    assert len(drawn) == 6
    for seed in range(20):
        assert match_closing(close_answers([5, 9], Random(seed), Random(seed), differs=False)) == Closing(2)
        assert match_closing(close_answers([5, 5], Random(seed), Random(seed), differs=True)) == Closing(2)
        assert match_closing(close_answers([5, 9, 2], Random(seed), Random(seed), differs=True)) == Closing(3)


def test_a_closing_about_letters_reads_back_as_it_was_drawn():
    for seed in range(20):
        closing = match_closing(
            close_letters(["n", "m"], [5, 9], Random(seed), Random(seed + 1), differs=True)
        )
        assert closing in (
            Closing(2, letters=("n", "m")),
            Closing(2, subtracts=True, letters=("m", "n")),
        )
    three = match_closing(close_letters(["n", "m", "k"], [5, 9, 2], Random(0), Random(0), differs=True))
    assert three == Closing(3, letters=("n", "m", "k"))


def test_a_closing_asks_for_all_answers_and_no_more():
    """A question that counts its answers wrongly, or asks about answers where letters are defined, is not understood."""
    asked = (
        f"{PAGES_TEXT} How many pages does Ann read? {TANK_TEXT} How many gallons does Bob pour? "
        "What is the sum of the {} answers?"
    )
    assert read_question(asked.format("two"), [PAGES, TANK]) is not None
    assert read_question(asked.format("three"), [PAGES, TANK]) is None
    defined = asked.replace("How many pages does Ann read?", "Let n be the number of pages Ann reads.")
    assert read_question(defined.format("two"), [PAGES, TANK]) is None


@pytest.mark.parametrize(
    "text",
    [
        "What is n?",
        "What is n + m - k?",
        "What is n + n?",
        "What is 3 + n?",
        "How much is n + m?",
        "What is the sum of the four answers?",
        "What is the difference between the three answers?",
        "What is the sum of the two answers",
    ],
)
def test_other_questions_are_no_closings(text: str):
    assert match_closing(text) is None
