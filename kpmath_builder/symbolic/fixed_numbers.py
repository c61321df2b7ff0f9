"""Which numbers of a text must stay as they are, and how far others may move: rules over the words around them."""

import re
from typing import Literal

from kpmath_builder.symbolic.expressions import Number
from kpmath_builder.symbolic.kinds import is_definition, is_person

__all__ = [
    "OF_THEM",
    "PHYSICAL",
    "GivenKind",
    "all_counts_stay",
    "all_numbers_stay",
    "ceiling_of",
    "why_kept",
]

GivenKind = Literal["count", "money", "percent"]
OF_THEM = "number of those who are named"
"""Why "48 of them" stays."""

_NUMBERED = (
    r"grade|room|page|chapter|day|week|level|number|no\.|bus|route|highway|age|aged|ages|year|in year|step|part|"
    r"phase|type|size|period|quarter|round|game|season|class|section|team|group|problem|test|act|volume|floor|lane|pier|gate|"
    r"january|february|march|april|may|june|july|august|september|october|november|december"
)
_KEPT_BEFORE = tuple(
    (re.compile(pattern), why)
    for pattern, why in (
        (r"[A-Za-z]$|[A-Za-z]-$", "part of a name"),
        (r"[:/*+'\"–]\s?$|\d\s?-\s?$|-$|\bto -?$", "ratio, range or sign"),
        (rf"\b(?:{_NUMBERED})s? #?$", "name or date"),
        (r"[a-z,;] [A-Z][a-z]+ $", "part of a name"),
        (r"\bdensity (?:\w+ ){0,3}$", "fact of nature"),
        (r"\bdecks?\b(?: of (?:playing )?cards)? (?:that |should )?(?:has|have|had|holds?|contains?) $", "fact of nature"),
        (r"\bstandard (?:\w+ ){1,3}(?:is|are|has|have|weighs?) $", "fact of nature"),
        (r"\b(?:[Gg]oals?|[Tt]ouchdowns?|[Ss]hots?|[Bb]askets?) (?:\w+ )?worth $", "rule of a game"),
        (r"\b(?:hours?|minutes?|feet|foot|pounds?) and $", "part of the next larger unit"),
        (r"\b(?:marathon|ream) (?:is|has|contains) $", "fact of a sport or a trade"),
        (r"\b(?:1 bill|bills) of \$?$", "money as it is printed"),
        (r"\b(?:nautical mile|knot|bushel|barrel|fathom|furlong|stone) (?:of \w+ )?(?:equals?|is|weighs) $", "unit"),
        (r"\b(?:per|of the) $", "article"),
    )
)  # fmt: skip
_NAMED = re.compile(r"\b(?:the|all|these|those) $")
_KEPT_AFTER = tuple(
    (re.compile(pattern, re.IGNORECASE), why)
    for pattern, why in (
        (r"(?:st|nd|rd|th)\b", "ordinal"),
        (r":\d|\s?:\s?\d|:|\s?(?:a\.?m\b|p\.?m\b|o'clock|noon|midnight)|\s?(?:in the (?:morning|afternoon|evening))", "clock time or ratio"),
        (r" (?:feet|foot|ft)\.?,? (?:and )?\d+ ?inch", "height"),
        (r" (?:feet|foot|ft|inches) tall\b", "height"),
        (r"[A-Za-z]|['\"’”]|\s?[*×/^]|\+|–|-\d|- \d", "glued to a sign or a unit"),
        (r"-?\s?years?[- ]?old|\s?years? (?:older|younger|of age|ago|her|his|senior|junior)", "age"),
        (r" (?:legs|wheels|teeth|petals|sides|eyes|arms|tentacles|corners|faces|edges|fingers|strings|innings|holes|degrees|doors|stripes|planets|continents|major league)\b", "fact of nature"),
        (r"[- ]miles? (?:\w+ )?marathon\b", "fact of a sport"),
        (r" letters (?:for|in|of) (?:the|his|her|their|its) (?:\w+ )?(?:sur)?names?\b", "fact of a name"),
        (r" (?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days|weekends|weekdays) (?:in|of)\b", "fact of the calendar"),
        (r"[$€£]?[- ](?:dollar[- ])?bills?\b", "money as it is printed"),
        (r" of (?:them|us|you|these|those)\b", OF_THEM),
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
_PARTS = re.compile(
    r"\b(?:remaining|rest|others?) \d[\d,]*(?![\d%/])|\bfirst \d+ days\b.*\blast day\b",
    re.IGNORECASE | re.DOTALL,
)
_LIST = re.compile(r"(?:\w+(?: \w+)?, )+(?:and|or) \w+")
_LISTED = range(3, 7)
"""Counts that a text may follow with a list of as many things: "3 groups, painted purple, yellow, and green"."""
_TRIANGLE = re.compile(r"\btriangle\b.*\bsides?\b|\bsides?\b.*\btriangle\b", re.IGNORECASE | re.DOTALL)
_PATTERN = re.compile(r"\b(?:pattern|sequence)\b|\bcontinues? (?:this|to do this|like this)\b", re.IGNORECASE)
_RANKS = re.compile(r"(?<!in the )\b(?:first|second|third)[- ]place\b", re.IGNORECASE)
_CLOCK = re.compile(r"\d ?[ap]\.?m\b|o'clock|\d:\d\d|\bnoon\b|midnight", re.IGNORECASE)
PHYSICAL = frozenset({
    "inch", "inches", "foot", "feet", "ft", "yards", "meter", "meters", "metre", "metres", "centimeter", "centimeters",
    "cm", "mm", "mph", "miles", "kilometers", "km", "kph", "pound", "pounds", "lbs", "kilogram", "kilograms",
    "kg", "kgs", "ton", "tons", "ounce", "ounces", "calories", "degrees", "acres", "words", "pages", "floors",
})  # fmt: skip
"""Units that people have a feeling for; such a number moves little."""
_CEILINGS = (
    (re.compile(r"[ -]hours? (?:(?:a|per|each|every) (?:day|night)|daily)\b"), re.compile(""), 12, 12),
    (re.compile(r"[ -]hours?\b"), re.compile(""), 12, 14),
    (re.compile(r"[ -]hours?\b"), re.compile(""), 24, 24),
    (re.compile(r"[ -]days?\b"), re.compile(r"week"), 7, 7),
    (re.compile(r"[ -]hours?\b"), re.compile(r"\bweek\b"), 112, 112),
    (
        re.compile(r"[ -](?:times|nights|mornings|afternoons|evenings) (?:a|per|each|every) week\b"),
        re.compile(""),
        7,
        7,
    ),
    (re.compile(r"[ -]days?\b"), re.compile(r"month"), 28, 28),
    (re.compile(r"[ -]days?\b"), re.compile(r"month"), 30, 30),
    (re.compile(r"[ -]days?\b"), re.compile(r"year"), 366, 366),
    (re.compile(r"[ -]weeks?\b"), re.compile(r"month"), 4, 4),
    (re.compile(r"[ -]weeks?\b"), re.compile(r"year"), 52, 52),
    (re.compile(r"[ -]months?\b"), re.compile(r"year"), 12, 12),
    (re.compile(r"[ -]minutes?\b"), re.compile(r"hour"), 60, 60),
    (re.compile(r"[ -](?:mph|miles (?:per|an|each|every|in an) hour)\b"), re.compile(""), 90, 90),
    (re.compile(r""), re.compile(r"\b(?:test|quiz|quizzes|exam|exams|tests|grades|GPA)\b"), 100, 100),
)
"""Words after the number, words anywhere in the question, originals up to this, limit."""


def all_counts_stay(question: str) -> bool:
    """Return whether every count hangs on every other: ages, clock times, temperatures, parts of a whole, sides of a triangle, ranks."""
    return any(words.search(question) for words in (_AGES, _CLOCK, _PARTS, _TRIANGLE, _RANKS))


def all_numbers_stay(question: str) -> bool:
    """Return whether the numbers make up a pattern, of which none may change alone."""
    return bool(_PATTERN.search(question))


def ceiling_of(value: Number, question: str, after: str) -> int:
    """Return the most that makes sense for a number before `after`, 0 where there is no such limit."""
    limits = (
        limit
        for here, anywhere, largest, limit in _CEILINGS
        if value <= largest and here.match(after) and anywhere.search(question)
    )
    return next(limits, 0)


def why_kept(value: Number, kind: GivenKind, before: str, after: str) -> str:
    """Return why a number between `before` and `after` must stay, or nothing."""
    if value in (0, 1, 2):
        return "too small to tell from a constant"
    if kind == "percent" and not (5 <= value <= 95 and value % 5 == 0 and value != 50):
        return "percent that stands for more than a number"
    if kind == "count" and isinstance(value, int) and 1800 <= value <= 2100 and not after.startswith(","):
        return "year"
    if kind == "count" and value in _LISTED and value in _lengths_of_lists(after):
        return "length of a list"
    if is_definition(before[-60:], after[:60]):
        return "definition of a unit"
    if _NAMED.search(before[-30:]) and (noun := re.match(r" ([a-z]+)", after)) and is_person(noun[1]):
        return OF_THEM
    return _why_by_words(before[-30:], after[:80])


def _why_by_words(before: str, after: str) -> str:
    whys = (why for pattern, why in _KEPT_BEFORE if pattern.search(before))
    return next(whys, "") or next((why for pattern, why in _KEPT_AFTER if pattern.match(after)), "")


def _lengths_of_lists(after: str) -> set[int]:
    """Return the numbers of things in the lists of a sentence."""
    sentence = re.split(r"[.?!;]", after, maxsplit=1)[0]
    return {found[0].count(",") + 1 for found in _LIST.finditer(sentence)}
