"""Exact evaluation of plain arithmetic: + - * / ^, brackets and percent signs, over rationals, bounded in size and depth."""

import re
from collections.abc import Sequence
from fractions import Fraction

__all__ = ["UncountableError", "calculate"]

_Rational = int | Fraction

_MAX_DEPTH = 40
_MAX_DIGITS = 400
_MAX_BITS = 4_096
_OPENERS = {"(": ")", "[": "]", "{": "}"}
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")


class UncountableError(ValueError):
    """The expression is not well formed, divides by zero, or is too large to be worked out."""


def calculate(tokens: Sequence[str], *, percent: Fraction = Fraction(1, 100)) -> Fraction:
    """Return the value of an arithmetic expression.

    Parameters
    ----------
    tokens
        Numbers without thousands separators, operators, brackets and `%`.
    percent
        What a percent sign multiplies by.

    Raises
    ------
    UncountableError
        Where there is no value that can be written down.

    """
    reader = _Reader(tokens, percent)
    value = reader.sum(0)
    if reader.at < len(tokens):
        raise UncountableError("something follows")
    return Fraction(value)


class _Reader:
    def __init__(self, tokens: Sequence[str], percent: _Rational) -> None:
        self.tokens = tokens
        self.percent = percent
        self.at = 0

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def sum(self, depth: int) -> _Rational:
        if depth > _MAX_DEPTH:
            raise UncountableError("nested too deep")
        total = self._product(depth)
        while self._next() in {"+", "-"}:
            sign = self.tokens[self.at]
            self.at += 1
            term = self._product(depth)
            total = total + term if sign == "+" else total - term
        return _bounded(total)

    def _product(self, depth: int) -> _Rational:
        value = self._signed(depth)
        while self._next() in {"*", "/"} or self._next() in _OPENERS:
            sign = self._next()
            self.at += sign in {"*", "/"}
            factor = self._signed(depth)
            if sign == "/" and factor == 0:
                raise UncountableError("division by zero")
            value = _bounded(_quotient(value, factor) if sign == "/" else value * factor)
        return value

    def _signed(self, depth: int) -> _Rational:
        sign = 1
        while self._next() in {"+", "-"}:
            sign = -sign if self.tokens[self.at] == "-" else sign
            self.at += 1
        value = self._power(depth)
        return -value if sign < 0 else value

    def _power(self, depth: int) -> _Rational:
        base = self._atom(depth)
        if self._next() != "^":
            return base
        self.at += 1
        exponent = Fraction(self._signed(depth + 1) if depth < _MAX_DEPTH else 0)
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if exponent.denominator != 1 or abs(exponent) * size > _MAX_BITS or (base == 0 and exponent <= 0):
            raise UncountableError("not a power that can be written down")
        return Fraction(base) ** int(exponent)

    def _atom(self, depth: int) -> _Rational:
        token = self._next()
        self.at += 1
        if token in _OPENERS:
            value = self.sum(depth + 1)
            if self._next() != _OPENERS[token]:
                raise UncountableError("open bracket")
            self.at += 1
        elif token.isdecimal() and len(token) < _MAX_DIGITS:
            value = int(token)
        elif _NUMBER.fullmatch(token) and len(token) < _MAX_DIGITS:
            value = Fraction(token)
        else:
            raise UncountableError(f"unexpected {token!r}")
        while self._next() == "%":
            self.at += 1
            value *= self.percent
        return value


def _quotient(above: _Rational, below: _Rational) -> _Rational:
    return above / below if isinstance(above, Fraction) else Fraction(above) / below


def _bounded(value: _Rational) -> _Rational:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > 2 * _MAX_BITS:
        raise UncountableError("too large")
    return value
