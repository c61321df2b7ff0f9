"""What a problem is about, as categories that can be counted: its answer's type, its money and units, its people, its steps."""

import re
from collections.abc import Iterator

from kpmath_builder.answers.units import parse_unit
from kpmath_builder.auditing.people import names_in
from kpmath_builder.curation.first_names import first_names

__all__ = ["answer_type", "currencies_in", "genders_in", "names_in", "steps_of", "units_in"]

_ANSWER_TYPES = (
    ("percentage", r"[-+]?[\d.,]+ ?(?:\\?%|percent)"),
    ("amount of money", r"\\?[$€£¥₹] ?-?[\d.,]+|-?[\d.,]+ ?(?:dollars|euros|cents|pounds|rupees|yuan|yen)"),
    ("whole number", r"\d{1,3}(?:,\d{3})+|\d+"),
    ("negative whole number", r"-\d[\d,]*"),
    ("decimal", r"-?\d*\.\d+|-?\d[\d,]*\.\d+"),
    ("fraction", r"-?\d+ ?/ ?\d+|-?(?:\d+ ?)?\\[dt]?frac ?(?:\{-?\d+\}|\d)(?: ?\{-?\d+\}|\d)|-?\d+ \d+/\d+"),
    ("number with a unit", r"-?[\d.,/]+ ?(?:\\text ?\{ ?)?[A-Za-z°][A-Za-z°^ 23/]{0,30}\}?"),
    ("choice", r"\(?[A-H]\)?|\\text ?\{ ?\(?[A-H]\)? ?\}"),
    ("time of day", r"\d{1,2}:\d\d(?: ?[ap]\.?m\.?)?"),
    ("interval, pair or list", r"[\[(].*,.*[\])]|\\left ?[\[(].*,.*|.+,.+|.*\\cup.*"),
    ("equation or relation", r".*(?:=|<|>|\\leq?|\\geq?|\\ne).*"),
    ("words", r"(?:\\text ?\{)?[A-Za-z][A-Za-z' .-]+\}?"),
)
_TYPES = tuple(
    (name, re.compile(pattern, re.IGNORECASE if name != "choice" else re.NOFLAG))
    for name, pattern in _ANSWER_TYPES
)
_MONEY = (
    ("dollar", ("$", "dollar", "usd", "bucks"), r"\\\$|\bdollars?\b|\busd\b|\bbucks\b"),
    ("euro", ("€", "eur"), r"€|\beuros?\b|\beur\b"),
    ("pound sterling", ("£", "sterling", "gbp"), r"£|\bpounds? sterling\b|\bgbp\b"),
    ("rupee", ("₹", "rupee", "rs"), r"₹|\brupees?\b|\brs\.? ?\d"),
    ("yuan", ("yuan", "rmb", "jiao"), r"\byuan\b|\brmb\b|\bjiao\b"),
    ("yen", ("¥", "yen"), r"¥|\byen\b"),
    ("peso", ("peso",), r"\bpesos?\b"),
    ("won", ("₩", "won"), r"₩|\d ?won\b"),
    ("rouble", ("₽", "ruble", "rouble"), r"₽|\br(?:ou|u)bles?\b"),
)
_CURRENCIES = tuple((name, hints, re.compile(pattern)) for name, hints, pattern in _MONEY)
"""Name, what a text must hold for the pattern to be tried, and the pattern, both in lower case."""
_DOLLAR = re.compile(r"(?<![\w\\$])\$\d[\d,.]*(?=[\s.,;:?!)]|$)")
_FORMULA = re.compile(r"\\[a-zA-Z(\[]|\d\$|[=^_{}]")
"""What shows that a dollar sign may delimit a formula."""
_UNIT = re.compile(r"\d[\d,.]* ?-?([A-Za-z]{1,12})\b")
_NO_UNITS = frozenset(("in", "a", "s", "an", "m", "h", "g", "n", "j", "w", "l", "won"))
"""Names of units that are words, letters of formulas, or money (counted as such) more often than not."""
_MONEY_UNITS = frozenset(
    (
        "dollar",
        "cent",
        "usd",
        "buck",
        "euro",
        "eur",
        "gbp",
        "peso",
        "rupee",
        "inr",
        "yuan",
        "jiao",
        "yen",
        "won",
        "ruble",
        "rouble",
        "kopeck",
    )
)
_STEP_BANDS = ((0, "none"), (1, "1"), (2, "2"), (3, "3"), (4, "4"), (6, "5 or 6"), (9, "7 to 9"))


def answer_type(answer: str) -> str:
    """Return what kind of answer a final answer is."""
    text = answer.strip()
    if len(text) > 1 and text[0] == text[-1] == "$":
        text = text.strip("$").strip()
    return next((name for name, pattern in _TYPES if pattern.fullmatch(text)), "expression")


def currencies_in(text: str) -> Iterator[str]:
    """Yield the currencies of a text; a dollar sign counts where it cannot delimit a formula."""
    lowered = text.lower()
    found = {
        name
        for name, hints, pattern in _CURRENCIES
        if any(hint in lowered for hint in hints) and pattern.search(lowered)
    }
    if _DOLLAR.search(text) and not _FORMULA.search(text):
        found.add("dollar")
    yield from sorted(found)


def units_in(text: str) -> Iterator[str]:
    """Yield the units that follow a number, as their plain names."""
    words = {word.lower() for word in _UNIT.findall(text)} - _NO_UNITS
    found = set()
    for word in words:
        unit = parse_unit(word)
        if unit and len(unit.dimension) == 1:
            base = unit.dimension[0][0]
            found.add(base if unit.factor == 1 else word.removesuffix("s") if len(word) > 3 else word)
    yield from sorted(found - _MONEY_UNITS)


def genders_in(text: str) -> Iterator[str]:
    """Yield by whom each first name of a text is mostly borne."""
    known = first_names()
    yield from (known[name] for name in names_in(text))


def steps_of(solution: str) -> str:
    """Return how many results a solution states, in bands: the number of its equals signs outside calculator annotations."""
    count = re.sub(r"<<[^<>\n]*>>", "", solution).count("=")
    return next((name for most, name in _STEP_BANDS if count <= most), "10 or more")
