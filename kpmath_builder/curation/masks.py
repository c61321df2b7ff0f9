"""Texts with a sign in place of each number, or of each person's name: what renumbered and renamed copies have in common."""

import re
from collections.abc import Iterator, Sequence

from kpmath_builder.curation.token_kinds import SENTENCE, Remembered, folded_token, is_number
from kpmath_builder.curation.words import NOT_PEOPLE, NUMBER_WORDS, STARTERS

__all__ = ["mask_names", "mask_numbers", "unmasked"]

_NUMBER, _NUMBER_WORD, _SCALE = "#", "#word", "#scale"
_SCALES = frozenset({"hundred", "thousand", "million", "billion"})
_ONE_NUMBER = re.compile(r"#(?<!\S#)(?:word|scale)?(?: #word| #scale)*(?!\S)")

_TWO_NUMBERS = "# #"
_SCRIPT_DIGITS = re.compile(r"((?<!\S)[\^_] #) #(?!\S)")


def _number_sign(token: str) -> str:
    if is_number(token):
        return _NUMBER
    if token in _SCALES:
        return _SCALE
    return _NUMBER_WORD if token in NUMBER_WORDS else token


_NUMBER_SIGNS = Remembered(_number_sign)


def mask_numbers(tokens: Sequence[str]) -> str:
    """Return normalised tokens, joined, with one sign for each number; "two hundred", "5 million" and `^12` are one number."""
    masked = " ".join(map(_NUMBER_SIGNS.__getitem__, tokens))
    if _NUMBER_WORD in masked or _SCALE in masked:
        masked = _ONE_NUMBER.sub(_NUMBER, masked)
    return _SCRIPT_DIGITS.sub(r"\1", masked) if _TWO_NUMBERS in masked else masked


def unmasked(masked: str) -> int:
    """Return how many tokens are not numbers."""
    words = masked.split(" ")
    return len(words) - words.count(_NUMBER)


_NAME = re.compile(r"[A-Z][a-z]+(?:'[A-Z][a-z]+|[A-Z][a-z]+)?")
_NOBODY = STARTERS | NOT_PEOPLE
_PRONOUNS = {
    "she": "he", "she's": "he's", "she'll": "he'll", "she'd": "he'd", "him": "his", "her": "his", "hers": "his", "herself": "himself",
}  # fmt: skip


def _possible_name(token: str) -> str:
    word = token.removesuffix("'s")
    return word if _NAME.fullmatch(word) and word.lower() not in _NOBODY else ""


def _without_gender(token: str) -> str:
    folded = folded_token(token)
    return _PRONOUNS.get(folded, folded)


_POSSIBLE_NAMES = Remembered(_possible_name)
_GENDERLESS = Remembered(_without_gender)


def mask_names(raw: Sequence[str]) -> list[str] | None:
    """Return raw tokens, normalised, with `@1`, `@2` for the people in the order of their appearance; None if there is nobody.

    Pronouns lose their gender. Names are told by their capitals, because no list holds them all.
    """
    places = list(_name_places(raw))
    if not places:
        return None
    masked = list(map(_GENDERLESS.__getitem__, raw))
    numbers: dict[str, int] = {}
    name: list[str] = []
    for place, following in zip(places, [*places[1:], -1], strict=True):
        name.append(_POSSIBLE_NAMES[raw[place]])
        possessive = name[-1] != raw[place]
        if following == place + 1 and not possessive:
            masked[place] = ""
            continue
        masked[place] = f"@{numbers.setdefault(' '.join(name), len(numbers) + 1)}{possessive * ' s'}"
        name = []
    return [token for token in masked if token]


def _name_places(raw: Sequence[str]) -> Iterator[int]:
    """Yield where names stand; a word that begins a sentence is one if nothing shows that it is another word with a capital."""
    names = list(map(_POSSIBLE_NAMES.__getitem__, raw))
    places = [place for place, name in enumerate(names) if name]
    if not places:
        return
    beginning = {place for place in places if place == 0 or raw[place - 1] == SENTENCE}
    inside = {names[place] for place in places if place not in beginning}
    small = set(raw)
    for place in places:
        if place not in beginning or names[place] in inside or names[place].lower() not in small:
            yield place
