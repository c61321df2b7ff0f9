"""Exact values where there are some, and fingerprints where there are none.

A rational is kept as it is. Everything else is evaluated to 75 digits, variables at fixed points, and rounded to 45: equal
expressions meet in one key, and two different ones would have to agree on all 45 digits at every point. Evaluation is
bounded: no power, factorial or argument is worked out that is too large to write down, and nothing is ever executed.
"""

import threading
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from math import comb, factorial, gcd, isqrt, lcm
from typing import Any

import mpmath
from mpmath import libmp

from kpmath_builder.answers.syntax import Expression, Number, Symbol, symbols
from kpmath_builder.answers.tokens import UnboundedError, UnreadableError

__all__ = ["Fingerprint", "Key", "Value", "difference", "evaluate", "fingerprint", "point", "quotient", "rounded", "value_key"]

Value = Any
"""A `Fraction`, or a complex number of mpmath."""
Key = tuple[object, ...]

_BITS = (250, 1_200)
"""Working precision, and the one for sums whose terms differ by more than 45 digits."""
_KEY_BITS = 150
_FINE_KEY_BITS = 1_000
_MAX_BITS = 14_000
_MAX_EXPONENT = 1 << 40
_MAX_ARGUMENT_BITS = 1_000
_MAX_FACTORIAL = 2_000
_LOCK = threading.RLock()
"""mpmath contexts change their precision while they work: one evaluation at a time."""


class Fingerprint:
    """Key of an expression where its variables are positive, and where some are negative too.

    `real` is False where the second has no real value on the way (roots and logarithms of negative numbers): there
    nothing can be held against an expression that is equal for positive variables.
    """

    __slots__ = ("everywhere", "positive", "real")

    def __init__(self, positive: Key, everywhere: Key, *, real: bool) -> None:
        self.positive = positive
        self.everywhere = everywhere
        self.real = real


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
    first, second, mixed = (evaluate(tree, {name: point(name, k) for name in names}) for k in range(3))
    if first[0] == second[0] == mixed[0] and isinstance(first[0], Fraction):
        key = value_key(first[0])
        return Fingerprint(key, key, real=True)
    positive = (rounded(*first[:2]), rounded(*second[:2]))
    if positive[0] == positive[1]:
        key = value_key(*first[:2])
        return Fingerprint(key, key, real=True)
    return Fingerprint(("f", *positive), ("f", *positive, rounded(*mixed[:2])), real=mixed[2])


@lru_cache(maxsize=4096)
def point(name: str, number: int) -> Fraction:
    """Return the value of a variable at a fixed point: between 1 and 5, or of mixed sign at point 2."""
    digest = int.from_bytes(blake2b(f"{name} {number}".encode(), digest_size=8).digest(), "big")
    size = 1 + Fraction(digest % 4_000, 1_009)
    return -size if number == 2 and not (digest >> 40) % 3 == 0 else size


def value_key(value: Value, bits: int = _KEY_BITS) -> Key:
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
    return [_context(_BITS[0]).mpc(_as_float(v, _BITS[0])) if isinstance(v, Fraction) else v for v in values]


def rounded(value: Value, bits: int = _KEY_BITS) -> Key:
    if isinstance(value, Fraction):
        value = _context(bits + 100).mpc(_as_float(value, bits + 100))
    real, imaginary = value.real._mpf_, value.imag._mpf_
    top = max((part[2] + part[3] for part in (real, imaginary) if part[1]), default=0)
    return tuple(
        libmp.mpf_pos(part, bits, "n") if part[1] and part[2] + part[3] > top - 140 else libmp.fzero for part in (real, imaginary)
    )


@lru_cache(maxsize=8)
def _context(bits: int) -> Any:
    context = mpmath.ctx_mp.MPContext()
    context.prec = bits
    return context


def _as_float(value: Fraction, bits: int) -> Any:
    context = _context(bits)
    return context.mpf(value.numerator) / context.mpf(value.denominator)


def evaluate(tree: Expression, at: Mapping[str, Fraction]) -> tuple[Value, int, bool]:
    """Return the value, the bits of it that count, and whether every step of the way was real.

    Raises
    ------
    UnreadableError
        Where there is no value, or none that can be bounded.

    """
    with _LOCK:
        first = _Evaluation(_BITS[0], at)
        value = first.of(tree)
        if not first.cancelled and not first.absorbed:
            return value, _KEY_BITS, first.real
        finer = _Evaluation(_BITS[1], at, last=True)
        value = finer.of(tree)
        return value, _FINE_KEY_BITS if first.absorbed else _KEY_BITS, finer.real


