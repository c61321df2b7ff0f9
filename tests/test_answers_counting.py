"""What may stand behind a value: units as a whole, nouns of a bare count, numbers in words; nothing else is left out."""

from fractions import Fraction

import pytest

from kpmath_builder.answers.counting import counted
from kpmath_builder.answers.numerals import with_numerals
from kpmath_builder.answers.scanner import tokenize
from kpmath_builder.answers.trees import number
from kpmath_builder.answers.units import parse_unit, price


@pytest.mark.parametrize(
    ("words", "noun"),
    [
        ("apples", "apples"), ("red marbles", "red marbles"), ("slices of pizza", "slices of pizza"), ("children", "children"), ("people", ""),
        ("units", ""), ("square units", ""), ("sq units", ""), ("units ^ 2", ""), ("in total", ""), ("distinct integers", "distinct integers"),
    ],
)  # fmt: skip
def test_a_plural_noun_is_what_is_counted(words: str, noun: str):
    assert counted(words, one=False) == noun


@pytest.mark.parametrize(
    "words",
    [
        "more", "fewer apples", "extra apples", "more apples", "older", "increase", "decreases", "north", "squared", "times", "tens", "hundreds", "thirds", "less",
        "at least", "upwards", "apple", "each", "max", "lines", "apples than oranges left over now", "apples 3", "per day", "plus", "of pizza",
    ],
)  # fmt: skip
def test_words_that_may_change_a_count_are_never_left_out(words: str):
    assert counted(words, one=False) is None


def test_one_thing_is_counted_in_the_singular():
    assert counted("apple", one=True) == "apple"
    assert counted("apple", one=False) is None


@pytest.mark.parametrize(
    ("words", "dimension", "factor"),
    [
        ("km", (("m", 1),), 1000), ("km/h", (("m", 1), ("s", -1)), Fraction(5, 18)), ("square feet", (("m", 2),), Fraction(381, 1250) ** 2),
        ("cm ^ 2", (("m", 2),), Fraction(1, 10_000)), ("cm³", (("m", 3),), Fraction(1, 1_000_000)), ("miles per hour", (("m", 1), ("s", -1)), Fraction(201168, 125 * 3600)), ("minutes per day", (("ratio", 1),), Fraction(1, 1440)),
    ],
)  # fmt: skip
def test_a_unit_is_read_from_its_first_word_to_its_last(words: str, dimension: object, factor: Fraction):
    unit = parse_unit(words)
    assert unit is not None
    assert (unit.dimension, unit.factor) == (dimension, factor)


@pytest.mark.parametrize(
    "words",
    [
        "km north",
        "years older",
        "square",
        "cm tall",
        "feet higher",
        "cm cm apples",
        "squared cm",
        "* cm",
        "per",
        "cm ③ ③",
    ],
)
def test_a_unit_with_anything_else_is_no_unit(words: str):
    assert parse_unit(words) is None


def test_what_a_price_is_for_is_kept():
    assert price("dollars per day") == ("dollars", "day")
    assert price("km per hour") == ("km per hour", "")


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("five", "5"), ("twenty-five", "25"), ("two hundred", "200"), ("three-fourths", "3/4"), ("two thirds", "2/3"), ("half", "1/2"), ("a quarter", "1/4"),
        ("a dozen", "12"), ("one hundred twenty-three", "123"), ("twelve thousand", "12000"), ("half an", "1/2"), ("ninety nine", "99"),
    ],
)  # fmt: skip
def test_numbers_in_words_are_numbers(words: str, value: str):
    (token,) = with_numerals(tokenize(words))
    assert number(token.value).value == Fraction(value)


@pytest.mark.parametrize("words", ["no one", "number two", "someone", "twenty-odd", "two-digit"])
def test_words_that_hold_a_number_are_no_number(words: str):
    assert all(token.kind == "text" for token in with_numerals(tokenize(words)))
