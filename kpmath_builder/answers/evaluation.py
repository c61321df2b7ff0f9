"""Evaluates expression trees: exactly over the rationals as far as that goes, to 75 digits from there on.

Every step is bounded: no power, factorial or argument is worked out that is too large to write down.
"""

import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import comb, factorial, gcd, isqrt, lcm
from typing import NamedTuple

from kpmath_builder.answers.precision import KEY_BITS, Value, as_float, context, point, rounded
from kpmath_builder.answers.tokens import UnboundedError, UnreadableError
from kpmath_builder.answers.trees import Call, Expression, Number, Symbol, symbols
from kpmath_builder.answers.vocabulary import names

__all__ = ["Evaluated", "evaluate"]

_BITS = (250, 1_200)
"""Working precision, and the one for sums whose terms differ by more than 45 digits."""
_FINE_KEY_BITS = 1_000
_MAX_BITS = 14_000
_MAX_EXPONENT = 1 << 40
_MAX_ARGUMENT_BITS = 1_000
_MAX_FACTORIAL = 2_000
_MAX_BINOMIAL = 10_000
_OPERATIONS = names("add neg mul div degree abs root pow exp factorial binom ln log log10")
_STEPPED = names("abs floor ceil max min gcd lcm mod")
"""Functions with kinks or steps: agreeing at some points proves nothing about them."""
_LOCK = threading.RLock()
"""mpmath contexts change their precision while they work: one evaluation at a time."""


class Evaluated(NamedTuple):
    """What an expression is at one point."""

    value: Value
    bits: int
    """How many of its bits count."""
    real: bool
    """Whether every step of the way was real."""
    steps: bool
    """Whether a function with kinks or steps of a variable stands in it; its value is then a name, not a number."""


def evaluate(tree: Expression, at: Mapping[str, Fraction], *, named: bool = True) -> Evaluated:
    """Return the value of an expression, its variables at a point.

    A function with kinks or steps gets a value that names it and its argument, or its true one if it is not to be `named`.

    Raises
    ------
    UnreadableError
        Where there is no value, or none that can be bounded.

    """
    with _LOCK:
        first = _Evaluation(_BITS[0], at, named=named)
        value = first.of(tree)
        if not first.cancelled and not first.absorbed:
            return Evaluated(value, KEY_BITS, first.real, first.steps)
        finer = _Evaluation(_BITS[1], at, named=named, last=True)
        value = finer.of(tree)
        bits = _FINE_KEY_BITS if first.absorbed else KEY_BITS
        return Evaluated(value, bits, finer.real, finer.steps)


