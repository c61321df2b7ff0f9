"""What kinds of tokens there are."""

from collections.abc import Callable
from typing import TypeVar

__all__ = ["SENTENCE", "Remembered", "folded_token", "is_number", "is_word"]

SENTENCE = "¶"
"""Ends a sentence among the tokens."""
_MOST = 200_000

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
    r"""Return the token in lower case, but for commands: `\Delta` is not `\delta`."""
    return token if token[0] == "\\" else token.casefold()


def is_number(token: str) -> bool:
    """Return whether the token is a number in digits."""
    return token[0].isdigit()


def is_word(token: str) -> bool:
    """Return whether the token is a word of prose; a single letter is a name of mathematics."""
    return len(token) > 1 and token[0].isalpha()
