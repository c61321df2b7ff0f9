"""Which capital words of a problem name people: those with evidence, because `Mean` and `Mode` are no names."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from kpmath_builder.curation.first_names import ALSO_WORDS, first_names
from kpmath_builder.curation.token_kinds import SENTENCE, Remembered, is_command, is_number
from kpmath_builder.curation.words import MONTHS, NOT_PEOPLE, NUMBER_WORDS, STARTERS

__all__ = ["is_first_name", "name_places", "possible_name"]

_NAME = re.compile(r"(?:Mc|Mac|De|Di|La|Le|O'|D')?[^\W\d_a-z][^\W\d_A-Z]+(?:'[^\W\d_a-z][^\W\d_A-Z]+)?")
_NOBODY = STARTERS | NOT_PEOPLE
_TITLES = frozenset("mr mrs ms miss dr prof professor mister aunt uncle sir madam coach".split())  # noqa: SIM905
_DOES = frozenset(
    """
    adds asks asked ate baked bakes bought built builds buys chooses collected collects counts cuts decided decides draws drew drinks drives
    drove earned earns eats finds found gave gets gives goes got had has keeps knows likes lives loves made makes needed needs owns paid paints
    pays picked picks planted plants plays played puts ran reads read received runs said saved saves says sees sells sold spends spent started
    starts takes thinks told took used uses walked walks wanted wants went wins won worked works writes wrote
    """.split()  # noqa: SIM905
)
"""What follows a person, and hardly a thing without an article."""
_OF_PERSONS = frozenset(
    "can could did does gave give gives if lent lends paid pays sends sent should than told tells will would".split()  # noqa: SIM905
)
"""What stands before a person, and hardly before a thing without an article."""
_IS = frozenset("and can could decides is must should was will would who".split())  # noqa: SIM905
_ADVERBS = frozenset("already also always currently first just now often only recently then usually".split())  # noqa: SIM905
_OBJECTS = frozenset("a all an another at her his in into over some the their through up".split())  # noqa: SIM905
_AGES = frozenset("old older shorter taller year younger".split())  # noqa: SIM905
_VERB = re.compile(r"[a-z]{2,}(?:[^sui]s|ed)")
_PRONOUNS = frozenset("he she him his her hers himself herself he's she's he'll she'll he'd she'd".split())  # noqa: SIM905
_ARTICLES = frozenset("a an the this that each every".split())  # noqa: SIM905
_PLACES = frozenset("at from in into near of on to".split())  # noqa: SIM905
_OPERATORS = frozenset("+-*/=<>^_{}|([")
_TWICE = 2
_AHEAD = 8


def _possible_name(token: str) -> str:
    word = token.removesuffix("'s")
    return word if _NAME.fullmatch(word) and word.lower() not in _NOBODY else ""


_POSSIBLE = Remembered(_possible_name)


def possible_name(token: str) -> str:
    """Return the token without `'s` if it may name somebody, else an empty text."""
    return _POSSIBLE[token]


def _in_list(word: str) -> bool:
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
    return plain in first_names()


_LISTED = Remembered(_in_list)


def is_first_name(word: str) -> bool:
    """Return whether the word is a common first name, and mostly nothing else."""
    return _LISTED[word]


def _is_pronoun(token: str) -> bool:
    return token.lower() in _PRONOUNS


_IS_PRONOUN = Remembered(_is_pronoun)


def name_places(raw: Sequence[str]) -> list[int]:
    """Return where names of people stand among raw tokens."""
    names = list(map(_POSSIBLE.__getitem__, raw))
    outside = _outside_drawings(raw) if "asy" in raw else range(len(raw))
    places = [place for place in outside if names[place]]
    if not places:
        return []
    small = set(raw)
    told = any(map(_IS_PRONOUN.__getitem__, small))
    inside = Counter(
        names[place] for place in places if not _begins(raw, place) and not _in_formula(raw, place)
    )
    often = Counter(names[place] for place in places)
    things = {names[place] for place in places if _before(raw, place) in _ARTICLES}
    people: set[str] = set()
    for place in places:
        name, begins = names[place], _begins(raw, place)
        if name in people or _in_formula(raw, place):
            continue
        listed = _LISTED[name] and not (begins and (name in ALSO_WORDS or name.lower() in small))
        twice = inside[name] and often[name] >= _TWICE and name not in things and name.lower() not in MONTHS
        if listed or twice or _beside(raw, place, told=told):
            people.add(name)
    people |= _in_company(raw, names, places, people)
    return [place for place in places if names[place] in people or (place and names[place - 1] in people)]


def _in_company(
    raw: Sequence[str], names: Sequence[str], places: Sequence[int], people: set[str]
) -> set[str]:
    """Return the names that stand beside an "and" on whose other side somebody stands."""
    found: set[str] = set()
    for place in places:
        if place + 2 < len(raw) and raw[place + 1] == "and" and names[place + 2]:
            pair = {names[place], names[place + 2]}
            if pair & (people | found):
                found |= pair
    return found


def _beside(raw: Sequence[str], place: int, *, told: bool) -> bool:
    """Return whether a word beside shows that this one names a person."""
    before, behind = (
        _before(raw, place),
        [token.lower() for token in raw[place + 1 : place + _AHEAD]] or [SENTENCE],
    )
    if behind[0] in _ADVERBS:
        behind = behind[1:] or [SENTENCE]
    after = behind[0]
    if before in _TITLES or raw[place].endswith("'s"):
        return True
    if before in _ARTICLES:
        return False
    if after in _DOES or before in _OF_PERSONS or (after == "is" and not _AGES.isdisjoint(behind)):
        return True
    if (
        _VERB.fullmatch(after)
        and behind[1:]
        and (behind[1] in _OBJECTS | NUMBER_WORDS or is_number(behind[1]))
    ):
        return True  # flips a
    return told and (after in _IS if _begins(raw, place) else before not in _PLACES)


def _before(raw: Sequence[str], place: int) -> str:
    return raw[place - 1].lower() if place else SENTENCE


def _begins(raw: Sequence[str], place: int) -> bool:
    return place == 0 or raw[place - 1] == SENTENCE


def _in_formula(raw: Sequence[str], place: int) -> bool:
    before = raw[place - 1] if place else SENTENCE
    after = raw[place + 1] if place + 1 < len(raw) else SENTENCE
    variable = len(after) == 1 and after.isalpha() and after not in {"a", "A"}
    return (
        before in _OPERATORS - {"(", "["}
        or after in _OPERATORS
        or variable
        or is_command(before)
        or is_command(after)
    )


def _outside_drawings(raw: Sequence[str]) -> Iterator[int]:
    drawing = False
    for place, sign in enumerate(raw):
        if sign == "asy":
            drawing = place == 0 or raw[place - 1] != "/"
        elif not drawing:
            yield place
