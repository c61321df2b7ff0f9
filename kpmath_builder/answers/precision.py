"""Values at a fixed precision, the keys made from them, and the fixed points at which variables are evaluated."""

from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import mpmath  # type: ignore[import-untyped]  # comes with sympy, has no types
from mpmath import libmp

__all__ = [
    "KEY_BITS",
    "MIXED",
    "POINTS",
    "Key",
    "Value",
    "as_float",
    "context",
    "difference",
    "point",
    "quotient",
    "rounded",
]

Value = Any
"""A `Fraction`, or a complex number of mpmath."""
Key = tuple[object, ...]
KEY_BITS = 150
"""How much of a value its key holds: 45 digits."""
_BITS = 250
POINTS = 6
"""How many points an expression is evaluated at."""
MIXED = 3
"""From which point on variables may be negative; at this one all of them are."""
_SIZES = ((Fraction(1), 4), (Fraction(1, 20), Fraction(9, 10)), (Fraction(6), 23))
"""Least size and width of a value, in turns: 1 to 5, below 1, 6 to 29."""
_NEGLIGIBLE_BITS = 140
"""A real or imaginary part that is smaller by so much is what rounding left of zero."""


@lru_cache(maxsize=8192)
def point(name: str, number: int) -> Fraction:
    """Return the value of a variable at a fixed point: of three sizes, positive at the first three points, of mixed signs after.

    The points are seeded by the name, so that each variable has its own, and the same in every process.
    """
    digest = int.from_bytes(blake2b(f"{name} {number}".encode(), digest_size=8).digest(), "big")
    low, width = _SIZES[number % len(_SIZES)]
    size = low + Fraction(digest % 4_000, 4_001) * width
    negative = number == MIXED or (number > MIXED and (digest >> 40) % 2)
    return -size if negative else size


def quotient(above: Value, below: Value) -> Value:
    """Return the quotient of two values, exact where both are."""
    above, below = _alike(above, below)
    return above / below


def difference(left: Value, right: Value) -> Value:
    """Return the difference of two values, exact where both are."""
    left, right = _alike(left, right)
    return left - right


def _alike(*values: Value) -> list[Value]:
    if all(isinstance(value, Fraction) for value in values):
        return list(values)
    return [context(_BITS).mpc(as_float(v, _BITS)) if isinstance(v, Fraction) else v for v in values]


def rounded(value: Value, bits: int = KEY_BITS) -> Key:
    """Return real and imaginary part, rounded in binary."""
    if isinstance(value, Fraction):
        value = context(bits + 100).mpc(as_float(value, bits + 100))
    real, imaginary = value.real._mpf_, value.imag._mpf_
    top = max((part[2] + part[3] for part in (real, imaginary) if part[1]), default=0)
    return tuple(
        libmp.mpf_pos(part, bits, "n")
        if part[1] and part[2] + part[3] > top - _NEGLIGIBLE_BITS
        else libmp.fzero
        for part in (real, imaginary)
    )


@lru_cache(maxsize=8)
def context(bits: int) -> Value:
    """Return the mpmath context of a precision, apart from the one that everybody shares."""
    made = mpmath.ctx_mp.MPContext()
    made.prec = bits
    return made


def as_float(value: Fraction, bits: int) -> Value:
    """Return a rational at a precision."""
    number = context(bits).mpf
    return number(value.numerator) / number(value.denominator)
