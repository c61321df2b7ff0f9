"""What a judge's own work shows about a problem, read by program: that something was not given, and a number that no step needed.

Weak judges say in their work that the problem "does not mention the price", assume one, box a number, and then call the problem sound; and of
two facts that contradict each other they take one and pass over the other. Both stand in the work, where code can read them
(`benchmarks/prompts.py` measures what that tells apart). What cannot be read is no fault.
"""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations

from kpmath_builder.answers.vocabulary import NUMBER_WORDS

__all__ = ["faults_of", "not_given", "unused_numbers"]

_SAYS = r"(?:specify|mention|say|state|provide|give|tell|indicate|include)"
_SAID = r"(?:specified|mentioned|said|stated|provided|given|told|indicated|known|clear)"
_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]|[^.!?\n]+$")
_NOT_GIVEN = re.compile(
    rf"\b(?:problem|question|exercise|text|statement|it|we)\b[^,;]{{0,40}}\b(?:do|does|did)(?: not|n['’]t) (?:\w+ ){{0,2}}?(?:{_SAYS}|know)\b"
    rf"|\b(?:is|are|was|were|has|have)(?: not|n['’]t) (?:\w+ ){{0,2}}?{_SAID}\b"
    r"|\bnot (?:explicitly |directly )?(?:specified|mentioned|stated|provided|given)\b"
    r"|\b(?:no|without|more|additional|missing|insufficient|enough) information\b"
    r"|\bcontradict(?:s|ory|ions?)? (?:each other|information|statements?|facts?)\b"
    r"|\bassum\w+[^$\\]{0,200}?\b\d+ [a-z]",
    re.IGNORECASE,
)
"""A number behind `assume` is an assumed fact; without one it may be a step of an argument ("assume that a is odd")."""
_MATHEMATICS = re.compile(
    r"\$\$.*?\$\$|\$[^$\d][^$]*\$|\$\d[^$]*[\\^_=][^$]*\$|\\\(.*?\\\)|\\\[.*?\\\]", re.DOTALL
)
_GROUPS = re.compile(r"(?<=\d)[, ](?=\d{3}(?!\d))")
_GIVEN = re.compile(r"(?<![\w.,:/^-])\d{1,40}(?:\.\d{1,40})?(?![\w:/^-]|[.,]\d)")
_ANY = re.compile(r"\d{1,40}(?:\.\d{1,40})?|\.\d{1,40}")
_SMALL = 2
"""Numbers up to it are often left implicit: one jar, both hands."""


def faults_of(question: str, work: str) -> tuple[str, ...]:
    """Return the faults of a problem that a work at it shows, in words."""
    said, unused = not_given(work), unused_numbers(question, work)
    return (
        *((f"the work says: {said}",) if said else ()),
        *((f"no step uses {', '.join(unused)}",) if unused else ()),
    )


def not_given(work: str) -> str:
    """Return the first sentence in which the work says that the problem does not give something, or assumes it; "" if there is none."""
    return next((found[0].strip() for found in _SENTENCE.finditer(work) if _NOT_GIVEN.search(found[0])), "")


def unused_numbers(question: str, work: str) -> tuple[str, ...]:
    """Return the numbers in the words of a question that do not stand in the work, as they are written there.

    Formulas are passed over, and so are numbers in names of things (3rd, 5-day, 7:30) and the sum of two others. A work in which fewer
    numbers of the question stand than are missing shows no steps, or not in digits, and says nothing; so does one that begins with the sum
    or product of two of them.
    """
    prose = _GROUPS.sub("", _MATHEMATICS.sub(" ", question))
    given = {digits: Fraction(digits) for digits in _GIVEN.findall(prose) if Fraction(digits) > _SMALL}
    used = _values(work)
    unused = {digits: value for digits, value in given.items() if not _forms(value) & used}
    if 2 * len(unused) > len(given) or any(not used.isdisjoint((a + b, a * b)) for a, b in _pairs(unused)):
        return ()
    sums = {a + b for a, b in _pairs(given)}
    return tuple(digits for digits, value in unused.items() if value not in sums)


def _values(work: str) -> set[Fraction]:
    plain = _GROUPS.sub("", work.replace("{,}", ",").replace("\\,", ""))
    words = re.findall(r"[a-z]+", plain.lower())
    return {Fraction(digits) for digits in _ANY.findall(plain)} | {
        Fraction(NUMBER_WORDS[word]) for word in words if word in NUMBER_WORDS
    }


def _forms(value: Fraction) -> set[Fraction]:
    """Return how a number may stand in a calculation; a percentage also as its share or divisor, as what it leaves and what it grows to."""
    share = value / 100
    return {value, share, 1 / share, 1 - share, 100 - value, 1 + share, 100 + value}


def _pairs(numbers: Mapping[str, Fraction]) -> Iterator[tuple[Fraction, Fraction]]:
    return combinations(numbers.values(), 2)
