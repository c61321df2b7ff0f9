"""Questions turned into definitions of a variable."""

import pytest

from kpmath_builder.symbolic.names import capitalised, rename, shared_names
from kpmath_builder.symbolic.sentences import definitions, split_question


@pytest.mark.parametrize(
    ("question", "kind", "definition"),
    [
        (
            "How many clips did Natalia sell in May?",
            "things",
            "Let n be the number of clips Natalia sold in May.",
        ),
        ("How many pages does she read?", "things", "Let n be the number of pages she reads."),
        ("How many apples are left?", "things", "Let n be the number of apples that are left."),
        ("How many cats are there in total?", "things", "Let n be the total number of cats."),
        ("How many more eggs does he need?", "things", "Let n be the number of additional eggs he needs."),
        (
            "How much money will they have left?",
            "money",
            "Let n be the number of dollars they will have left.",
        ),
        (
            "What is the total cost of the shoes?",
            "money",
            "Let n be the total cost of the shoes, in dollars.",
        ),
        (
            "If each bag holds 5 pears, how many bags does Tom need?",
            "things",
            "Suppose each bag holds 5 pears. Let n be the number of bags Tom needs.",
        ),
        (
            "After 3 weeks, how many seeds will she have?",
            "things",
            "Let n be the number of seeds she will have after 3 weeks.",
        ),
        (
            "How many more cats than dogs are there?",
            "things",
            "Let n be the answer to the question “How many more cats than dogs are there?”.",
        ),
        (
            "How many more sit-ups can Bob do compared to Ken?",
            "times",
            "Let n be the answer to the question “How many more sit-ups can Bob do compared to Ken?”.",
        ),
        (
            "What is the combined height of the towers?",
            "feet",
            "Let n be the combined height of the towers, in feet.",
        ),
        ("What is the height of the tower in feet?", "feet", "Let n be the height of the tower in feet."),
        (
            "What is the worth of the lot?",
            "",
            "Let n be the answer to the question “What is the worth of the lot?”.",
        ),
        (
            "How tall is the tree?",
            "feet",
            "Let n be the answer to the question “How tall is the tree?”, in feet.",
        ),
        (
            "How tall in feet is the tree?",
            "feet",
            "Let n be the answer to the question “How tall in feet is the tree?”.",
        ),
        (
            "How many sq ft is the floor?",
            "square feet",
            "Let n be the answer to the question “How many sq ft is the floor?”.",
        ),
        (
            "In square inches, what is the area of her room?",
            "square inches",
            "Let n be the area of her room, in square inches.",
        ),
        ("How much was it?", "money", "Let n be the answer to the question “How much was it?”."),
        (
            "How many in total do they have?",
            "things",
            "Let n be the answer to the question “How many in total do they have?”.",
        ),
    ],
)
def test_a_question_becomes_a_definition(question: str, kind: str, definition: str):
    """Safe grammar is turned round; anything else is quoted whole."""
    assert definitions(question, "n", kind=kind)[0] == definition


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param(
            "A tap gives 9 gallons. how long does it run, in hours?",
            ("A tap gives 9 gallons.", "How long does it run, in hours?"),
            id="a question in lower case",
        ),
        pytest.param(
            "If you have a tub of 40 gallons. It leaks 4 gallons an hour. How many hours does it last?",
            (
                "Suppose you have a tub of 40 gallons. It leaks 4 gallons an hour.",
                "How many hours does it last?",
            ),
            id="a condition without its main clause",
        ),
        pytest.param(
            "If it rains, he stays. He reads 9 pages. How many pages does he read?",
            ("If it rains, he stays. He reads 9 pages.", "How many pages does he read?"),
            id="a whole condition",
        ),
    ],
)
def test_no_sentence_is_cut_off(text: str, parts: tuple[str, str]):
    """A question begins where its sentence begins, and a bare condition becomes a supposition."""
    assert split_question(text) == parts


def test_the_last_sentence_asks():
    assert split_question("Mr. Lee has 5 hens. He buys 3. How many hens has he?") == (
        "Mr. Lee has 5 hens. He buys 3.",
        "How many hens has he?",
    )


@pytest.mark.parametrize(
    "text",
    [
        "Tom has 5 hens. How many has he? How many has Sue?",
        "Is 5 more than 4?",
        "Tom has 5 hens.",
        "How many hens has he? There are 5.",
        "How many hens and how many cows are there?",
    ],
)
def test_other_endings_are_not_one_question(text: str):
    assert split_question(text) is None


def test_people_of_one_name_are_told_apart():
    """The later Tom gets another man's name that occurs nowhere else."""
    texts = ["Tom and Sue meet.", "Tom's dog bites Bob in Paris."]
    changes = shared_names([capitalised(text) for text in texts], 1)
    ((old, new),) = changes
    assert (old, new not in " ".join(texts)) == ("Tom", True)
    assert rename(texts[1], changes) == f"{new}'s dog bites Bob in Paris."


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("John sleeps.", "She sells a John Deere tractor."),
        ("Mary bakes in June.", "By mid-June she has 5."),
        ("Eve is late.", "It is New Year's Eve."),
    ],
    ids=["brand", "month", "day"],
)
def test_what_only_looks_like_a_name_stays(first: str, second: str):
    assert shared_names([capitalised(first), capitalised(second)], 1) == ()
