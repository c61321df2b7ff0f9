"""The rule by which published graders compare: digits that are stated may round, a percent sign and a unit may be left out.

For evaluation against references that were graded so. Votes never use it: a label must be the value, not near it.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from kpmath_builder.answers.canonical import Parts, form_of
from kpmath_builder.answers.forms import Form, Group, Labelled, Scalar, bare, same_form
from kpmath_builder.answers.normalise import normalise
from kpmath_builder.answers.values import exact

__all__ = ["agree_as_published"]

_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?|(?<![\w.])\.\d+")
_PERCENT = re.compile(r"\s*(?:\\?%|\\text\s*\{\s*percent\s*\}|\bpercent\b)")
_LEAST_DIGITS = 2
"""A rounding states at least so many digits: 0.3 is none of 1/3."""


def agree_as_published(a: Parts, b: Parts) -> bool:
    """Whether two answers are equal once a percent sign that only one has is left out, or a decimal of one is taken as a rounding."""
    if len(a) != len(b):
        return False
    return all(_part(normalise(first), normalise(second)) for first, second in zip(a, b, strict=True))


def _part(a: str, b: str) -> bool:
    return any(_alike(first, second) for first, second in _without_percent(a, b))


def _without_percent(a: str, b: str) -> Iterator[tuple[str, str]]:
    yield a, b
    first, second = _PERCENT.sub("", a), _PERCENT.sub("", b)
    if (first == a) != (second == b):
        yield first, second


def _alike(a: str, b: str) -> bool:
    one, other = form_of((a,)), form_of((b,))
    return same_form(one, other) or _rounds(a, one, other) or _rounds(b, other, one)


def _rounds(text: str, rounded: Form, value: Form) -> bool:
    """Whether each number of a form is a rounding of the other form's: as many as are written, in the same brackets and order."""
    if not _same_labels(rounded, value):
        return False
    near, far = _leaves(bare(rounded)), _leaves(bare(value))
    literals = _NUMBER.findall(text)
    if near is None or far is None or not len(near) == len(far) == len(literals):
        return False
    return all(
        _is_rounding(literal.replace(",", ""), first, second)
        for literal, first, second in zip(literals, near, far, strict=True)
    )


def _same_labels(a: Form, b: Form) -> bool:
    names = {
        form.label if isinstance(form, Labelled) else form.name
        for form in (a, b)
        if isinstance(form, Labelled) or (isinstance(form, Scalar) and form.name)
    }
    shapes = {(form.kind, form.brackets) if isinstance(form, Group) else () for form in map(bare, (a, b))}
    return len(names) < 2 and len(shapes) == 1


def _leaves(form: Form) -> list[Scalar] | None:
    """Return the values of a form in their order, or None if something else stands in it."""
    if isinstance(form, Scalar):
        return [form]
    if not isinstance(form, Group) or form.kind == "set":
        return None
    leaves: list[Scalar] = []
    for item in form.items:
        inner = _leaves(item)
        if inner is None:
            return None
        leaves += inner
    return leaves


def _is_rounding(literal: str, rounded: Scalar, value: Scalar) -> bool:
    if (rounded.unit and value.unit and rounded.unit != value.unit) or (
        rounded.noun and value.noun and rounded.noun != value.noun
    ):
        return False
    stated, true = exact(rounded.value), exact(value.value)
    if stated is None or true is None:
        return False
    if stated == true:
        return True
    whole, _, places = literal.partition(".")
    scale = next(
        (s for s in (1, 100) if abs(stated) * s == Fraction(literal)), 0
    )  # as it is written, or in percent
    enough = len((whole + places).lstrip("0")) >= _LEAST_DIGITS and bool(places)
    return bool(scale) and enough and abs(true - stated) * scale * 10 ** len(places) <= Fraction(1, 2)
