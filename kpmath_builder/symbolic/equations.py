"""The equations of a solution, in order: annotated ones (`<<48/2=24>>`) and plain ones in the prose (`48/2 = 24`)."""

import re
from collections.abc import Iterator

from kpmath_builder.symbolic.expressions import Expression, ExpressionError, Number, parse_number
from kpmath_builder.symbolic.givens import NUMBER
from kpmath_builder.symbolic.reasons import UnfitError, UnfitReason

__all__ = ["ANNOTATION", "PLAIN_EQUATION", "find_equations"]

ANNOTATION = re.compile(r"<<(.*?)>>")
_TERM = rf"\(*[$€£]?(?:{NUMBER})%?\)*"
_SUM = rf"(?<![\w.])({_TERM}(?:\s*[-+*/x×÷–]\s*{_TERM})+)\s*=\s*[$€£]?"
PLAIN_EQUATION = re.compile(rf"{_SUM}({NUMBER})(%?)")
_SPELT = re.compile(rf"{_SUM}$")
_OTHER_EQUATION = re.compile(r"=(?!\s*[-$€£]*\s*\0)")


def find_equations(body: str) -> Iterator[tuple[Expression, Number]]:
    """Yield the equations of a solution in order, annotated and plain ones; raises UnfitError."""
    for line in body.split("\n"):
        found = [
            (match.start(), *_equation(match[1], line[: match.start()]))
            for match in ANNOTATION.finditer(line)
        ]
        blanked = ANNOTATION.sub(lambda match: "\0" * len(match[0]), line)
        found += [(match.start(), *_plain_equation(match)) for match in PLAIN_EQUATION.finditer(blanked)]
        if _OTHER_EQUATION.search(PLAIN_EQUATION.sub("", blanked)):
            raise UnfitError(UnfitReason.EQUATION)
        yield from ((expression, value) for _, expression, value in sorted(found, key=lambda item: item[0]))


def _equation(text: str, before: str) -> tuple[Expression, Number]:
    """Read an annotation; one that only states its result (`<<24=24>>`) takes the expression before it in the line."""
    left, _, right = text.rpartition("=")
    if left.strip() == right.strip() and (spelt := _SPELT.search(before)):
        left = re.sub(r"[$€£]", "", spelt[1])
    try:
        expression, value = Expression.parse(left), Expression.parse(right).value
        if expression.value != value:
            raise UnfitError(UnfitReason.WRONG_STEP)
    except (ExpressionError, ZeroDivisionError) as error:
        raise UnfitError(UnfitReason.NOT_ARITHMETIC) from error
    return expression, value


def _plain_equation(match: re.Match[str]) -> tuple[Expression, Number]:
    """Read an equation in prose; percents on both sides (`100% - 20% = 80%`) are counted in percent."""
    left, right = match[1], parse_number(match[2])
    try:
        expression = Expression.parse(re.sub(r"[$€£%]" if match[3] else r"[$€£]", "", left))
        if expression.value != right:
            raise UnfitError(UnfitReason.WRONG_STEP)
    except (ExpressionError, ZeroDivisionError) as error:
        raise UnfitError(UnfitReason.EQUATION) from error
    return expression, right
