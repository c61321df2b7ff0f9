"""Which numbers a solution may use although no digit of the question shows them.

A number word ("three", "half", "a dozen") or a unit ("minutes", "feet") brings values along. They are never changed.
The table is generous on purpose: where such a value equals a number given in digits, nobody can be sure which of the
two a solution means, and the number in digits is then kept as it is.
"""

import re
from fractions import Fraction
from functools import lru_cache

from kpmath_builder.symbolic.expressions import Number, simplest

__all__ = ["certain_constants", "fraction_family", "known_constants", "number_words"]

_NUMBER_WORDS: dict[str, int] = {
    word: value
    for value, word in enumerate(
        [
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ],
        start=2,
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}

_FRACTION_WORDS = {
    "half": 2, "halves": 2, "halved": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4,
    "fourths": 4, "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "eighth": 8, "eighths": 8,
    "ninth": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip

_WORDS_WITH_VALUES = re.compile(r"[a-z]+")
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_MIXED = re.compile(
    rf"\b(?P<whole>{'|'.join(_NUMBER_WORDS)}|one|a|\d+)(?: \w+)? and (?:an? |one[- ])?(?P<three>three[- ])?(?P<part>half|third|quarter|quarters|fourth|fourths)\b"
)
_COMPOUND = re.compile(
    rf"\b(?={_TENS}|(?:{_ONES}|a) hundred)(?:(?P<hundreds>{_ONES}|a) hundred(?: and)?[ -]?)?(?:(?P<tens>{_TENS})[ -]?)?(?P<rest>{'|'.join(_NUMBER_WORDS)}|one)?\b"
)

_BROUGHT_ALONG: tuple[tuple[str, tuple[Number, ...]], ...] = (
    (r"twice|doubl|both|pair|couple|twins?\b|each way|round ?-?trip|back and forth|each other", (2,)),
    (r"thrice|tripl", (3,)),
    (r"quadrupl", (4,)),
    (r"dozen", (12,)),
    (r"score\b", (20,)),
    (r"hundred", (100,)),
    (r"thousand|\bk\b|\dk\b", (1000,)),
    (r"million", (1_000_000,)),
    (r"week", (7, 52)),
    (r"weekend", (2,)),
    (r"weekday|work|school", (5,)),
    (r"\bdays?\b|daily", (7, 24, 365)),
    (r"january|march|may|july|august|october|december", (31,)),
    (r"april|june|september|november", (30,)),
    (r"february|leap", (28, 29)),
    (r"month", (12, 4, 30)),
    (r"year|annual", (12, 52, 365)),
    (r"decade", (10,)),
    (r"century|centuries", (100,)),
    (r"hour|minute|second|\bmph\b|a\.?m\b|p\.?m\b|o'clock", (60, 24, 3600)),
    (r"feet|foot|inch|yard", (12, 3, 36)),
    (r"mile", (5280,)),
    (r"cent\b|cents|¢|penny|pennies|coin|nickel|dime|percent|%", (100, Fraction(1, 100))),
    (r"nickel", (5,)),
    (r"dime", (10,)),
    (r"quarter", (25, 4)),
    (r"meter|\bcm\b|\bkm\b|\bmm\b|gram|kg|lit(?:er|re)", (10, 100, 1000)),
    (r"pound|ounce", (16,)),
    (r"\bton\b|\btons\b", (2000, 1000)),
    (r"gallon|quart|pint|cup", (2, 4, 8, 16)),
    (r"tablespoon|teaspoon", (3,)),
    (r"square\b(?! [fimyk])|rectang|perimeter|\bsides?\b|corner", (4, 2)),
    (r"triang", (3, 180)),
    (r"angle|degree|circle", (90, 180, 360)),
    (r"bicycle|bike", (2,)),
    (r"tricycle", (3,)),
    (r"\bcars?\b|legs?\b|wheels?\b|tires?\b", (2, 4)),
    (r"spider", (8,)),
    (r"insect|\bants?\b", (6,)),
    (r"feet|foot|\blegs?\b|shoe|sock|ears?\b|eyes?\b|hands?\b", (2,)),
    (r"fingers|toes", (10, 5)),
    (r"deck|cards", (52,)),
    (r"season", (4,)),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), values) for pattern, values in _BROUGHT_ALONG)


@lru_cache(maxsize=1024)
def number_words(text: str) -> tuple[Number, ...]:
    """Return the numbers that a text spells out, whole and part: "seventy-five" is 75, and may also mean 70 and 5.

    "Two and a half" is 5/2, and may also mean 2.
    """
    lowered = text.lower()
    found: list[Number] = [
        _NUMBER_WORDS[word] for word in _WORDS_WITH_VALUES.findall(lowered) if word in _NUMBER_WORDS
    ]
    compounds = (_compound(match) for match in _COMPOUND.finditer(lowered))
    found += [value for value in compounds if value > 20 and value not in found]
    return (*found, *(_mixed(match) for match in _MIXED.finditer(lowered)))


def _mixed(match: re.Match[str]) -> Number:
    whole = match["whole"]
    value = int(whole) if whole.isdigit() else (_NUMBER_WORDS | {"one": 1, "a": 1}).get(whole, 0)
    part = Fraction(3 if match["three"] else 1, _FRACTION_WORDS[match["part"]])
    return value + part


def _compound(match: re.Match[str]) -> int:
    values = _NUMBER_WORDS | {"one": 1, "a": 1}
    hundreds, tens, rest = (values.get(match[name] or "", 0) for name in ("hundreds", "tens", "rest"))
    return 100 * hundreds + tens + rest


def known_constants(text: str) -> frozenset[Number]:
    """Return every value that the words of `text` bring along: number words, fractions in words, units."""
    lowered = text.lower()
    words = set(_WORDS_WITH_VALUES.findall(lowered))
    values: set[Number] = set(number_words(text))
    for word in words & _FRACTION_WORDS.keys():
        values |= fraction_family(Fraction(1, _FRACTION_WORDS[word]))
        values |= fraction_family(Fraction(_FRACTION_WORDS[word] - 1, _FRACTION_WORDS[word]))
    for pattern, brought in _COMPILED:
        if pattern.search(lowered):
            values.update(brought)
    return frozenset(values)


_CERTAIN: tuple[tuple[str, int], ...] = (
    (r"\bhalf|\bhalves|twice|doubl", 2),
    (r"hour|minute|second", 60),
    (r"week", 7),
    (r"dozen|year|month|feet|foot|inch", 12),
)


@lru_cache(maxsize=256)
def certain_constants(question: str) -> frozenset[Number]:
    """Return the values that the words of a question name outright, so that nobody need have computed them."""
    lowered = question.lower()
    words = set(_WORDS_WITH_VALUES.findall(lowered))
    values: set[Number] = set(number_words(question))
    for word in words & _FRACTION_WORDS.keys():
        values |= fraction_family(Fraction(1, _FRACTION_WORDS[word]))
    return frozenset(values) | {value for pattern, value in _CERTAIN if re.search(pattern, lowered)}


def fraction_family(value: Fraction) -> set[Number]:
    """Return the numbers that a fraction shows up as: itself, what it leaves, its numerator and denominator."""
    rest = 1 - value
    family = {value, rest, 1 + value}
    parts = {value.numerator, value.denominator, abs(rest.numerator)}
    percents = {simplest(100 * value), simplest(100 * rest)}
    return {simplest(number) for number in family | parts | percents} - {0, 1}
