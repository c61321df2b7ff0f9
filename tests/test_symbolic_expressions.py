"""Exact arithmetic of annotations."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.symbolic.expressions import (
    Expression,
    ExpressionError,
    decimal_places,
    format_number,
    parse_number,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("48/2", 24),
        ("100-50-30-15", 5),
        ("2+3*4", 14),
        ("(2+3)*4", 20),
        ("12/60", Fraction(1, 5)),
        (".25*8", 2),
        ("1,000*3", 3000),
        ("20%*50", 10),
        ("-3+5", 2),
        ("3(17)", 51),
        ("8/2/2", 2),
        ("10-(2-1)", 9),
        ("$5x3", 15),
        ("0.1+0.2", Fraction(3, 10)),
    ],
)
def test_value_is_exact(text: str, value: Fraction):
    assert Expression.parse(text).value == value


@pytest.mark.parametrize(
    "text", ["", "2+", "(2", "2)", "a+1", "2 3", "__import__('os')", "1+" * 200 + "1", "5//2"]
)
def test_other_text_is_unreadable(text: str):
    with pytest.raises(ExpressionError):
        Expression.parse(text)


def test_division_by_zero_is_reported():
    with pytest.raises(ZeroDivisionError):
        _ = Expression.parse("1/(2-2)").value


def test_other_numbers_can_be_put_in():
    """The same expression is evaluated and written with other literals."""
    expression = Expression.parse("48/2 + 3")
    assert expression.evaluate([60, 2, 5]) == 35
    assert expression.write(["60", "2", "5"]) == "60/2+5"


@given(st.fractions(max_denominator=10**6).filter(lambda f: decimal_places(f) is not None))
def test_decimals_read_back(value: Fraction):
    """A terminating decimal survives writing and reading."""
    text = format_number(value if value.denominator > 1 else value.numerator)
    assert (-parse_number(text[1:]) if text.startswith("-") else parse_number(text)) == value


@given(
    st.recursive(
        st.integers(1, 99).map(str),
        lambda x: st.tuples(x, st.sampled_from("+-*"), x).map(lambda t: f"({''.join(t)})"),
    )
)
def test_agrees_with_python(text: str):
    """On whole numbers the value is Python's own (eval only here, on generated text)."""
    if len(text) <= 200:
        assert Expression.parse(text).value == eval(text)


@pytest.mark.parametrize(
    ("value", "decimals", "commas", "text"),
    [
        (24, 0, False, "24"),
        (24, 2, False, "24.00"),
        (Fraction(5, 2), 2, False, "2.50"),
        (12500, 0, True, "12,500"),
        (Fraction(1, 3), 0, False, "1/3"),
    ],
)
def test_numbers_are_written_as_people_do(value: Fraction, decimals: int, *, commas: bool, text: str):
    assert format_number(value, decimals=decimals, commas=commas) == text
