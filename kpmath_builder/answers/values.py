"""Keys of values: a rational is kept exactly, everything else by a fingerprint of its digits.

An expression that is not rational is evaluated to 75 digits, its variables at fixed points, and rounded to 45: equal
expressions meet in one key, and different ones would have to agree in all 45 digits at every point.
"""

from dataclasses import dataclass
from fractions import Fraction

from kpmath_builder.answers.evaluation import evaluate
from kpmath_builder.answers.precision import KEY_BITS, Key, Value, point, rounded
from kpmath_builder.answers.trees import Expression, symbols

__all__ = ["Fingerprint", "fingerprint", "value_key"]


_POINTS = 4


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The keys of an expression."""

    positive: Key
    """Where its variables are positive."""
    everywhere: Key
    """Where some are negative too."""
    real: bool
    """Whether it has a real value there, and on the way (roots and logarithms of negative numbers have none): where not,
    nothing can be held against an expression that is equal for positive variables."""


def fingerprint(tree: Expression) -> Fingerprint:
    """Return the keys of an expression.

    Raises
    ------
    UnreadableError
        Where it has no value: division by zero, a number too large to write down, an infinity.

    """
    names = sorted(symbols(tree))
    if not names:
        key = value_key(*evaluate(tree, {})[:2])
        return Fingerprint(key, key, real=True)
    samples = [evaluate(tree, {name: point(name, k) for name in names}) for k in range(_POINTS)]
    first = samples[0]
    keys = [rounded(value, bits) for value, bits, _ in samples]
    if len(set(keys)) == 1:
        key = value_key(*first[:2])
        return Fingerprint(key, key, real=True)
    positive: Key = ("f", *keys[:2])
    return Fingerprint(positive, (*positive, *keys[2:]), real=all(real for *_, real in samples[2:]))


def value_key(value: Value, bits: int = KEY_BITS) -> Key:
    """Return the key of a constant: exact for a rational, rounded to 45 digits otherwise."""
    if not isinstance(value, Fraction):
        value = _snapped(value)
    if isinstance(value, Fraction):
        return ("q", value.numerator, value.denominator)
    return ("c", *rounded(value, bits))


def _snapped(value: Value) -> Value:
    """Return the rational that a 75-digit value can only be (denominator up to 10^20), or the value."""
    if value.imag != 0 and value.imag.exp + value.imag.bc > value.real.exp + value.real.bc - 200:
        return value
    real = value.real
    if real == 0:
        return Fraction(0)
    if not -200 < real.exp + real.bc < 200:
        return value
    exact = Fraction(int(real.man) * (-1 if real < 0 else 1)) * Fraction(2) ** int(real.exp)
    near = exact.limit_denominator(10**20)
    return near if near and abs(near - exact) <= abs(exact) / 2**215 else value
