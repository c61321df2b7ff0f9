"""Keys of values: a rational is kept exactly, everything else by a fingerprint of its digits.

An expression that is not rational is evaluated to 75 digits, its variables at fixed points, and rounded to 45: equal
expressions meet in one key, and different ones would have to agree in all 45 digits at every point.
"""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mpmath import libmp  # type: ignore[import-untyped]  # comes with sympy, has no types

from kpmath_builder.answers.evaluation import Evaluated, evaluate
from kpmath_builder.answers.precision import KEY_BITS, MIXED, POINTS, Key, Value, point, rounded
from kpmath_builder.answers.tokens import UnboundedError
from kpmath_builder.answers.trees import Expression, symbols

__all__ = ["Fingerprint", "decimal", "exact", "fingerprint", "sampled", "truly_differ", "value_key"]


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
    true: tuple[Key, ...] = ()
    """Its true values at the points, if it has kinks or steps such as |x| or ⌊x⌋: equal keys are then equal values, and other
    keys prove nothing, but other true values do."""

    @property
    def steps(self) -> bool:
        """Whether a kink or a step stands in it."""
        return bool(self.true)


def fingerprint(tree: Expression) -> Fingerprint:
    """Return the keys of an expression.

    Raises
    ------
    UnreadableError
        Where it has no value: division by zero, a number too large to write down, an infinity.

    """
    names = sorted(symbols(tree))
    if not names:
        constant = evaluate(tree, {})
        key = value_key(constant.value, constant.bits)
        return Fingerprint(key, key, real=True)
    samples = sampled(tree, names)
    first = samples[0]
    keys = [rounded(sample.value, sample.bits) for sample in samples]
    true: tuple[Key, ...] = ()
    if any(sample.steps for sample in samples):
        true = tuple(rounded(sample.value, sample.bits) for sample in sampled(tree, names, named=False))
    if len(set(keys)) == 1:
        key = value_key(first.value, first.bits)
        return Fingerprint(key, key, real=True, true=true)
    positive: Key = ("f", *keys[:MIXED])
    real = all(sample.real for sample in samples[MIXED:])
    return Fingerprint(positive, (*positive, *keys[MIXED:]), real=real, true=true)


def truly_differ(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two values of which one has kinks or steps differ at a point at which both are what they seem."""
    first, second = (f.true or f.everywhere[1:] for f in (one, other))
    count = POINTS if one.real and other.real else MIXED
    constants = [f for f in (one, other) if f.positive[0] != "f" and not f.true]
    return not constants and any(a != b for a, b in zip(first[:count], second[:count], strict=True))


def sampled(tree: Expression, variables: Collection[str], *, named: bool = True) -> list[Evaluated]:
    """Return what an expression is at the fixed points; a point at which it is too large is replaced by a smaller one."""
    return [_at_point(tree, variables, number, named=named) for number in range(POINTS)]


def _at_point(tree: Expression, variables: Collection[str], number: int, *, named: bool) -> Evaluated:
    try:
        return evaluate(tree, {name: point(name, number) for name in variables}, named=named)
    except UnboundedError:
        smaller = number + 7 * POINTS + (-number) % 3  # the size 1 to 5
        sign = -1 if number >= MIXED else 1
        return evaluate(tree, {name: sign * abs(point(name, smaller)) for name in variables}, named=named)


def decimal(value: Fingerprint) -> float | None:
    """Return a real constant as a decimal number, or None if it is none or too large."""
    parts: tuple[Any, ...] = value.positive[1:]
    try:
        if value.positive[0] == "q":
            return float(Fraction(*parts))
        real = value.positive[0] == "c" and parts[1] == libmp.fzero
        return float(libmp.to_float(parts[0], strict=True)) if real else None
    except OverflowError:
        return None


def exact(value: Fingerprint) -> Fraction | None:
    """Return a real constant as a rational: the value itself, or its 45 digits; None if it is no real constant."""
    parts: tuple[Any, ...] = value.positive[1:]
    if value.positive[0] == "q":
        return Fraction(*parts)
    if value.positive[0] != "c" or tuple(parts[1]) != tuple(libmp.fzero):
        return None
    return Fraction(*map(int, libmp.to_rational(parts[0])))


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
