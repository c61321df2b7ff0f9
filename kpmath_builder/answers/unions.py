"""Unions of sets and intervals, and the real line without some points: `x ≠ 0` is `(-∞, 0) ∪ (0, ∞)`."""

from collections.abc import Sequence
from itertools import pairwise

from kpmath_builder.answers.forms import Form, Group, Scalar, flat
from kpmath_builder.answers.quantities import infinite, rational
from kpmath_builder.answers.tokens import UnreadableError

__all__ = ["line_without", "united"]


def united(parts: Sequence[Form]) -> Form:
    """Return the union; sets of single elements are one set."""
    if any(
        isinstance(part, Group) and part.kind in {"interval", "pair", "closed", "union"} for part in parts
    ):
        return Group("union", tuple(parts))
    items = [
        item
        for part in parts
        for item in (part.items if isinstance(part, Group) and part.kind == "set" else flat(part))
    ]
    return Group("set", tuple(items))


def line_without(points: Sequence[Form]) -> Form:
    """Return the real line without rational points, as the union of what lies between them.

    Raises
    ------
    UnreadableError
        Where a point is not rational.

    """
    if not all(isinstance(point, Scalar) and point.value.positive[0] == "q" for point in points):
        raise UnreadableError("not the line without some rational points")
    inner = sorted((point for point in points if isinstance(point, Scalar)), key=rational)
    ends = [Scalar(infinite(-1)), *(Scalar(point.value) for point in inner), Scalar(infinite(1))]
    return Group("union", tuple(Group("interval", pair, "()") for pair in pairwise(ends)))
