"""Functions with kinks and steps: equal only if proved, different only if they differ at a point, else unknown."""

import pytest

from kpmath_builder.answers import equivalent
from kpmath_builder.answers.expressions import is_expression
from kpmath_builder.answers.precision import MIXED, POINTS, point


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("|x-1|", "|1-x|", "equal"), ("|2x|", "2|x|", "equal"), ("|xy|", "|x||y|", "equal"), (r"\sqrt{x^2}", "|x|", "equal"), ("|x|^2", "x^2", "equal"),
        (r"\min(a,b)", r"\min\{b,a\}", "equal"), (r"\lfloor \frac{n}{2} \rfloor", r"\lfloor 0.5n \rfloor", "equal"), (r"-\lceil -x \rceil", r"\lfloor x \rfloor", "equal"),
        ("|x-10|", "10-x", "different"), (r"\lfloor n/2\rfloor", r"\lfloor (n-1)/2\rfloor", "different"), ("|x|", "x", "different"), ("|x+y|", "|x|+|y|", "different"),
        (r"\max(x,50)", "50", "unknown"), ("|x+100|", "x+100", "unknown"), (r"\min(n,60)", "n", "unknown"), (r"\lfloor x+1\rfloor", r"\lfloor x\rfloor+1", "unknown"),
    ],
)  # fmt: skip
def test_kinks_and_steps_are_proved_or_unknown(a: str, b: str, kind: str):
    assert equivalent(a, b).kind == equivalent(b, a).kind == kind


@pytest.mark.parametrize(
    ("a", "b"), [("|-3|", "3"), (r"\lfloor 3.7 \rfloor", "3"), (r"\lceil 3.2 \rceil", "4"), (r"\max(3,5)", "5"), (r"\gcd(12,18)", "6"), (r"17 \bmod 5", "2")]
)  # fmt: skip
def test_of_constants_they_are_worked_out(a: str, b: str):
    assert equivalent(a, b).equal


def test_points_spread_over_magnitudes_and_signs():
    values = [point(name, number) for name in "abcdefgh" for number in range(POINTS)]
    assert min(map(abs, values)) < 1
    assert max(map(abs, values)) > 10
    assert all(point("x", number) > 0 for number in range(MIXED))
    assert point("x", MIXED) < 0


@pytest.mark.parametrize(
    "text",
    [r"\sum_{k=1}^{n} k^2", r"\int_0^1 x dx", r"\lim_{x \to 0} \frac{\sin x}{x}", "55", r"{10 \choose 3}"],
)
def test_the_checker_is_asked_about_whole_expressions(text: str):
    assert is_expression(text)


@pytest.mark.parametrize(
    "text", [r"\sum_{k=1}^{n} k = 5", r"5 \text{ cm}", r"\foo x", "5 apples", "x, y", r"\sum_{k=1}^{n} k \text{ for } n", "(5", "5)", "x < 5", r"\sum k!'", "5 ^"]
)  # fmt: skip
def test_it_is_not_asked_about_what_it_would_leave_out(text: str):
    assert not is_expression(text)
