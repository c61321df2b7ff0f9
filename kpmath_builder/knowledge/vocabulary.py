"""How mathematical wording is read: stems, synonyms, and which words decide what a key point is about.

"Finding the GCD" and "greatest common divisor" must become the same stems, and "arithmetic sequence" must stay apart from
"geometric sequence": general stemmers and stop-word lists do neither (scikit-learn's drops "least" and "interest").
"""

import re
import unicodedata

__all__ = ["DECISIVE", "GENERIC", "stems"]

_PHRASES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in [
        (r"\b(?:greatest|highest) common (?:divisor|factor)s?\b|\b(?:gcf|hcf)\b", "gcd"),
        (r"\b(?:least|lowest|smallest) common (?:multiple|denominator)s?\b|\blcd\b", "lcm"),
        (r"\bpower of a point\b", "pointpower"),
        (r"\bzeroe?s of\b", "roots of"),
        (r"\bper ?cent(?:age)?s?\b|%", "percent"),
        (r"\bpemdas\b|\bbodmas\b", "order of operations"),
        (r"\bpythagoras\b", "pythagorean"),
        (r"\barithmetic (?=modulo\b|mod\b)|(?<=\bmodular) arithmetic\b", ""),
        (r"\bsimultaneous\b", "system of"),
        (r"\bstraight line", "line"),
    ]
]

_FUNCTION_WORDS = """
    a an the of in on to for from by with and or as at is are be its it this that these those their into when where
    which how if than then within given using use via per each
"""

_SYNONYMS = {
    word: group.split(":")[0].strip()
    for group in """
        add: adding addition added additive plus
        subtract: subtracting subtraction minus
        multiply: multiplying multiplication multiplicative product
        divide: dividing division divided
        sum: total summation summing
        mean: average averaging
        slope: gradient steepness
        exponent: exponentiation power index indice
        logarithm: log
        sin: sine
        cos: cosine
        tan: tangent
        factor: factoring factorization factorisation factorise factorize decomposing decomposition
        expand: expansion
        probability: probable chance
        sequence: series progression
        choose: combination choosing
        vertex: vertice
        matrix: matrice
        modular: modulus modulo mod congruence
        price: cost expense
        speed: velocity
        similar: similarity
        congruent: congruency
        triangle: triangular
        circle: circular
        variable: unknown
        increase: increasing
        decrease: decreasing reduction
        halve: half
        double: doubling
        convert: conversion converting
        proportion: proportional proportionality
        divisible: divisibility
        perpendicular: perpendicularity
    """.strip().splitlines()
    for word in group.replace(":", " ").split()
}

_GENERIC_WORDS = """
    apply application find solve solution calculate compute computation determine identify understand basic concept problem
    principle method technique formula property rule law definition knowledge skill simple real world context situation value
    quantity number theorem general express evaluate analyze interpretation approach strategy fundamental advanced process
    step relationship mathematical mathematics math word question
"""

_DECISIVE_WORDS = """
    arithmetic geometric sin cos tan gcd lcm area circumference perimeter volume surface permutation combination mean median mode
    increase decrease add subtract multiply divide linear quadratic cubic prime composite compound domain range even odd
    independent exclusive maximum minimum exponential logarithm direct inverse real complex rational irrational internal external
    interior exterior inscribed central similar congruent inequality equation without union intersection derivative integral
    differentiation integration numerator denominator cone cylinder sphere pyramid cube circle triangle rectangle square polygon
    parabola hyperbola ellipse graph root factor convergence divergence
"""

# Cut to a stem of four letters at least; the shortest stem that fits wins, so the longest suffix goes.
_SUFFIX = re.compile(
    r"^(\w{4,}?)(?:i[sz](?:ation|ing|ed|e)|at(?:ion|ing|ed|e)|ication|ion|ying|ing|ied|ed|es|e|y|s)$"
)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _stem(word: str) -> str:
    singular = _singular(word)
    known = _SYNONYMS.get(word) or _SYNONYMS.get(singular, singular)
    cut = _SUFFIX.match(known)
    return cut[1] if cut else known


_DROPPED = frozenset(_FUNCTION_WORDS.split())

GENERIC = frozenset(map(_stem, _GENERIC_WORDS.split()))
"""Stems that say that mathematics is done, not which."""

DECISIVE = frozenset(map(_stem, _DECISIVE_WORDS.split()))
"""Stems that tell neighbours apart: arithmetic or geometric, sine or cosine, area or perimeter."""


def stems(text: str) -> list[str]:
    """Return the stems of a short phrase, in order; the text itself where no word is in it (a bare formula)."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = re.sub(r"'s\b|'", "", plain)
    for pattern, replacement in _PHRASES:
        plain = pattern.sub(replacement, plain)
    words = re.findall(r"[^\W\d_]+|\d+", plain)
    return [_stem(word) for word in words if word not in _DROPPED] or [plain.strip()]
