"""The numbers of a problem: a copy in other words keeps them."""

from collections.abc import Sequence

from kpmath_builder.curation.number_words import NUMBERS, SCALES
from kpmath_builder.curation.token_kinds import Remembered, is_number, is_word

__all__ = ["numbers_of_prose"]

_PROSE = 0.6
"""Share of words, beside the numbers, from which a text is prose: in a formula one other sign makes another problem of the same numbers."""
_ONE = "1"
"""Says little: "one of them", "a pen"."""
_MULTIPLES = {"twice": "2", "double": "2", "thrice": "3", "triple": "3"}
_NAMED = {name: str(number) for name, number in (NUMBERS | SCALES).items()} | _MULTIPLES


def numbers_of_prose(tokens: Sequence[str]) -> list[str]:
    """Return the different numbers of a text, but for 1, in digits and sorted; none if most of the text is formulas."""
    kinds = [_KINDS[token] for token in tokens]
    words = kinds.count(_WORD)
    if words < _PROSE * (words + kinds.count(_SIGN)):
        return []
    return sorted(set(kinds) - {_WORD, _SIGN, _COMMA, _ONE})


_WORD, _SIGN, _COMMA = "word", "sign", ","


def _kind(token: str) -> str:
    if is_number(token):
        return token
    if token == _COMMA:
        return _COMMA
    return _NAMED.get(token) or (_WORD if is_word(token) else _SIGN)


_KINDS = Remembered(_kind)
