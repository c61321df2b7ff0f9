"""Faults of a seed that a check can find, or that are known: its text or its label cannot be right, so nothing is made of it."""

import re
from collections.abc import Iterator

from kpmath_builder.symbolic.equations import ANNOTATION
from kpmath_builder.symbolic.expressions import Expression, ExpressionError, Number, parse_number
from kpmath_builder.symbolic.givens import NUMBER
from kpmath_builder.symbolic.kinds import UNITS, kind_of_words
from kpmath_builder.symbolic.known_faults import known_fault
from kpmath_builder.symbolic.programs import Program
from kpmath_builder.symbolic.reasons import UnfitReason
from kpmath_builder.symbolic.verbs import PAST

__all__ = ["fault_of", "mixes_units"]

_MOST = (
    ("days?", "weeks?", 7),
    ("days?", "month", 31),
    ("days?", "year", 366),
    ("hours?", "days?", 24),
    ("weeks?", "month", 5),
    ("weeks?", "year", 53),
    ("months?", "year", 12),
)
"""No more of the first than this are in the second."""
_EACH = r"(?:\s+(?:per|an?|each|every|in an?|of (?:the|each|every))\s+|/)"
_TOO_MANY = tuple(
    (re.compile(rf"(?<![\d.,$])(\d+)[ -]{small}{_EACH}{large}\b"), most) for small, large, most in _MOST
)
_SHARE = re.compile(
    rf"(?<![\d.,])({NUMBER})\s?(?:%|percent)\s+of\s+(?:the|his|her|their|its|all|these|those|them)\s+"
    r"(?:\w+\s+)?(?:students|people|children|kids|class|boys|girls|men|women|guests|customers|time|money|rest|remaining|total)\b"
)
_ITSELF = re.compile(
    r"\b[Tt]he (?P<who>(?:first|second|third|fourth|fifth|last) \w+) [^.,]{3,60} than the (?P=who)\b"
    r"|\b(?P<name>[A-Z][a-z]+) (?:(?!and |or |but )[a-z]+ ){1,2}(?:twice|half|thrice|\w+ times|\w+) "
    r"(?:as (?:many|much|old|tall|long|fast|far)|more|less|fewer)(?: \w+){0,3} (?:as|than) (?P=name)\b(?!['’-]| [A-Z])"
    r"|\b[Oo]n (?P<day>[A-Z][a-z]+day),? (?:(?!\bon\b)[^.,;?]){0,50}\b(?:as|than) (?:on )?(?P=day)\b"
)
"""A thing that is compared with itself."""
_LENGTH = r"(?:feet|foot|yards?|inch(?:es)?|miles?|(?:kilo|centi)?met(?:er|re)s?)"
_APART = rf"\b(?:every \d+ {_LENGTH}|{_LENGTH} (?:apart|intervals?))\b"
_POST = r"\b(?:poles?|posts?|trees|towers?|lamps?|lights|signs|stakes)\b"
_ROW = re.compile(rf"{_POST}.*{_APART}|{_APART}.*{_POST}", re.IGNORECASE | re.DOTALL)
"""Posts at equal distances: one more than the gaps, or as many."""
_WAGE = re.compile(r"\$(\d[\d.,]*\d|\d)(?:/| an? | per | every | each )hour\b")
"""What a solution calls a wage per hour."""
_BY_THE_HOUR = re.compile(
    r"\bwages?\b|\bhourly\b|(?:\ban?|\bper|\bevery|\beach|\bthe|\bone|\b1|/) ?(?:\w+ )?h(?:ou)?rs?\b"
)
_ASKED = re.compile(
    r"\b[Hh]ow (?:many|much)(?: \w+)* did (?P<who>[A-Z][a-z]+) (?P<verb>[a-z]+)\b[^.?]*\?\s*$"
)
_PRECEDING = re.compile(
    r"(?:^|[^-+*/×÷−–%.,\d\s)])(?<!\bx)\s*(?P<sum>(?<![\w.,])\(*[$€£]?[\d.][-+*/x×÷−–\d.,$€£%() ]*)=\s*[$€£]?$"
)
"""A whole expression before an annotation: no sign stands before it, and no word within it."""
_STATED = re.compile(rf"\s*[$€£]?\s?({NUMBER})(?![\d/]|\s*[-+*/x×÷]\s*\d)")


