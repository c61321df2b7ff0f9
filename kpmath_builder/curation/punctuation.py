"""Punctuation: what only prose needs goes; between symbols a comma, colon, mark or quote has a meaning."""

from collections.abc import Sequence

from kpmath_builder.curation.token_kinds import SENTENCE, is_number, is_word

__all__ = ["meaningful_punctuation"]

_OPERATORS = frozenset("+-*/=<>^_")


def meaningful_punctuation(tokens: Sequence[str]) -> list[str]:
    """Return the tokens without punctuation of prose, and `SENTENCE` after each sentence."""
    found: list[str] = []
    quoted = False
    for sign, after in zip(tokens, [*tokens[1:], SENTENCE], strict=False):
        before = found[-1] if found else SENTENCE
        if sign == '"':
            inches = not quoted and is_number(before)
            quoted = not (quoted or inches)
            if inches:
                found.append(sign)
        elif sign in _ENDS:
            _end(found, sign, before)
        elif sign in _PAUSES:
            if _is_symbol(before) and _is_symbol(after):
                found.append(sign)
        elif sign in _PRIMES:
            _prime(found, sign, before)
        else:
            found.append(sign)
    if found and found[-1] != SENTENCE:
        found.append(SENTENCE)
    return found


_ENDS = frozenset(".?!")
_PAUSES = frozenset(",;:")
_PRIMES = frozenset("'`")


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
    elif is_number(before) or (len(before) == 1 and (before.isalpha() or before in _PRIMES | {")"})):
        found.append(sign)  # feet, or a derivative


def _is_symbol(token: str) -> bool:
    return not is_word(token) and token != SENTENCE and token not in _ENDS
