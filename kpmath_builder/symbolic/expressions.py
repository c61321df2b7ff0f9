"""Exact arithmetic over the expressions that GSM8K solutions write between `<<` and `>>`.

An expression is read once into postfix form; its literals can then be replaced and the whole evaluated again.
Numbers are `int` where they can be (fast) and `Fraction` where they must be; nothing is ever a float.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

__all__ = [
    "Expression",
    "ExpressionError",
    "Number",
    "decimal_places",
    "format_number",
    "parse_number",
    "simplest",
]

Number = int | Fraction

_TOKEN = re.compile(r"\s*(?:(\d[\d,]*(?:\.\d*)?|\.\d+)(%?)|(.))", re.DOTALL)
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "~": 3}
_SAME_SIGN = str.maketrans({"x": "*", "X": "*", "×": "*", "÷": "/", "−": "-", "–": "-", "[": "(", "]": ")"})
_LONGEST = 200
"""Characters of an expression; the longest in GSM8K has fewer than 100."""


class ExpressionError(ValueError):
    """The text is no arithmetic expression of ours."""


def simplest(value: Number) -> Number:
    """Return an `int` where `value` is a whole number."""
    return value.numerator if value.denominator == 1 else value


def parse_number(text: str) -> Number:
    """Read `1,000`, `.25`, `3.50` exactly."""
    text = text.replace(",", "").rstrip(".")
    return int(text) if text.isdecimal() else simplest(Fraction(text))


def format_number(value: Number, *, decimals: int = 0, commas: bool = False) -> str:
    """Write a terminating decimal with at least `decimals` places; other fractions as `p/q`."""
    if isinstance(value, int):
        whole = f"{value:,}" if commas else str(value)
        return f"{whole}.{'0' * decimals}" if decimals else whole
    places = decimal_places(value)
    if places is None:
        return f"{value.numerator}/{value.denominator}"
    places = max(places, decimals)
    scaled = abs(value.numerator) * 10**places // value.denominator
    whole, rest = divmod(scaled, 10**places)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole:,}.{rest:0{places}d}" if commas else f"{sign}{whole}.{rest:0{places}d}"


def decimal_places(value: Number) -> int | None:
    """Decimal places of a terminating decimal, None for any other fraction."""
    denominator, twos, fives = value.denominator, 0, 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    return max(twos, fives) if denominator == 1 else None


@dataclass(frozen=True)
class Expression:
    """An arithmetic expression in postfix form.

    `pieces` is the text around the literals (one more than there are literals), so that it can be written again with
    other numbers; an `int` in `postfix` is the index of a literal, `~` is the unary minus.
    """

    literals: tuple[Number, ...]
    pieces: tuple[str, ...]
    postfix: tuple[int | str, ...]

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Read an expression over `+ - * / ( ) %`, decimals and thousands commas.

        Raises
        ------
        ExpressionError
            Where the text is anything else.
        """
        if len(text) > _LONGEST:
            raise ExpressionError(f"longer than {_LONGEST} characters")
        return _ExpressionReader(text.translate(_SAME_SIGN)).read()

    def evaluate(self, values: Sequence[Number]) -> Number:
        """Return the value with the literals replaced by `values`; raises ZeroDivisionError."""
        stack: list[Number] = []
        for item in self.postfix:
            if isinstance(item, int):
                stack.append(values[item])
            elif item == "~":
                stack.append(-stack.pop())
            else:
                right = stack.pop()
                stack.append(_apply(item, stack.pop(), right))
        return simplest(stack[0])

    @cached_property
    def value(self) -> Number:
        """The value as written."""
        return self.evaluate(self.literals)

    @property
    def operators(self) -> str:
        """The operators in postfix order, e.g. `*+`."""
        return "".join(token for token in self.postfix if isinstance(token, str))

    def write(self, texts: Sequence[str]) -> str:
        """Return the expression with the literals written as `texts`."""
        return self.pieces[0] + "".join(
            text + piece for text, piece in zip(texts, self.pieces[1:], strict=True)
        )


def _apply(operator: str, left: Number, right: Number) -> Number:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if isinstance(left, int) and isinstance(right, int) and right and left % right == 0:
        return left // right
    return simplest(Fraction(left) / Fraction(right))


class _ExpressionReader:
    """Operator-precedence parser; keeps the text between literals for writing them anew."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.literals: list[Number] = []
        self.pieces: list[str] = [""]
        self.postfix: list[int | str] = []
        self.waiting: list[str] = []
        self.operand_next = True

    def read(self) -> Expression:
        for number, percent, sign in _TOKEN.findall(self.text.strip()):
            if number:
                self._literal(parse_number(number), hundredths=bool(percent))
            elif sign != "$":
                self._sign(sign)
                self.pieces[-1] += sign
        if self.operand_next:
            raise ExpressionError(f"ends too early: {self.text!r}")
        while self.waiting:
            if self.waiting[-1] == "(":
                raise ExpressionError(f"bracket left open: {self.text!r}")
            self.postfix.append(self.waiting.pop())
        return Expression(tuple(self.literals), tuple(self.pieces), tuple(self.postfix))

    def _literal(self, value: Number, *, hundredths: bool) -> None:
        if not self.operand_next:
            raise ExpressionError(f"two numbers side by side: {self.text!r}")
        self.postfix.append(len(self.literals))
        self.literals.append(simplest(Fraction(value, 100)) if hundredths else value)
        self.pieces.append("")
        self.operand_next = False

    def _sign(self, sign: str) -> None:
        if sign == "(":
            if not self.operand_next:
                self._operator("*")
            self.waiting.append(sign)
            self.operand_next = True
        elif sign == ")" and not self.operand_next:
            self._close()
        elif sign == "-" and self.operand_next:
            self.waiting.append("~")
        elif sign in _PRECEDENCE and sign != "~" and not self.operand_next:
            self._operator(sign)
        else:
            raise ExpressionError(f"unexpected {sign!r} in {self.text!r}")

    def _operator(self, sign: str) -> None:
        while self.waiting and _PRECEDENCE.get(self.waiting[-1], 0) >= _PRECEDENCE[sign]:
            self.postfix.append(self.waiting.pop())
        self.waiting.append(sign)
        self.operand_next = True

    def _close(self) -> None:
        while self.waiting and self.waiting[-1] != "(":
            self.postfix.append(self.waiting.pop())
        if not self.waiting:
            raise ExpressionError(f"bracket never opened: {self.text!r}")
        self.waiting.pop()