def fault_of(question: str, solution: str) -> UnfitReason | None:
    """Return why a seed cannot be right, or None where no check objects."""
    if known_fault(question):
        return UnfitReason.KNOWN_FAULT
    if any(
        int(found[1]) > most for pattern, most in _TOO_MANY for found in pattern.finditer(question.lower())
    ):
        return UnfitReason.IMPOSSIBLE_NUMBER
    if _ITSELF.search(question):
        return UnfitReason.CONTRADICTION
    if any(parse_number(found[1]) > 100 for found in _SHARE.finditer(question.lower())):
        return UnfitReason.IMPOSSIBLE_NUMBER
    if "$" in question and re.search("[€£]", question):
        return UnfitReason.MIXED_UNITS
    if _ROW.search(question):
        return UnfitReason.ENDS_OF_A_ROW
    if _asks_for_a_given(question) or _makes_a_wage(question, solution):
        return UnfitReason.ANSWERS_OTHERWISE
    return UnfitReason.CONTRADICTION if any(_contradictions(solution)) else None


def _asks_for_a_given(question: str) -> bool:
    """Return whether what a question asks of a person is said of them, to compare somebody else with them."""
    asked = _ASKED.search(question)
    if not asked or asked["verb"] not in PAST:
        return False
    who, said = asked["who"], PAST[asked["verb"]]
    return (
        len(re.findall(rf"\b{who}\b", question)) == 3
        and re.search(rf"\b{who} {said} \$?\d", question) is not None
        and re.search(rf"\b(?:as|than) {who}\b(?!['’])", question) is not None
    )


def _makes_a_wage(question: str, solution: str) -> bool:
    """Return whether a solution takes for a wage per hour what the question does not pay by the hour."""
    for wage in _WAGE.findall(ANNOTATION.sub("", solution)):
        amount = re.compile(rf"\$ ?{re.escape(wage)}(?![\d.,]*\d)")
        named = [sentence for sentence in re.split(r"(?<=[.?!])\s+", question) if amount.search(sentence)]
        if named and not any(_BY_THE_HOUR.search(sentence) for sentence in named):
            return True
    return False


def mixes_units(program: Program) -> bool:
    """Return whether a step adds two givens of different units, or divides a length by an area."""
    kinds = [kind_of_words(program.question[given.end :]) for given in program.givens]
    for step in program.steps:
        if len(step.operands) != 2 or any(operand.origin != "given" for operand in step.operands):
            continue
        left, right = (kinds[operand.index] for operand in step.operands)
        if step.expression.operators in ("+", "-") and left != right and {left, right} <= set(UNITS.values()):
            return True
        if step.expression.operators == "/" and right == f"square {left}":
            return True
    return False


def _contradictions(solution: str) -> Iterator[bool]:
    """Yield for each annotation whether the text around it says something else."""
    for line in solution.split("\n"):
        for match in ANNOTATION.finditer(line):
            left, _, right = match[1].rpartition("=")
            stated = _STATED.match(line, match.end())
            spelt = _PRECEDING.search(ANNOTATION.sub("", line[: match.start()]))
            try:
                result = Expression.parse(right).value
                yield stated is not None and not _agree(parse_number(stated[1]), result)
                yield spelt is not None and not _agree(_spelt(spelt["sum"]), Expression.parse(left).value)
            except (ExpressionError, ZeroDivisionError, ValueError):
                continue


def _spelt(text: str) -> Number:
    return Expression.parse(re.sub(r"[$€£]", "", text).strip()).value


def _agree(left: Number, right: Number) -> bool:
    """Return whether two numbers are one, or one in percent or cents."""
    return left == right or left * 100 == right or left == right * 100
