"""Texts with a sign in place of each number, or of each person's name: what renumbered and renamed copies have in common."""

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from kpmath_builder.curation.first_names import FEMALE, MALE, first_names
from kpmath_builder.curation.people import is_first_name, name_places, possible_name
from kpmath_builder.curation.token_kinds import Remembered, folded_token, is_number
from kpmath_builder.curation.words import NUMBER_WORDS

__all__ = ["mask_names", "mask_numbers", "telling_tokens"]

_FRACTION = r"\frac # #"
_NUMBER, _NUMBER_WORD, _SCALE = "#", "#word", "#scale"
_SCALES = frozenset({"hundred", "thousand", "million", "billion"})
_ONE_NUMBER = re.compile(r"#(?<!\S#)(?:word|scale)?(?: #word| #scale)*(?!\S)")

_ONE_FRACTION = re.compile(r"(?:(?<=[^\W\d_]{2} )|(?<!.))(?:# )?\\frac # #(?= [^\W\d_]{2}| %|$)")
"""Between words; in a formula a fraction in place of a number makes another form."""
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
    r"""Return normalised tokens, joined, with one sign for each number; "two hundred", "5 million", `1/2` of prose and `^12` are one number."""
    masked = " ".join(map(_NUMBER_SIGNS.__getitem__, tokens))
    if _NUMBER_WORD in masked or _SCALE in masked:
        masked = _ONE_NUMBER.sub(_NUMBER, masked)
    if _FRACTION in masked:
        masked = _ONE_FRACTION.sub(_NUMBER, masked)
    return _SCRIPT_DIGITS.sub(r"\1", masked) if _TWO_NUMBERS in masked else masked


def telling_tokens(tokens: Sequence[str]) -> int:
    """Return how many normalised tokens are neither numbers nor brackets, which say what is asked."""
    return sum(_NUMBER_SIGNS[token] not in _TELL_NOTHING for token in tokens)


_TELL_NOTHING = frozenset({_NUMBER, _NUMBER_WORD, _SCALE, *"(){}[]"})


_MALE = {
    "she": "he", "she's": "he's", "she'll": "he'll", "she'd": "he'd", "him": "his", "her": "his", "hers": "his", "herself": "himself",
}  # fmt: skip
_HE = frozenset({*_MALE.values(), "him"})
_SHE = _MALE.keys() - _HE
_NEUTRAL = {token: f"@{he}" for token, he in _MALE.items()} | {he: f"@{he}" for he in _MALE.values()}


def mask_names(raw: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return raw tokens, normalised, with `@1`, `@2` for the people in the order of their appearance; nothing if there is nobody.

    Pronouns of one gender lose it in a text of one person. Among several they lose it in the second list, which is empty unless the first
    name is borne by that sex, so that they mean the first person.
    """
    places = name_places(raw)
    if not places:
        return [], []
    masked = list(map(_FOLDED.__getitem__, raw))
    numbers: dict[str, int] = {}
    merged = _merged(raw, places)
    for place in places:
        name = possible_name(raw[place])
        if place in merged:
            masked[place] = ""
        else:
            masked[place] = f"@{numbers.setdefault(name, len(numbers) + 1)}{(name != raw[place]) * ' s'}"
    masked = [
        "" if token in _TITLES_OF and _is_before_name(masked, place) else token
        for place, token in enumerate(masked)
        if token
    ]
    tokens = [token for token in masked if token]
    sex = _sex_of_pronouns(set(tokens))
    if sex is None:
        return tokens, []
    neutral = [_NEUTRAL.get(token, token) for token in tokens]
    if len(numbers) == 1:
        return neutral, []
    return tokens, neutral if first_names().get(possible_name(raw[places[0]])) == sex else []


def _sex_of_pronouns(used: AbstractSet[str]) -> str | None:
    """Return whose pronouns a text has; None if it has none, or those of both sexes."""
    he, she = not used.isdisjoint(_HE), not used.isdisjoint(_SHE)
    return None if he is she else MALE if he else FEMALE


_FOLDED = Remembered(folded_token)


def _merged(raw: Sequence[str], places: Sequence[int]) -> set[int]:
    """Return the places of names that belong to the name behind: `Mary Ann` if neither stands alone, and each is there twice or unusual."""
    names = {place: possible_name(raw[place]) for place in places}
    pairs = Counter(
        (name, names[place + 1])
        for place, name in names.items()
        if place + 1 in names and name == raw[place] and name != names[place + 1]
    )
    often = Counter(names.values())
    return {
        place
        for place, name in names.items()
        if place + 1 in names
        and (count := pairs[name, names[place + 1]]) == often[name] == often[names[place + 1]]
        and (count > 1 or not is_first_name(names[place + 1]))
    }


def _is_before_name(masked: Sequence[str], place: int) -> bool:
    return place + 1 < len(masked) and masked[place + 1].startswith("@")


_TITLES_OF = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof"})
