"""Punctuation: what only prose needs goes; between symbols a comma, colon, mark or quote has a meaning."""

from collections.abc import Sequence

from kpmath_builder.curation.latex import FUNCTIONS
from kpmath_builder.curation.token_kinds import SENTENCE, is_command, is_number, is_word

__all__ = ["meaningful_punctuation"]

_OPERATORS = frozenset("+-*/=<>^_")


def meaningful_punctuation(tokens: Sequence[str]) -> list[str]:
    """Return the tokens without punctuation of prose, and `SENTENCE` after each sentence."""
    found: list[str] = []
    quoted = False
    done = 0
    for place in [place for place, token in enumerate(tokens) if token in _MARKS]:
        found += tokens[done:place]
        done = place + 1
        sign = tokens[place]
        before = found[-1] if found else SENTENCE
        if sign == '"':
            inches = not quoted and is_number(before)
            quoted = not (quoted or inches)
            if inches:
                found.append(sign)
        elif sign in _ENDS:
            _end(found, sign, before)
        elif sign in _PRIMES:
            _prime(found, sign, before)
        elif _is_symbol(before) and done < len(tokens) and _is_symbol(tokens[done]):
            found.append(sign)
    found += tokens[done:]
    if found and found[-1] != SENTENCE:
        found.append(SENTENCE)
    return found


_ENDS = frozenset(".?!")
_PAUSES = frozenset(",;:")
_PRIMES = frozenset("'`")
_DERIVED = _PRIMES | frozenset(")]}|")
_MARKS = _ENDS | _PAUSES | _PRIMES | {'"'}


def _end(found: list[str], sign: str, before: str) -> None:
    missing_number = sign == "?" and before in _OPERATORS  # 5 + ? = 8
    factorial = sign == "!" and before != SENTENCE and not is_word(before)
    if missing_number or factorial:
        found.append(sign)
    elif before != SENTENCE:
        found.append(SENTENCE)


def _prime(found: list[str], sign: str, before: str) -> None:
    if before == "^":
        found[-1] = sign  # f^\\prime
    elif (
        before in _DERIVED
        or before in FUNCTIONS
        or (before[0].isalnum() and not is_word(before))
        or is_command(before)
    ):
        found.append(sign)  # feet, or a derivative


def _is_symbol(token: str) -> bool:
    return not is_word(token) and token != SENTENCE and token not in _ENDS
