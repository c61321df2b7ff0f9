"""First names in a text, and whether mostly men or mostly women bear them (U.S. Census 1990; `data/first_names.txt`).

A list of names of one country and one year: it says less of names from elsewhere, and nothing of a person.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

__all__ = ["FEMALE", "MALE", "UNDECIDED", "first_names", "names_in"]

MALE, FEMALE, UNDECIDED = "borne by men", "borne by women", "borne by both"
_MOSTLY = 0.9
"""Share of the bearers of one sex from which a name counts as its."""
_CAPITALISED = re.compile(r"\b[A-Z][a-z]{1,14}\b")
_PLACE = re.compile(
    r" (?:Street|City|School|Park|Lake|River|University|College|High|County|Island|Elementary)\b"
)
"""What makes a name that of a place."""
_BEGINS = re.compile(r"(?:^|[.!?:\n\"“(])\s*$")
_NO_NAMES = frozenset(
    [
        "April",
        "August",
        "May",
        "June",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "January",
        "February",
        "March",
        "July",
        "September",
        "October",
        "November",
        "December",
        "Easter",
        "Christmas",
        "York",
        "Paris",
        "London",
        "China",
        "India",
        "Georgia",
        "Virginia",
        "Carolina",
        "Florida",
        "Dakota",
        "Washington",
        "Texas",
        "Asia",
        "Africa",
        "Israel",
        "Euler",
        "Newton",
        "Fermat",
        "Pascal",
        "Gauss",
        "Lake",
        "In",
        "An",
        "So",
        "Do",
        "See",
        "Man",
        "Love",
        "Star",
        "Santa",
        "Merry",
        "Precious",
        "Golden",
        "King",
        "Prince",
        "Major",
    ]
)
"""Words on the list that mostly mean something else in problems."""
_ALSO_WORDS = frozenset(
    [
        "Will",
        "Mark",
        "Bill",
        "Rose",
        "Grace",
        "Faith",
        "Hope",
        "Joy",
        "Art",
        "Ray",
        "Sue",
        "Grant",
        "Drew",
        "Page",
        "Dawn",
        "Summer",
        "Autumn",
        "Holly",
        "Ivy",
        "Olive",
        "Pearl",
        "Ruby",
        "Amber",
        "Crystal",
        "Ginger",
        "Sandy",
        "Rusty",
        "Buck",
        "Cash",
        "Chance",
        "Christian",
        "Guy",
        "Hunter",
        "Max",
        "Miles",
        "Pat",
        "Rich",
        "Rob",
        "Stone",
        "Carol",
        "Jack",
        "Penny",
        "Frank",
        "Earnest",
        "Angel",
        "Charity",
        "Mercy",
        "Patience",
        "Iris",
        "Violet",
        "Lily",
        "Daisy",
        "Jasmine",
        "Sage",
        "Heather",
        "Robin",
        "Jay",
        "Chip",
        "Dick",
        "Gene",
        "Harry",
        "Herb",
        "Jewel",
        "Lane",
        "Long",
        "Young",
        "Price",
        "Mason",
        "Melody",
        "Norm",
        "Peg",
        "Rod",
        "Sky",
        "Tad",
        "Tab",
        "Wade",
        "Ward",
        "Woody",
        "Bob",
        "Ken",
        "Don",
        "Dale",
        "Dean",
        "Earl",
        "Duke",
        "Noble",
        "Forest",
        "Glen",
        "Brook",
        "Cliff",
        "Dot",
        "Fern",
        "Hazel",
        "Pansy",
        "Opal",
        "Coral",
    ]
)
"""Words that are names in the middle of a sentence, and mostly not at its beginning."""


@cache
def first_names() -> Mapping[str, str]:
    """Return each name with who bears it."""
    found = {}
    for line in (files("kpmath_builder") / "data" / "first_names.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            name, men, women = line.split()
            share = float(men) / (float(men) + float(women))
            found[name] = MALE if share >= _MOSTLY else FEMALE if share <= 1 - _MOSTLY else UNDECIDED
    return {name: whose for name, whose in found.items() if name not in _NO_NAMES}


def names_in(text: str) -> Iterator[str]:
    """Yield the first names of a text, each once."""
    known = first_names()
    seen = set()
    for found in _CAPITALISED.finditer(text):
        word = found[0]
        if word in known and word not in seen and _is_person(word, text, found.start(), found.end()):
            seen.add(word)
            yield word


def _is_person(word: str, text: str, start: int, end: int) -> bool:
    if word in _ALSO_WORDS and _BEGINS.search(text, max(start - 3, 0), start):
        return False
    return not _PLACE.match(text, end)
