"""Which words behind a bare count carry no meaning: `18 apples` is 18, and `18 more` is not.

Everything else that stands behind a value is a unit (`units`), or makes the answer unreadable: no word is dropped because
it is unknown.
"""

import re
from functools import lru_cache

from kpmath_builder.answers.vocabulary import names

__all__ = ["counted", "without_closing"]

_IRREGULAR = names(
    "people persons children men women mice geese teeth sheep fish dice cattle deer oxen vertices matrices indices axes "
    "loci radii foci criteria data bacteria policemen firemen mL"
)
_GENERIC = names("people persons items objects things unit units way ways th st nd rd")
"""Nouns that fit every count, so that `5 people` and `5 students` do not differ; the ending of `12th` adds nothing."""
_DIMENSIONLESS = re.compile(
    r"(?:sq|square|cu|cubic)\s*\.?\s*units?|units?\s*(?:squared|cubed|(?:\^\s*)?\{?\s*[23]\s*\}?)"
)
"""`12 square units` names no size: the unit is the figure's own."""
_MODIFIERS = names(
    "red blue green yellow black white orange purple pink brown gold silver distinct different right whole full small big large "
    "long short old new young possible valid such children adult integer real prime even odd positive negative complete entire "
    "giant medium paper wooden plastic cheese chocolate stuffed toy"
)
"""Adjectives that may stand before the noun; `more`, `fewer`, `extra` may not: they make the count a difference."""
_NO_NOUNS = names(
    "minus plus times less versus pass across always perhaps this was has is as us yes its hers ours theirs others plus vs "
    "tens hundreds thousands millions billions halves thirds quarters fourths fifths sixths sevenths eighths ninths tenths "
    "hundredths thousandths scores dozens squares cubes increases decreases gains losses raises drops rises falls "
    "lines rays planes circles parabolas hyperbolas ellipses segments overs unders maximums minimums degrees radians percents "
    "besides sometimes nowadays hence thus else ones zeros pis powers exponents "
    "multiplies divides equals adds subtracts needs earns loses"
)
"""Words in s that are no counted things: they scale the number, say in which direction it counts, or name a figure."""
_SINGULAR = names(
    "apple orange banana egg cookie student person child boy girl man woman book page ball marble pencil pen card coin ticket box "
    "bag cup bottle car bus tree flower dog cat bird horse cow house room chair table shirt toy game pizza cake pie slice piece "
    "way digit solution integer value point edge side vertex triangle outfit combination arrangement permutation"
)
"""What may be counted in the singular: `1 egg`."""
_CLOSING = frozenset(("total", "in total", "altogether", "in all"))
"""What may close a price or a count without changing it."""
_MAX_WORDS = 5


@lru_cache(maxsize=4096)
def counted(words: str, *, one: bool) -> str | None:
    """Return what is counted ("" where the words fit every count), or None where the words may carry meaning.

    Parameters
    ----------
    words
        All words behind the count, in lower case.
    one
        Whether the count is 1, so that the noun may be singular.

    """
    if _DIMENSIONLESS.fullmatch(words):
        return ""
    parts = words.split()
    if not 0 < len(parts) <= _MAX_WORDS or not all(
        re.fullmatch(r"[a-z]+(?:-[a-z]+)*", part) for part in parts
    ):
        return None
    if words in _CLOSING:
        return ""
    if "of" in parts[1:-1]:
        at = parts.index("of")
        if not _plural(parts[at - 1]) or any(part in _NO_NOUNS for part in parts[at:]) or len(parts) - at > 3:
            return None
        parts = parts[:at]
    if not all(part in _MODIFIERS for part in parts[:-1]):
        return None
    noun = parts[-1]
    if noun in _GENERIC:
        return ""
    return " ".join(words.split()) if _plural(noun) or (one and noun in _SINGULAR) else None


def without_closing(words: str) -> str:
    """Return the words behind a measure without `in total` and the like."""
    return next(
        (words[: -len(end)].strip() for end in _CLOSING if words == end or words.endswith(f" {end}")), words
    )


def _plural(noun: str) -> bool:
    regular = len(noun) > 3 and noun.endswith("s") and not noun.endswith(("ss", "us", "is", "wards"))
    return noun not in _NO_NOUNS and (regular or noun in _IRREGULAR)
