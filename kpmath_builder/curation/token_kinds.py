"""What kinds of tokens there are."""

from collections.abc import Callable
from typing import TypeVar

from kpmath_builder.curation.words import SHORT_WORDS

__all__ = ["SENTENCE", "Remembered", "folded_token", "is_command", "is_number", "is_word", "keeps_case"]

SENTENCE = "¶"
"""Ends a sentence among the tokens."""
_MOST = 200_000
_PRODUCT, _TRIANGLE = 2, 3
_NO_CLOCK = frozenset({"AM", "PM"})
"""Times of day are in small letters by now: these are products, or lines between points."""

Value = TypeVar("Value")


class Remembered(dict[str, Value]):
    """A function of tokens that is asked once for each; texts have few different tokens, and millions in all."""

    def __init__(self, function: Callable[[str], Value]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, token: str) -> Value:
        value = self._function(token)
        if len(self) < _MOST:
            self[token] = value
        return value


def folded_token(token: str) -> str:
    r"""Return the token in lower case, but for commands and variables: `\Delta` is not `\delta`, and `A` not `a`."""
    return token if keeps_case(token) else token.casefold()


def keeps_case(token: str) -> bool:
    """Return whether the token is a command, a variable, or a product such as `aB`."""
    return token[0] == "\\" or len(token) == 1 or _is_product(token)


def is_number(token: str) -> bool:
    """Return whether the token is a number in digits."""
    return token[0].isdigit()


def is_command(token: str) -> bool:
    r"""Return whether the token is a command of LaTeX with a name, such as `\alpha`."""
    return len(token) > 1 and token[0] == "\\" and token[1].isalpha()


def is_word(token: str) -> bool:
    """Return whether the token is a word of prose; a letter, a product `ab` or a triangle `ABC` is mathematics."""
    return len(token) > 1 and token[0].isalpha() and not (_is_product(token) or _is_triangle(token))


def _is_product(token: str) -> bool:
    """Return whether two letters stand for one thing each: `ab`, `AB`, but not `of` or `Al`."""
    return (
        len(token) == _PRODUCT
        and token.isalpha()
        and not token.istitle()
        and (token.lower() not in SHORT_WORDS or token in _NO_CLOCK)
    )


def _is_triangle(token: str) -> bool:
    return (
        len(token) == _TRIANGLE and token.isalpha() and token.isupper() and token.lower() not in SHORT_WORDS
    )
