"""Inequalities: an interval where one unknown is bounded, a key of the whole otherwise."""

from kpmath_builder.answers.forms import Form, Group, Labelled, Scalar, Word
from kpmath_builder.answers.precision import Key
from kpmath_builder.answers.quantities import infinite, infinity, value_of
from kpmath_builder.answers.relations import inequality_key, linear_bound
from kpmath_builder.answers.tokens import UnreadableError
from kpmath_builder.answers.trees import Call, Expression, Symbol, symbols
from kpmath_builder.answers.values import Fingerprint, fingerprint

__all__ = ["read_inequality"]


def read_inequality(trees: list[Expression], relations: list[str]) -> Form:
    """Return the form of sides that stand in ascending order, joined by < or <=."""
    names = frozenset[str]().union(*(symbols(tree) for tree in trees))
    if not names:
        return Word(("chain", *relations, *(value_of(tree).positive for tree in trees)))
    pairs = [pair for a, r, b in zip(trees, relations, trees[1:], strict=False) for pair in _between(a, r, b)]
    finite = [pair for pair in pairs if not any(infinity(tree) for tree in (pair[0], pair[2]))]
    if len(trees) == 2 and _is_distance(trees[1]) and not symbols(trees[0]):
        return _outside(trees[0], relations[0], trees[1], names)
    try:
        return _interval(finite, names)
    except UnreadableError:
        if len(finite) != 1:
            raise
        small, relation, large = finite[0]
        return Word(inequality_key(small, large, strict=relation == "<"))


def _interval(pairs: list[tuple[Expression, str, Expression]], names: frozenset[str]) -> Labelled:
    """Return the interval that the bounds of one unknown leave."""
    bounds: dict[bool, tuple[Fingerprint, str]] = {}
    for small, relation, large in pairs:
        end, lower = _bound(small, large, names)
        if lower in bounds:
            raise UnreadableError("two bounds on one side")
        bounds[lower] = (end, relation)
    low, high = bounds.get(True), bounds.get(False)
    opening = "[" if low and low[1] == "<=" else "("
    closing = "]" if high and high[1] == "<=" else ")"
    ends = (Scalar(low[0] if low else infinite(-1)), Scalar(high[0] if high else infinite(1)))
    return Labelled(_unknown(pairs, names), Group("interval", ends, opening + closing))


def _unknown(pairs: list[tuple[Expression, str, Expression]], names: frozenset[str]) -> Key:
    """Return the label of what is bounded."""
    if len(names) == 1:
        return ("name", next(iter(names)))
    side = next(side for small, _, large in pairs for side in (large, small) if _is_unknown(side))
    return ("name", side.name) if isinstance(side, Symbol) else ("unknown", fingerprint(side).positive)


def _is_distance(tree: Expression) -> bool:
    return isinstance(tree, Call) and tree.name == "abs" and bool(symbols(tree))


def _between(small: Expression, relation: str, large: Expression) -> list[tuple[Expression, str, Expression]]:
    """Return `|u| < c` as `-c < u` and `u < c`."""
    if not isinstance(small, Call) or not _is_distance(small) or symbols(large):
        return [(small, relation, large)]
    inner = small.arguments[0]
    return [(Call("neg", (large,)), relation, inner), (inner, relation, large)]


def _outside(small: Expression, relation: str, large: Expression, names: frozenset[str]) -> Form:
    """Return `|u| > c` as `u < -c or u > c`."""
    inner = large.arguments[0] if isinstance(large, Call) else large
    below = _interval([(inner, relation, Call("neg", (small,)))], names)
    above = _interval([(small, relation, inner)], names)
    parts = (below.form, above.form)
    ends = sorted(parts, key=lambda part: isinstance(part, Group) and part.items[1] == Scalar(infinite(1)))
    return Labelled(below.label, Group("union", tuple(ends)))


def _bound(small: Expression, large: Expression, names: frozenset[str]) -> tuple[Fingerprint, bool]:
    """Return where the unknown ends and whether that is a lower bound."""
    if _is_unknown(large) and not symbols(small) & symbols(large) and not _is_unknown(small):
        return fingerprint(small), True
    if _is_unknown(small) and not symbols(small) & symbols(large) and not _is_unknown(large):
        return fingerprint(large), False
    if len(names) != 1:
        raise UnreadableError("several unknowns")
    return linear_bound(small, large, next(iter(names)))


def _is_unknown(tree: Expression) -> bool:
    return (isinstance(tree, Symbol) and bool(symbols(tree))) or (
        isinstance(tree, Call) and tree.name.startswith("unknown ")
    )
