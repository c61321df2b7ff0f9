"""What kinds of tokens there are."""

__all__ = ["SENTENCE", "folded_token", "is_number", "is_word"]

SENTENCE = "¶"
"""Ends a sentence among the tokens."""


def folded_token(token: str) -> str:
    r"""Return the token in lower case, but for commands: `\Delta` is not `\delta`."""
    return token if token[0] == "\\" else token.casefold()


def is_number(token: str) -> bool:
    """Return whether the token is a number in digits."""
    return token[0].isdigit()


def is_word(token: str) -> bool:
    """Return whether the token is a word of prose; a single letter is a name of mathematics."""
    return len(token) > 1 and token[0].isalpha()
