"""Keys of equations and inequalities: the same for sides swapped, terms moved and a common factor."""

from fractions import Fraction

from kpmath_builder.answers.evaluation import evaluate
from kpmath_builder.answers.precision import Key, Value, difference, quotient, rounded
from kpmath_builder.answers.tokens import UnreadableError
from kpmath_builder.answers.trees import Call, Expression, symbols
from kpmath_builder.answers.values import Fingerprint, sampled, value_key

__all__ = ["Bound", "equation_key", "inequality_key", "linear_bound"]

Bound = tuple[Fingerprint, bool]
"""Where an unknown ends, and whether it lies above (True: a lower bound)."""


def equation_key(left: Expression, right: Expression) -> Key | None:
    """Return the key of `left = right`, the same for every constant multiple; None where no variable stands in it."""
    values = _differences(left, right)
    if values is None:
        return None
    first = values[0]
    if first == 0:
        raise UnreadableError("an identity says nothing of its variables")
    return ("equation", *(rounded(quotient(value, first)) for value in values[1:]))


def inequality_key(small: Expression, large: Expression, *, strict: bool) -> Key:
    """Return the key of `small < large` (or <= where it is not strict), the same for every positive multiple."""
    values = _differences(small, large)
    if values is None or values[0] == 0:
        raise UnreadableError("an inequality without variables")
    sign = 1 if values[0].real > 0 else -1
    ratios = (rounded(quotient(value, values[0])) for value in values[1:])
    return ("inequality", strict, sign, *ratios)


def _differences(left: Expression, right: Expression) -> list[Value] | None:
    gap = Call("add", (left, Call("neg", (right,))))
    names = symbols(gap)
    if not names:
        return None
    return [sample.value for sample in sampled(gap, names)]


def linear_bound(small: Expression, large: Expression, name: str) -> Bound:
    """Solve `small < large` for its one variable.

    Raises
    ------
    UnreadableError
        Where it is not linear.

    """
    gap = Call("add", (small, Call("neg", (large,))))
    at = [evaluate(gap, {name: Fraction(x)}).value for x in (0, 1, 2, 5)]
    slope = difference(at[1], at[0])
    if slope == 0 or (not isinstance(slope, Fraction) and slope.imag != 0):
        raise UnreadableError("not linear")
    steps = [value_key(quotient(difference(value, at[0]), slope)) for value in at[2:]]
    if steps != [("q", 2, 1), ("q", 5, 1)]:
        raise UnreadableError("not linear")
    key = value_key(quotient(-at[0], slope))
    return Fingerprint(key, key, real=True), slope.real < 0
