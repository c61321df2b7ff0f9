"""Questions turned into definitions of a variable."""

import pytest

from kpmath_builder.symbolic.names import capitalised, rename, shared_names
from kpmath_builder.symbolic.sentences import definitions, split_question


@pytest.mark.parametrize(
    ("question", "money", "definition"),
    [
        (
            "How many clips did Natalia sell in May?",
            False,
            "Let n be the number of clips Natalia sold in May.",
        ),
        ("How many pages does she read?", False, "Let n be the number of pages she reads."),
        ("How many apples are left?", False, "Let n be the number of apples that are left."),
        ("How many cats are there in total?", False, "Let n be the total number of cats."),
        ("How many more eggs does he need?", False, "Let n be the number of additional eggs he needs."),
        ("How much money will they have left?", True, "Let n be the number of dollars they will have left."),
        ("What is the total cost of the shoes?", True, "Let n be the total cost of the shoes, in dollars."),
        (
            "If each bag holds 5 pears, how many bags does Tom need?",
            False,
            "Suppose each bag holds 5 pears. Let n be the number of bags Tom needs.",
        ),
        (
            "After 3 weeks, how many seeds will she have?",
            False,
            "Let n be the number of seeds she will have after 3 weeks.",
        ),
        (
            "How many more cats than dogs are there?",
            False,
            "Let n be the answer to the question “How many more cats than dogs are there?”.",
        ),
        ("How tall is the tree?", False, "Let n be the answer to the question “How tall is the tree?”."),
        (
            "How many in total do they have?",
            False,
            "Let n be the answer to the question “How many in total do they have?”.",
        ),
    ],
)
def test_a_question_becomes_a_definition(question: str, *, money: bool, definition: str):
    """Safe grammar is turned round; anything else is quoted whole."""
    assert definitions(question, "n", money=money)[0] == definition


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
