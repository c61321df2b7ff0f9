"""Inequalities: an interval where one unknown is bounded, a key of the whole otherwise."""

from kpmath_builder.answers.forms import Form, Group, Scalar, Word
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
    pairs = [(a, r, b) for a, r, b in zip(trees, relations, trees[1:], strict=False)]
    finite = [pair for pair in pairs if not any(infinity(tree) for tree in (pair[0], pair[2]))]
    try:
        return _interval(finite, names)
    except UnreadableError:
        if len(finite) != 1:
            raise
        small, relation, large = finite[0]
        return Word(inequality_key(small, large, strict=relation == "<"))


def _interval(pairs: list[tuple[Expression, str, Expression]], names: frozenset[str]) -> Form:
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
    return Group("interval", ends, opening + closing)


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
