"""Answers in words: what makes two of them equal, and which sentences state a quantity."""

import pytest

from kpmath_builder.answers import equivalent
from kpmath_builder.answers.prose import choice_of, stated, without_reason, word_key, yes_or_no


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The circle", "a circle"),
        (r"\text{Even}", "even"),
        ("x is odd", "x odd"),
        ("Softball, Kickball", "softball kickball"),
        ("even!", "even"),
    ],
)
def test_case_articles_and_punctuation_do_not_count(a: str, b: str):
    assert word_key(a) == word_key(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [("A circle", "A"), ("f(x)=2x for odd x", "f(x)=-2x for odd x"), ("n odd", "N odd"), ("a > 0 odd", "b > 0 odd"), ("5 m odd", "5.0 m odd"), ("I and II", "I and III")],
)  # fmt: skip
def test_every_other_word_and_sign_counts(a: str, b: str):
    assert word_key(a) != word_key(b)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Yes, it is possible.", "yes"),
        ("no", "no"),
        ("True.", "yes"),
        ("No, there is none.", "no"),
        ("Yes, x(t) = 0 is stable.", "yes"),
    ],
)
def test_yes_and_no_may_be_explained(text: str, meaning: str):
    assert (yes_or_no(text) or ("", ()))[0] == meaning


@pytest.mark.parametrize(
    "text",
    [
        "Yes, if n is odd",
        "no solution",
        "yes for k",
        "Yes, 5",
        "yes or no",
        "Yes, k ≥ 1",
        "not all",
        "true only if x > 0",
    ],
)
def test_a_condition_or_a_value_is_no_explanation(text: str):
    assert yes_or_no(text) is None


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("C. 12", "C"),
        ("(C) 12", "C"),
        (r"\textbf{(C)} 12", "C"),
        (r"\text{(C) } 12", "C"),
        ("C) the circle", "C"),
    ],
)
def test_a_choice_may_say_what_it_stands_for(text: str, letter: str):
    assert (choice_of(text) or ("", ""))[0] == letter


@pytest.mark.parametrize("text", ["(C) if n is odd", "(C), k", "(C)n", "(C) (x < 1)", "C: 12", "(x) 12"])
def test_a_condition_is_no_content_of_a_choice(text: str):
    assert choice_of(text) is None


@pytest.mark.parametrize(
    "text", ["The rank of the matrix is 3.", "Mike spent $3 at the store", "The answer that we want is $3$"]
)
def test_a_sentence_states_its_one_quantity(text: str):
    assert any("3" in quantity for quantity, _ in stated(text))


@pytest.mark.parametrize(
    "text",
    [
        "There are at least 3 of them", "The price increased by 3 in that year", "3 km to the north of it", r"32\text{ per square cm now}", "October 3",
        "If n is odd there are 3 of them", "There are 3 or 4 such numbers here", "It is not 3 but that is all",
        "The root $x=3$ is extraneous", "The number 3 can be excluded here", "R=3 is a necessary condition for A", "The temperature fell 3 degrees overnight",
    ],
)  # fmt: skip
def test_a_sentence_that_says_more_is_not_read(text: str):
    assert list(stated(text)) == []


def test_two_sentences_are_equal_only_if_they_say_the_same():
    assert equivalent("The minimum is 3", "3").equal
    assert not equivalent("The minimum is 3", "The maximum is 3").equal


def test_a_reason_adds_nothing_and_a_condition_does():
    assert without_reason("42 because geometry proves it") == "42"
    assert without_reason("42 because x = 3") == "42 because x = 3"
    assert without_reason("42 since only then it works") == "42 since only then it works"


@pytest.mark.parametrize(
    ("text", "word"),
    [("The function $f(x+1)-1$ is odd.", "odd"), ("The curve that it draws is a parabola.", "parabola")],
)
def test_a_sentence_may_state_one_word(text: str, word: str):
    assert equivalent(text, word)


@pytest.mark.parametrize(
    "text",
    [
        "The number is not odd",
        "If n is even the sum is odd",
        "Neither of them is odd",
        "The sum is odd or even",
        "n is odd",
    ],
)
def test_a_sentence_that_qualifies_its_word_does_not_state_it(text: str):
    assert not equivalent(text, "odd")
