"""Which numbers a text of prose has, however they are written."""

import pytest

from kpmath_builder.curation.forms import Forms
from kpmath_builder.curation.numbers import numbers_of_prose


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Tom has 12 red pens and 3 blue ones.", ["12", "3"]),
        ("Tom has twelve red pens and three blue ones.", ["12", "3"]),
        ("Tom has 3 pens, Ann has 3 pens and twice as many books.", ["2", "3"]),
        ("One of them has 1 pen.", []),
        ("It costs $1,200 or 2.5 percent more.", ["1200", "2.5"]),
        (r"Find $x^2 + 5x - 7 = \sqrt{x + 2}$.", []),
    ],
)
def test_numbers_are_read_from_digits_and_words_of_prose(text: str, numbers: list[str]) -> None:
    assert numbers_of_prose(Forms.of(text).tokens) == numbers


def test_a_text_without_numbers_has_the_same_as_no_other() -> None:
    assert Forms.of("Tom has some pens.").numbers is None
    assert Forms.of("Tom has 5 pens.").numbers == Forms.of("Five pens are in Ann's bag.").numbers is not None