class _Evaluation:
    """One pass over a tree at one precision, with notes on what the precision could not hold."""

    def __init__(self, bits: int, at: Mapping[str, Fraction], *, named: bool, last: bool = False) -> None:
        self.context = context(bits)
        self.bits = bits
        self.at = at
        self.last = last
        self.named = named
        self.real = True
        self.cancelled = False
        self.absorbed = False
        self.steps = False

    def of(self, tree: Expression) -> Value:
        if isinstance(tree, Number):
            return tree.value
        if isinstance(tree, Symbol):
            return self._symbol(tree.name)
        if self.named and self.at and tree.name in _STEPPED and symbols(tree):
            return self._name_of(tree)
        if tree.name == "pow" and (plain := _even_power_of_abs(tree)) is not None:
            return self.of(plain)
        arguments = [self.of(argument) for argument in tree.arguments]
        try:
            value = self._apply(tree.name, arguments)
        except UnreadableError:
            raise
        except (ValueError, ZeroDivisionError, OverflowError, TypeError) as error:
            raise UnreadableError(f"no value: {error}") from error
        return self._checked(value)

    def _name_of(self, tree: Call) -> Value:
        """Return a value that names a kinked or stepped function of variables: equal for equal arguments only.

        Its true value would make ⌊n/2⌋ and ⌊(n-1)/2⌋ equal wherever the points happen to lie between the same steps.
        """
        if tree.name == "abs":
            return self._abs_of(tree.arguments[0])
        self.steps = True
        values = [self.of(argument) for argument in tree.arguments]
        if tree.name == "ceil":
            return -self._unknown("floor", [-value for value in values])
        if tree.name not in {"floor", "mod"}:
            values = sorted(values, key=lambda value: repr(rounded(value)))
        return self._unknown(tree.name, values)

    def _abs_of(self, tree: Expression) -> Value:
        """Return |u|: of a product the product of the factors', of a constant its number, else a name for u and -u."""
        if not symbols(tree):
            return self._abs(self.of(tree))
        match tree:
            case Call("neg", (inner,)):
                return self._abs_of(inner)
            case Call("mul", factors):
                return self._mul(*(self._abs_of(factor) for factor in factors))
            case Call("div", (above, below)):
                return self._div(self._abs_of(above), self._abs_of(below))
            case Call("pow", (base, Number(exponent))) if exponent.denominator == 1:
                return self._pow(self._abs_of(base), exponent)
        self.steps = True
        value = self.of(tree)
        real, imaginary = (value, 0) if isinstance(value, Fraction) else (value.real, value.imag)
        return self._unknown("abs", [-value if real < 0 or (real == 0 and imaginary < 0) else value])

    def _checked(self, value: Value) -> Value:
        if isinstance(value, Fraction):
            long = max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS
            return self._float(value) if long else value
        if not (self.context.isfinite(value.real) and self.context.isfinite(value.imag)):
            raise UnreadableError("not finite")
        if value.imag != 0:
            self.real = False
        return value

    def _float(self, value: Value) -> Value:
        return self.context.mpc(as_float(value, self.bits)) if isinstance(value, Fraction) else value

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
        if name in _OPERATIONS:
            return getattr(self, f"_{name}")(*arguments)
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
            if min(sizes) < top - (_FINE_KEY_BITS if self.last else KEY_BITS):
                if self.last:
                    raise UnboundedError("terms too far apart")
                self.absorbed = True
            if total == 0 or _size(total) < top - self.bits // 3:
                self.cancelled = True
                return Fraction(0) if self.last else total
        return total

    def _neg(self, value: Value) -> Value:
        return -value

    def _mul(self, *factors: Value) -> Value:
        if any(factor == 0 for factor in factors):
            return Fraction(0)
        product: Value = Fraction(1)
        for factor in factors:
            exact = isinstance(product, Fraction) and isinstance(factor, Fraction)
            product = self._checked(product * factor if exact else self._float(product) * self._float(factor))
        return product

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
        return self._pow(
            radicand, 1 / index if isinstance(index, Fraction) and index else self._div(Fraction(1), index)
        )

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
        whole = (
            isinstance(above, Fraction)
            and isinstance(below, Fraction)
            and above.denominator == below.denominator == 1
        )
        if whole and 0 <= below <= above <= _MAX_BINOMIAL:
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


def _even_power_of_abs(tree: Call) -> Expression | None:
    """Return |u|^2 as u^2."""
    match tree.arguments:
        case (Call("abs", (inner,)), Number(exponent)) if exponent.denominator == 1 and exponent % 2 == 0:
            return Call("pow", (inner, Number(exponent)))
    return None


def _size(value: Value) -> int:
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


_EXACT: dict[str, Callable[..., Fraction]] = {
    "floor": lambda value: Fraction(value.__floor__()),
    "ceil": lambda value: Fraction(value.__ceil__()),
    "gcd": lambda *values: Fraction(gcd(*_whole(*values))),
    "lcm": lambda *values: Fraction(lcm(*_whole(*values))),
    "max": max,
    "min": min,
    "mod": lambda value, modulus: value % modulus,
}


_ELEMENTARY = {
    "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "floor": "floor", "ceil": "ceil", "cbrt": "cbrt",
}  # fmt: skip