class _Evaluation:
    """One pass over a tree at one precision, with notes on what the precision could not hold."""

    def __init__(self, bits: int, at: Mapping[str, Fraction], *, last: bool = False) -> None:
        self.context = _context(bits)
        self.bits = bits
        self.at = at
        self.last = last
        self.real = True
        self.cancelled = False
        self.absorbed = False

    def of(self, tree: Expression) -> Value:
        if isinstance(tree, Number):
            return tree.value
        if isinstance(tree, Symbol):
            return self._symbol(tree.name)
        arguments = [self.of(argument) for argument in tree.arguments]
        try:
            value = self._apply(tree.name, arguments)
        except UnreadableError:
            raise
        except (ValueError, ZeroDivisionError, OverflowError, TypeError) as error:
            raise UnreadableError(f"no value: {error}") from error
        return self._checked(value)

    def _checked(self, value: Value) -> Value:
        if isinstance(value, Fraction):
            long = max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS
            return self._float(value) if long else value
        if not (self.context.isfinite(value.real) and self.context.isfinite(value.imag)):
            raise UnreadableError("not finite")
        if value.imag != 0:
            self.real = False
        return value

    def _float(self, value: Value) -> Any:
        return self.context.mpc(_as_float(value, self.bits)) if isinstance(value, Fraction) else value

    def _symbol(self, name: str) -> Value:
        if name in self.at:
            return self.at[name]
        if name == "e":
            return self.context.mpc(self.context.e)
        if name == "pi":
            return self.context.mpc(self.context.pi)
        if name == "i":
            return self.context.mpc(0, 1)
        raise UnreadableError(f"{name} has no value")

    def _apply(self, name: str, arguments: list[Value]) -> Value:
        if name.startswith("unknown "):
            return self._unknown(name, arguments)
        exact = all(isinstance(argument, Fraction) for argument in arguments)
        method = getattr(self, f"_{name}", None)
        if method is not None:
            return method(*arguments)
        if exact and name in _EXACT:
            return _EXACT[name](*arguments)
        return self._elementary(name, arguments)

    def _add(self, *terms: Value) -> Value:
        if all(isinstance(term, Fraction) for term in terms):
            return sum(terms, Fraction(0))
        numbers = [self._float(term) for term in terms]
        sizes = [_size(number) for number in numbers if number != 0]
        total = self.context.fsum(numbers)
        total = self.context.mpc(total)
        if sizes:
            top = max(sizes)
            if min(sizes) < top - (_FINE_KEY_BITS if self.last else _KEY_BITS):
                if self.last:
                    raise UnboundedError("terms too far apart")
                self.absorbed = True
            if total == 0 or _size(total) < top - self.bits // 3:
                self.cancelled = True
                return Fraction(0) if self.last else total
        return total

    def _neg(self, value: Value) -> Value:
        return -value

    def _mul(self, left: Value, right: Value) -> Value:
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return left * right
        if left == 0 or right == 0:
            return Fraction(0)
        return self._float(left) * self._float(right)

    def _div(self, left: Value, right: Value) -> Value:
        if right == 0:
            raise UnreadableError("division by zero")
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return left / right
        return self._float(left) / self._float(right)

    def _degree(self, value: Value) -> Value:
        return self._float(value) * self.context.pi / 180

    def _abs(self, value: Value) -> Value:
        return abs(value) if isinstance(value, Fraction) else self.context.mpc(abs(value))

    def _root(self, radicand: Value, index: Value) -> Value:
        return self._pow(radicand, 1 / index if isinstance(index, Fraction) and index else self._div(Fraction(1), index))

    def _pow(self, base: Value, exponent: Value) -> Value:
        if isinstance(exponent, Fraction):
            exact = _exact_power(base, exponent) if isinstance(base, Fraction) else None
            if exact is not None:
                return exact
            if exponent.denominator % 2 and exponent.denominator > 1 and _negative(base):
                return self._pow(-base, exponent) * (-1 if exponent.numerator % 2 else 1)
        if base == 0:
            raise UnreadableError("a power of zero")
        base, exponent = self._float(base), self._float(exponent)
        if abs(exponent) > _MAX_EXPONENT or abs(exponent * _size(base)) > _MAX_EXPONENT:
            raise UnboundedError("too large a power")
        return self.context.mpc(self.context.power(base, exponent))

    def _exp(self, value: Value) -> Value:
        return self._pow(self.context.mpc(self.context.e), value)

    def _factorial(self, value: Value) -> Value:
        if isinstance(value, Fraction) and value.denominator == 1 and 0 <= value <= _MAX_FACTORIAL:
            return Fraction(factorial(int(value)))
        return self._gamma(self._add(value, Fraction(1)))

    def _gamma(self, value: Value) -> Value:
        value = self._float(value)
        if abs(value) > _MAX_EXPONENT // 64:
            raise UnboundedError("too large a factorial")
        return self.context.mpc(self.context.exp(self.context.loggamma(value)))

    def _binom(self, above: Value, below: Value) -> Value:
        whole = isinstance(above, Fraction) and isinstance(below, Fraction) and above.denominator == below.denominator == 1
        if whole and 0 <= below <= above <= _MAX_FACTORIAL:
            return Fraction(comb(int(above), int(below)))
        quotient = self._mul(self._factorial(below), self._factorial(self._add(above, -below)))
        return self._div(self._factorial(above), quotient)

    def _unknown(self, name: str, arguments: list[Value]) -> Fraction:
        """Return a fixed value of an unknown function: equal only where the name and the arguments are."""
        return point(f"{name} {[rounded(argument) for argument in arguments]}", 0)

    def _ln(self, value: Value, base: Value | None = None) -> Value:
        if value == 0:
            raise UnreadableError("logarithm of zero")
        logarithm = self.context.mpc(self.context.ln(self._float(value)))
        return logarithm if base is None else self._div(logarithm, self._ln(base))

    _log = _ln

    def _log10(self, value: Value) -> Value:
        return self._ln(value, Fraction(10))

    def _elementary(self, name: str, arguments: list[Value]) -> Value:
        if name not in _ELEMENTARY or len(arguments) != 1:
            raise UnreadableError(f"{name} is not known here")
        value = self._float(arguments[0])
        if value != 0 and _size(value) > _MAX_ARGUMENT_BITS:
            raise UnboundedError("too large an argument")
        result = self.context.mpc(getattr(self.context, _ELEMENTARY[name])(value))
        if result != 0 and _size(result) < -self.bits * 2 // 3:
            return Fraction(0)
        return result


