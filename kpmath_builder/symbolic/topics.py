"""Topics and key points of a seed problem by rules over its words and its steps (paper section 2.1)."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from kpmath_builder.symbolic.expressions import Expression, ExpressionError, Number, parse_number
from kpmath_builder.symbolic.givens import NUMBER
from kpmath_builder.symbolic.programs import FORMS, shaped
from kpmath_builder.symbolic.topic_rules import RULES

__all__ = ["extract", "features", "from_the_beginning", "same_topic"]

_MOST_TOPICS = 4
_MOST_POINTS = 6
"""More than five key points under a topic strengthen its diagonal in the co-occurrence matrix, so six must be possible."""
_BEGINNINGS = frozenset(("", "|", "(", "(?:", "(?="))
_PIECES = re.compile(r"\\.|\(\?[:=!]|\(|\)|\||\[[^]]*\]|[A-Za-z]+|.", re.DOTALL)


def from_the_beginning(pattern: str) -> str:
    """Return a pattern whose alternatives begin where words do: `rest|left` matches no `forest`; `s(?:ell|old)` stays as it is."""
    written: list[str] = []
    in_word = [False]
    """Of each open group, whether it goes on with a word that has begun."""
    before = ""
    for piece in _PIECES.findall(pattern):
        if piece.startswith("("):
            in_word.append(before.isalpha() or (in_word[-1] and before in _BEGINNINGS))
        elif piece == ")":
            in_word.pop()
        begins = before in _BEGINNINGS and piece.isalpha() and not in_word[-1]
        written.append(rf"\b{piece}" if begins else piece)
        before = piece
    return "".join(written)


_COMPILED = tuple(
    (
        topic,
        tuple(
            (point, re.compile(from_the_beginning(words), re.DOTALL), re.compile(steps))
            for point, words, steps in points
        ),
    )
    for topic, points in RULES
)
_STEP = re.compile(r"<<([^<>]*)=[^<>=]*>>")
_BARE_STEP = re.compile(r"((?:[\d.,]+\s*[-+*/]\s*)+[\d.,]+)\s*=\s*[\d.,]+")
_OPERATIONS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
_MONEY = re.compile(r"[$€£¢]|\bdollars?\b|\bcents?\b|\bbucks\b")
_PERCENT = re.compile(rf"({NUMBER})\s?(?:%|percent)")
_TRAVEL = re.compile(
    r"\b(?:miles?|(?:kilo)?met(?:er|re)s?|km|distances?|speeds?|travel\w*|driv\w+|drove|laps?)\b"
)


@lru_cache(maxsize=16_384)
def extract(problem: str, solution: str) -> Mapping[str, list[str]]:
    """Return the key points of a seed by topic: the special topics before the general ones, at least one."""
    words, steps = problem.lower(), features(problem, solution)
    found: dict[str, list[str]] = {}
    for topic, points in _COMPILED:
        if len(found) == _MOST_TOPICS:
            break
        named = [
            point for point, in_words, in_steps in points if in_steps.search(steps) and in_words.search(words)
        ]
        if named and not (found and topic == RULES[-1][0]):
            found[topic] = named[:_MOST_POINTS]
    return found


def features(problem: str, solution: str) -> str:
    """Return the words that describe the steps of a solution, in a fixed order (see `topic_rules`)."""
    expressions = list(_expressions(solution))
    words: list[str] = []
    if re.search(r"(?<![a-z])\d*[xyz] ?[-+=]|let [a-z] (?:be|=)|\dx\b", solution.lower()):
        words.append("unknown")
    if re.search(r"\d*[a-z] ?\+ ?\d*[a-z]\b", solution.lower()):
        words.append("like-terms")
    words += _wording(problem, expressions, solution)
    words += _operations(expressions)
    words += _constants(problem, expressions)
    words += _structure(expressions)
    return " ".join(words)


def _expressions(solution: str) -> Iterator[Expression]:
    for text in _STEP.findall(solution) or _BARE_STEP.findall(solution):
        try:
            yield Expression.parse(text)
        except ExpressionError:
            continue


def _wording(problem: str, expressions: list[Expression], solution: str) -> Iterator[str]:
    if _MONEY.search(problem):
        yield "money"
    if _uses_percent(problem, expressions):
        yield "percent"
    if any("/" in expression.operators for expression in expressions) and re.search(
        r"<<[^<>]*\b\d/\d", solution
    ):
        yield "fraction"
    if _TRAVEL.search(problem.lower()):
        yield "travel"
    if any(not isinstance(literal, int) for expression in expressions for literal in expression.literals):
        yield "decimal"


def _uses_percent(problem: str, expressions: list[Expression]) -> bool:
    """Return whether a step uses a percent of the problem: as its hundredth, as what it leaves, or over 100."""
    percents = [parse_number(found) for found in _PERCENT.findall(problem)]
    literals = {literal for expression in expressions for literal in expression.literals}
    shapes: set[Number] = {shaped(percent, form) for percent in percents for form in FORMS if form != "same"}
    return bool(literals & shapes) or (bool(percents) and 100 in literals)


def _operations(expressions: list[Expression]) -> Iterator[str]:
    used = {operator for expression in expressions for operator in expression.operators}
    for operator, word in _OPERATIONS.items():
        if operator in used:
            yield word
    if "+" in used and "-" in used:
        yield "add"  # so that "subtract.*add" finds it too


def _constants(problem: str, expressions: list[Expression]) -> Iterator[str]:
    """Yield `by60` for a factor or divisor 60 that is no number of the problem."""
    given = set(re.findall(r"\d+", problem))
    factors = {
        literal
        for expression in expressions
        if set(expression.operators) & set("*/")
        for literal in expression.literals
        if isinstance(literal, int)
    }
    yield from (f"by{factor}" for factor in sorted(factors) if str(factor) not in given)


def _structure(expressions: list[Expression]) -> Iterator[str]:
    products, sums = 0, 0
    for expression in expressions:
        operators = set(expression.operators)
        if "*" in operators:
            products += 1
        if "+" in operators and products >= 2:
            yield "sum-of-products"
        if "-" in operators and products:
            yield "product-then-difference"
        if "/" in operators and sums:
            yield "sum-then-quotient"
        if "+" in operators:
            sums += 1
        if expression.operators.count("*") >= 2:
            yield "long-product"
        if (1 in expression.literals[:1] and "-" in operators) or (
            100 in expression.literals[:1] and "-" in operators
        ):
            yield "rest-of-whole"
    if len(expressions) >= 5:
        yield "long"


def same_topic(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Return whether two topics are one: the same words in their names, or most of their key points in common."""
    if _name(first["topic"]) == _name(second["topic"]):
        return True
    left, right = ({_name(point) for point in topic["key_points"]} for topic in (first, second))
    smaller = min(len(left), len(right))
    return smaller > 0 and 2 * len(left & right) > smaller


def _name(text: str) -> frozenset[str]:
    """Return the words of a name without order, number and small words."""
    words = re.findall(r"[a-z]+", text.lower())
    return frozenset(
        word.removesuffix("s") for word in words if word not in ("and", "of", "the", "a", "in", "with")
    )
