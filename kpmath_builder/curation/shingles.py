"""Runs of words as numbers: what two texts have of them in common says how near they are."""

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from kpmath_builder.curation.token_kinds import Remembered

__all__ = ["JACCARD", "REWORDED", "shingles", "similarities", "telling_words"]

JACCARD = 0.7
"""Share of common shingles from which two texts are near duplicates."""
REWORDED = 0.25
"""The same for two texts of prose that have the same numbers: three other words of 45 leave a third of the runs."""
_LENGTH = 5
_LEAST = 20
"""Texts of fewer tokens, about 13 words, have no shingles: "the number of ways to arrange the letters of" would make them near."""

_STOCK = r"""
(?:please )?(?:express|give|write|enter|state|leave|provide|submit|report) (?:your|the|all|each) (?:final )?answers? (?:as|in|to|with|rounded) (?:\S+ ){0,7}?(?:fraction|form|notation|decimal|radicals?|integer|number|percent|percentage|tenth|hundredth|thousandth|interval|terms|places?|order|degree|cent|dollar|unit|base \d+|separated by commas)
round (?:your|the|all) (?:final )?answers? to (?:the nearest|\d+|one|two|three) (?:\S+ )?(?:place|decimal place|tenth|hundredth|thousandth|integer|whole number|cent|dollar|degree|percent|10|unit)s?
to the nearest (?:tenth|hundredth|thousandth|integer|whole number|cent|dollar|degree|percent|10|unit)
(?:as|in) (?:a|an) (?:common|improper|mixed|simplified|reduced) (?:fraction|number)
(?:in|to) (?:simplest|lowest|simplified|reduced) (?:radical |exact )?(?:form|terms)
in interval notation
enter (?:all )?the (?:answer|answers|solutions|possible values) separated by commas
separated by commas
where \S(?: , \S)* (?:, )?and \S are (?:relatively prime )?(?:positive )?(?:relatively prime )?integers
in terms of \\pi
rationali[sz]e the denominator
"""
_NO_TEXT = re.compile(
    r"\[ asy \].*?(?:\[ / asy \]|$)|(?<!\S)(?:" + "|".join(_STOCK.strip().splitlines()) + r")(?!\S)"
)
"""Drawing code, and phrases that say how to write an answer: problems that share only these are different ones."""


_HINTS = (
    "[ asy ]",
    "answer",
    "nearest",
    "fraction",
    "form",
    "terms",
    "notation",
    "separated",
    "integers",
    "denominator",
    r"\pi",
    "common number",
    "improper number",
    "mixed number",
    "simplified number",
    "reduced number",
)
"""Words of which each such phrase has one; looking for them is cheaper than for the phrases."""


def telling_words(tokens: Sequence[str]) -> list[str]:
    """Return normalised tokens without drawing code and stock phrases."""
    joined = " ".join(tokens)
    return _NO_TEXT.sub("", joined).split() if any(hint in joined for hint in _HINTS) else list(tokens)


def shingles(tokens: Sequence[str]) -> NDArray[np.uint32]:
    """Return the sorted distinct hashes of all runs of five tokens; none for a short text."""
    words = telling_words(tokens)
    if len(words) < _LEAST:
        return np.empty(0, np.uint32)
    hashed = np.fromiter(map(_HASHES.__getitem__, words), np.uint64, len(words))
    runs = np.zeros(len(words) - _LENGTH + 1, np.uint64)
    for place in range(_LENGTH):
        runs += hashed[place : place + len(runs)]
        runs *= _MULTIPLIER
        runs ^= runs >> _SHIFT
    found = (runs >> _HALF).astype(np.uint32)
    found.sort()
    is_first = np.ones(len(found), bool)
    np.not_equal(found[1:], found[:-1], out=is_first[1:])
    return found[is_first]


def _hash(token: str) -> int:
    return crc32(token.encode(errors="surrogatepass"))


_HASHES = Remembered(_hash)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_HALF = np.uint64(32)


def similarities(one: NDArray[np.uint32], others: Sequence[NDArray[np.uint32]]) -> NDArray[np.float64]:
    """Return the Jaccard coefficient of a set of shingles with each of others; no set is empty."""
    sizes = np.array([len(other) for other in others])
    together = np.concatenate(others)
    places = np.minimum(np.searchsorted(one, together), len(one) - 1)
    starts = np.cumsum(sizes) - sizes
    common = np.add.reduceat((one[places] == together).astype(np.int64), starts)
    likeness: NDArray[np.float64] = common / (len(one) + sizes - common)
    return likeness