def _size(value: Any) -> int:
    parts = [part.exp + part.bc for part in (value.real, value.imag) if part != 0]
    return max(parts, default=0)


def _negative(value: Value) -> bool:
    return bool(value < 0) if isinstance(value, Fraction) else bool(value.imag == 0 and value.real < 0)


def _exact_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """Return the rational power where it is rational and can be written down."""
    if base == 0:
        return Fraction(0) if exponent > 0 else None
    power, root = exponent.numerator, exponent.denominator
    if root > 1:
        sides = (_integer_root(abs(base.numerator), root), _integer_root(base.denominator, root))
        if base < 0 or None in sides:
            return None
        base = Fraction(sides[0] or 0, sides[1] or 1)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    return base**power if abs(power) * bits <= _MAX_BITS or abs(base) == 1 else None


def _integer_root(number: int, root: int) -> int | None:
    if root > 64:
        return None
    if root == 2:
        near = isqrt(number)
    else:
        low, high = 0, 1 << (number.bit_length() // root + 1)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if middle**root <= number else (low, middle - 1)
        near = low
    return near if near**root == number else None


def _whole(*values: Fraction) -> list[int]:
    if any(value.denominator != 1 for value in values):
        raise UnreadableError("whole numbers only")
    return [int(value) for value in values]


_EXACT = {
    "floor": lambda value: Fraction(value.__floor__()),
    "ceil": lambda value: Fraction(value.__ceil__()),
    "gcd": lambda *values: Fraction(gcd(*_whole(*values))),
    "lcm": lambda *values: Fraction(lcm(*_whole(*values))),
    "max": max,
    "min": min,
}
_ELEMENTARY = {
    "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "floor": "floor", "ceil": "ceil", "cbrt": "cbrt",
}  # fmt: skip
