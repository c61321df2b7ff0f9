"""The numbers that a question gives in digits: where they stand, what they are, and whether they may change."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from kpmath_builder.teachers.symbolic.constants import NUMBER_WORDS, fraction_family
from kpmath_builder.teachers.symbolic.expressions import Number, format_number, parse_number, simplest

__all__ = ["Given", "GivenKind", "read_givens"]

GivenKind = Literal["count", "money", "percent"]

NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_NUMBER_IN_TEXT = re.compile(
    rf"(?<![\d.])(?:(?P<whole>\d+) +(?:and +)?)?(?P<top>\d+)/(?P<bottom>[1-9]\d*)|(?P<number>{NUMBER})"
)
_PERCENT = re.compile(r"\s?(?:%|percent\b|per cent\b)")
_CENTS = re.compile(r"\s?(?:¢|cents?\b)")
_MONEY_BEFORE = re.compile(r"[$€£]\s?$")
_MONEY_AFTER = re.compile(r"\s?(?:[$€£]|dollars?\b|bucks\b)")
_NEXT_WORD = re.compile(r"[\s-]*([A-Za-z]+)")

_KEPT_BEFORE = tuple(
    (re.compile(pattern), why)
    for pattern, why in (
        (r"[A-Za-z]$|[A-Za-z]-$", "part of a name"),
        (r"[:/*+'\"–]\s?$|\d\s?-\s?$|-$|\bto -?$", "ratio, range or sign"),
        (r"\b(?:grade|room|page|chapter|day|week|level|number|no\.|bus|route|highway|age|aged|ages|year|in year|step|part|"
         r"phase|type|size|period|quarter|round|game|season|class|section|team|group|problem|test|act|volume|floor|lane|pier|gate|"
         r"january|february|march|april|may|june|july|august|september|october|november|december)s? #?$", "name or date"),
        (r"[a-z,;] [A-Z][a-z]+ $", "part of a name"),
        (r"\b(?:per|of the) $", "article"),
    )
)  # fmt: skip
_KEPT_AFTER = tuple(
    (re.compile(pattern, re.IGNORECASE), why)
    for pattern, why in (
        (r"(?:st|nd|rd|th)\b", "ordinal"),
        (r":\d|\s?:\s?\d|:|\s?(?:a\.?m\b|p\.?m\b|o'clock|noon|midnight)|\s?(?:in the (?:morning|afternoon|evening))", "clock time or ratio"),
        (r" (?:feet|foot|ft)\.?,? (?:and )?\d+ ?inch", "height"),
        (r" (?:feet|foot|ft|inches) tall\b", "height"),
        (r"[A-Za-z]|['\"’”]|\s?[*×/^]|\+|–|-\d|- \d", "glued to a sign or a unit"),
        (r"-?\s?years?[- ]?old|\s?years? (?:older|younger|of age|ago|her|his|senior|junior)", "age"),
        (r" (?:legs|wheels|teeth|petals|sides|eyes|arms|tentacles|corners|faces|edges|fingers|strings|innings|holes|degrees)\b", "fact of nature"),
        (r",? ?(?:\d|and \d|or \d|to \d).{0,30}respectively", "list"),
        (r"\s?(?:-|–|to|or) \$?\d", "range"),
        (r" (?:hours? (?:in|on) a day|days? in (?:a|one|the) (?:week|month|year)|months? in|minutes? in|seconds? in|weeks? in (?:a|the|one))", "unit"),
        (r" (?:inches|feet|ounces|pounds|grams|meters|cents|quarts|cups|centimeters|millimeters|kilograms|\w+) (?:in|to) (?:a|an|one|each|every|per) ?(?:foot|yard|pound|kilogram|gallon|mile|dollar|meter|week|day|month|year|hour|minute|dozen|kilometer|inch|pint|quart|cup)\b", "unit"),
        (r"\s?(?:million|billion|thousand|hundred|dozen|k\b|and a (?:half|quarter)|degrees?|°|½|¼|¾)", "number continued in words"),
    )
)  # fmt: skip
_AGES = re.compile(
    r"\bdegrees\b|\btemperature|\byears?[- ]old|\byears? (?:older|younger)|\bages?\b|\baged\b|\bwas born\b|\bbirthday",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\d ?[ap]\.?m\b|o'clock|\d:\d\d|\bnoon\b|midnight", re.IGNORECASE)


@dataclass(frozen=True)
class Given:
    """A number in digits; `kept` says why it must stay as it is, or is empty."""

    start: int
    end: int
    value: Number
    kind: GivenKind
    decimals: int
    commas: bool
    noun: str
    """The next word, which says of what it is a number."""
    kept: str
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
        return self.noun in _PHYSICAL

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


def read_givens(question: str) -> tuple[Given, ...]:
    """Return every number of the question, from left to right."""
    found = [_read(question, match) for match in _NUMBER_IN_TEXT.finditer(question)]
    return tuple(_keep_tied(question, found))


def _read(question: str, match: re.Match[str]) -> Given:
    before, after = question[: match.start()], question[match.end() :]
    value: Number
    if match["top"]:
        value = int(match["whole"] or 0) + Fraction(int(match["top"]), int(match["bottom"]))
        family = frozenset(fraction_family(Fraction(value)))
        return Given(match.start(), match.end(), simplest(value), "count", 0, False, "", "fraction", family)
    text = match["number"]
    value = parse_number(text)
    kind: GivenKind = "count"
    if _PERCENT.match(after):
        kind = "percent"
    elif _MONEY_BEFORE.search(before) or _MONEY_AFTER.match(after):
        kind = "money"
    noun = _NEXT_WORD.match(after)
    return Given(
        start=match.start(),
        end=match.end(),
        value=value,
        kind=kind,
        decimals=len(text.partition(".")[2]),
        commas="," in text,
        noun=noun[1].lower() if noun else "",
        kept=_why_kept(value, kind, before, after),
        cents=bool(_CENTS.match(after)),
        ceiling=_ceiling(value, question, after),
        vowel=_begins_with_vowel(value) if re.search(r"\ban? \$?$", before, re.IGNORECASE) else None,
    )


_PHYSICAL = frozenset(
    [
        "inch",
        "inches",
        "foot",
        "feet",
        "ft",
        "yards",
        "meter",
        "meters",
        "metre",
        "metres",
        "centimeter",
        "centimeters",
        "cm",
        "mm",
        "mph",
        "miles",
        "kilometers",
        "km",
        "kph",
        "pound",
        "pounds",
        "lbs",
        "kilogram",
        "kilograms",
        "kg",
        "kgs",
        "ton",
        "tons",
        "ounce",
        "ounces",
        "calories",
        "degrees",
        "acres",
        "words",
        "floors",
    ]
)
_CEILINGS = (
    (re.compile(r"[ -]hours?\b"), re.compile(""), 12, 14),
    (re.compile(r"[ -]hours?\b"), re.compile(""), 24, 24),
    (re.compile(r"[ -]days?\b"), re.compile(r"week"), 7, 7),
    (re.compile(r"[ -]days?\b"), re.compile(r"month"), 30, 30),
    (re.compile(r"[ -]weeks?\b"), re.compile(r"month"), 4, 4),
    (re.compile(r"[ -]weeks?\b"), re.compile(r"year"), 52, 52),
    (re.compile(r"[ -]months?\b"), re.compile(r"year"), 12, 12),
    (re.compile(r"[ -]minutes?\b"), re.compile(r"hour"), 60, 60),
    (re.compile(r"[ -](?:mph|miles (?:per|an|each|every|in an) hour)\b"), re.compile(""), 90, 90),
    (re.compile(r""), re.compile(r"\b(?:test|quiz|quizzes|exam|exams|tests|grades)\b"), 100, 100),
)
"""Words after the number, words anywhere in the question, originals up to this, limit."""


def _ceiling(value: Number, question: str, after: str) -> int:
    limits = (
        limit
        for here, anywhere, largest, limit in _CEILINGS
        if value <= largest and here.match(after) and anywhere.search(question)
    )
    return next(limits, 0)


def _why_kept(value: Number, kind: GivenKind, before: str, after: str) -> str:
    if value in (0, 1, 2):
        return "too small to tell from a constant"
    if kind == "percent" and not (5 <= value <= 95 and value % 5 == 0 and value != 50):
        return "percent that stands for more than a number"
    if kind == "count" and isinstance(value, int) and 1800 <= value <= 2100 and not after.startswith(","):
        return "year"
    for pattern, why in _KEPT_BEFORE:
        if pattern.search(before[-30:]):
            return why
    for pattern, why in _KEPT_AFTER:
        if pattern.match(after[:80]):
            return why
    return ""


def _keep_tied(question: str, givens: list[Given]) -> list[Given]:
    """Keep numbers that the text ties to others: repeated ones, sums and products of others, ages, clock times."""
    tied: set[int] = set()
    words = {NUMBER_WORDS[word] for word in re.findall(r"[a-z]+", question.lower()) if word in NUMBER_WORDS}
    values = [given.value for given in givens]
    for i, given in enumerate(givens):
        if values.count(given.value) > 1 or given.value in words:
            tied.add(i)
        if given.kind == "count" and (_AGES.search(question) or _CLOCK.search(question)):
            tied.add(i)
    tied |= _in_relation(givens)
    return [
        _kept(given, "tied to another number") if i in tied and not given.kept else given
        for i, given in enumerate(givens)
    ]


def _in_relation(givens: list[Given]) -> set[int]:
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
    percents_all = [i for i, given in enumerate(givens) if given.kind == "percent"]
    if sum(givens[i].value for i in percents_all) == 100:
        found.update(percents_all)
    return found


def _kept(given: Given, why: str) -> Given:
    return Given(**{**given.__dict__, "kept": why})
