"""Texts with a sign in place of each number, or of each person's name: what renumbered and renamed copies have in common."""

import re
from collections.abc import Sequence

from kpmath_builder.curation.token_kinds import SENTENCE, folded_token, is_number
from kpmath_builder.curation.words import NOT_PEOPLE, NUMBER_WORDS, STARTERS

__all__ = ["NUMBER", "mask_names", "mask_numbers"]

NUMBER = "#"


_SCALES = frozenset({"hundred", "thousand", "million", "billion"})


def mask_numbers(tokens: Sequence[str]) -> list[str]:
    """Return normalised tokens with one sign for each number; "two hundred" and "5 million" are one number."""
    masked: list[str] = []
    in_words = False
    for token in tokens:
        if is_number(token):
            masked.append(NUMBER)
            in_words = False
        elif token in NUMBER_WORDS:
            if not (in_words or (token in _SCALES and masked and masked[-1] == NUMBER)):
                masked.append(NUMBER)
            in_words = True
        else:
            masked.append(token)
            in_words = False
    return masked


_NOBODY = STARTERS | NOT_PEOPLE
_PRONOUNS = {
    "she": "he", "he's": "he's", "she's": "he's", "him": "his", "her": "his", "hers": "his", "herself": "himself", "he'll": "he'll",
    "she'll": "he'll", "he'd": "he'd", "she'd": "he'd",
}  # fmt: skip
_NAME = re.compile(r"[A-Z][a-z]+(?:'[A-Z][a-z]+|[A-Z][a-z]+)?")


def mask_names(raw: Sequence[str]) -> list[str] | None:
    """Return raw tokens, normalised, with `@1`, `@2` for the people in the order of their appearance; None if there is nobody.

    Pronouns lose their gender. Names are told by their capitals, because no list holds them all.
    """
    named = _named(raw)
    if not any(named):
        return None
    numbers: dict[str, int] = {}
    masked: list[str] = []
    name: list[str] = []
    for token, is_name in zip(raw, named, strict=True):
        word = token.removesuffix("'s")
        if is_name:
            name.append(word)
        if name and (not is_name or word != token):
            masked.append(f"@{numbers.setdefault(' '.join(name), len(numbers) + 1)}")
            name = []
        if not is_name:
            folded = folded_token(token)
            masked.append(_PRONOUNS.get(folded, folded))
        elif word != token:
            masked.append("'s")
    if name:
        masked.append(f"@{numbers.setdefault(' '.join(name), len(numbers) + 1)}")
    return masked


def _named(raw: Sequence[str]) -> list[bool]:
    """Return for each token whether it is a name, or a part of one."""
    words = [token.removesuffix("'s") for token in raw]
    first = [place == 0 or raw[place - 1] == SENTENCE for place in range(len(raw))]
    could = [bool(_NAME.fullmatch(word)) and word.lower() not in _NOBODY for word in words]
    inside = {word for word, able, begins in zip(words, could, first, strict=True) if able and not begins}
    written_small = set(words)
    return [
        able and (not begins or word in inside or word.lower() not in written_small)
        for word, able, begins in zip(words, could, first, strict=True)
    ]
