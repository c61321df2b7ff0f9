"""The numbers that a question gives in digits: where they stand, what they are, and whether they may change."""

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from kpmath_builder.symbolic.constants import fraction_family, number_words
from kpmath_builder.symbolic.expressions import Number, format_number, parse_number, simplest
from kpmath_builder.symbolic.fixed_numbers import (
    PHYSICAL,
    GivenKind,
    all_counts_stay,
    all_numbers_stay,
    ceiling_of,
    why_kept,
)
from kpmath_builder.symbolic.kinds import is_person

__all__ = ["NUMBER", "GivenNumber", "read_givens"]

NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_NUMBER_IN_TEXT = re.compile(
    rf"(?<![\d.])(?:(?P<whole>\d+) +(?:and +)?)?(?P<top>\d+)/(?P<bottom>[1-9]\d*)|(?P<number>{NUMBER})"
)
_PERCENT = re.compile(r"\s?(?:%|percent\b|per cent\b)")
_CENTS = re.compile(r"\s?(?:¢|cents?\b)")
_MONEY_BEFORE = re.compile(r"[$€£]\s?$")
_MONEY_AFTER = re.compile(r"\s?(?:[$€£]|dollars?\b|bucks\b)")
_NEXT_WORD = re.compile(r"[\s-]*([A-Za-z]+)")


@dataclass(frozen=True, eq=False)
class GivenNumber:
    """A number in digits; `kept` says why it must stay as it is, or is empty."""

    start: int
    end: int
    value: Number
    kind: GivenKind = "count"
    decimals: int = 0
    commas: bool = False
    noun: str = ""
    """The next word, which says of what it is a number."""
    kept: str = ""
    family: frozenset[Number] = frozenset()
    """Values that may stand for it in a solution besides `value`: of a fraction its parts."""
    cents: bool = False
    ceiling: int = 0
    """The most that makes sense (7 days a week); 0 where there is no such limit."""
    vowel: bool | None = None
    """Whether an article before it says that its name begins with a vowel ("an 8-page"); None without an article."""

    @property
    def physical(self) -> bool:
        """Whether it measures a thing (feet, pounds, mph), which people have a feeling for: it moves little."""
        return self.noun in PHYSICAL

    def reads_like(self, value: Number) -> bool:
        """Return whether an article before the number still fits."""
        return self.vowel is None or self.vowel == _begins_with_vowel(value)

    def write(self, value: Number) -> str:
        """Write another value the way this one is written."""
        decimals = self.decimals if self.decimals == 2 or not isinstance(value, int) else 0
        return format_number(value, decimals=decimals, commas=self.commas or (value >= 1000 > self.value))


def _begins_with_vowel(value: Number) -> bool:
    digits = str(int(value))
    return digits[0] == "8" or (digits[:2] in ("11", "18") and len(digits) % 3 == 2)


def read_givens(question: str) -> tuple[GivenNumber, ...]:
    """Return every number of the question, from left to right."""
    found = [_read(question, match) for match in _NUMBER_IN_TEXT.finditer(question)]
    return tuple(_keep_tied(question, found))


def _read(question: str, match: re.Match[str]) -> GivenNumber:
    before, after = question[: match.start()], question[match.end() :]
    value: Number
    if match["top"]:
        value = int(match["whole"] or 0) + Fraction(int(match["top"]), int(match["bottom"]))
        family = frozenset(fraction_family(Fraction(value)))
        return GivenNumber(match.start(), match.end(), simplest(value), kept="fraction", family=family)
    text = match["number"]
    value = parse_number(text)
    kind: GivenKind = "count"
    if _PERCENT.match(after):
        kind = "percent"
    elif _MONEY_BEFORE.search(before) or _MONEY_AFTER.match(after):
        kind = "money"
    noun = _NEXT_WORD.match(after)
    return GivenNumber(
        start=match.start(),
        end=match.end(),
        value=value,
        kind=kind,
        decimals=len(text.partition(".")[2]),
        commas="," in text,
        noun=noun[1].lower() if noun else "",
        kept=why_kept(value, kind, before, after),
        cents=bool(_CENTS.match(after)),
        ceiling=ceiling_of(value, question, after),
        vowel=_begins_with_vowel(value) if re.search(r"\ban? \$?$", before, re.IGNORECASE) else None,
    )


def _keep_tied(question: str, givens: list[GivenNumber]) -> list[GivenNumber]:
    """Keep numbers that the text ties to others: repeated ones, sums and products of others, ages, clock times."""
    tied: set[int] = set()
    words = set(number_words(question))
    values = [given.value for given in givens]
    for i, given in enumerate(givens):
        if values.count(given.value) > 1 or given.value in words:
            tied.add(i)
        if all_numbers_stay(question) or (given.kind == "count" and all_counts_stay(question)):
            tied.add(i)
    tied |= _in_relation(givens)
    return [
        replace(given, kept="tied to another number") if i in tied and not given.kept else given
        for i, given in enumerate(givens)
    ]


def _in_relation(givens: list[GivenNumber]) -> set[int]:
    """Return the numbers of which one is the sum or product of others, or that make up a whole of 100 %."""
    found: set[int] = set()
    wholes: set[Number] = {given.value for given in givens}
    for i, left in enumerate(givens):
        for j in range(i):
            right = givens[j]
            total: Number = left.value + right.value
            percents = left.kind == right.kind == "percent" and total == 100
            product = left.value * right.value if min(left.value, right.value) > 2 else -1
            if percents or (total in wholes and left.value > 2 < right.value) or product in wholes:
                found |= {i, j} | {k for k, given in enumerate(givens) if given.value in (total, product)}
    found |= _next_to_each_other(givens) | _with_those_named(givens)
    percents_all = [i for i, given in enumerate(givens) if given.kind == "percent"]
    if sum(givens[i].value for i in percents_all) == 100:
        found.update(percents_all)
    return found


def _with_those_named(givens: list[GivenNumber]) -> set[int]:
    """Return numbers that count people and one or two more: "herself, her daughter and 3 girls" have "5 tickets"."""
    return {
        k
        for i, people in enumerate(givens)
        if people.kind == "count" and is_person(people.noun)
        for j, other in enumerate(givens)
        if other.kind == "count" and other.value - people.value in (1, 2)
        for k in (i, j)
    }


def _next_to_each_other(givens: list[GivenNumber]) -> set[int]:
    """Return counts of one thing of which one may be computed from the other in the head.

    "4 quizzes" and "the 5 quizzes" are the last one apart; of "30 minutes", who comes "15 minutes" late has 15.
    """
    counts = [(i, given) for i, given in enumerate(givens) if given.kind == "count" and given.noun]
    return {
        k
        for i, left in counts
        for j, right in counts
        if left.noun == right.noun and (left.value - right.value == 1 or left.value == 2 * right.value)
        for k in (i, j)
    }
