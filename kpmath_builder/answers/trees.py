"""Expression trees: numbers, symbols, and operations on them."""

from dataclasses import dataclass
from fractions import Fraction

from kpmath_builder.answers.tokens import UnboundedError, UnreadableError

__all__ = ["Call", "Expression", "Number", "Symbol", "number", "symbols"]

_MAX_DIGITS = 2_000
_MAX_EXPONENT = 5_000


@dataclass(frozen=True, slots=True)
class Number:
    """An exact rational."""

    value: Fraction

    def negative(self) -> "Number":
        """Return the number with its sign changed."""
        return Number(-self.value)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A variable or one of the constants e, i, pi, infty."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operation or function applied to its arguments."""

    name: str
    arguments: tuple["Expression", ...]


Expression = Number | Symbol | Call


def symbols(tree: Expression) -> frozenset[str]:
    """Return the names of the variables, constants left out."""
    if isinstance(tree, Number):
        return frozenset()
    if isinstance(tree, Symbol):
        return frozenset() if tree.name in {"e", "i", "pi", "infty"} else frozenset((tree.name,))
    return frozenset().union(*(symbols(argument) for argument in tree.arguments))


def number(text: str) -> Number:
    """Return the exact value of a literal: 12, .5, 3.54e-07, 1 1/2, 0.1(6)."""
    if len(text) > _MAX_DIGITS:
        raise UnboundedError("too many digits")
    if " " in text:
        whole, fraction = text.split(" ")
        return Number(Fraction(whole) + _fraction(fraction))
    if "(" in text:
        fixed, period = text.rstrip(")").split("(")
        places = len(fixed.partition(".")[2])
        whole = fixed if any(c.isdigit() for c in fixed) else "0" + fixed
        nines = (10 ** len(period) - 1) * 10**places
        return Number(Fraction(whole.rstrip(".") or "0") + Fraction(int(period), nines))
    exponent = text.lower().partition("e")[2]
    if exponent and abs(int(exponent)) > _MAX_EXPONENT:
        raise UnboundedError("too large an exponent")
    return Number(Fraction(text.rstrip(".")))


def _fraction(text: str) -> Fraction:
    above, below = text.split("/")
    if int(below) == 0:
        raise UnreadableError("division by zero")
    return Fraction(int(above), int(below))
