"""Which texts the checker may be asked about: it drops what it does not know, so it is shown only what it knows all of."""

import re

from kpmath_builder.answers.vocabulary import SHORT_WORDS, names

__all__ = ["is_expression"]

_MAX_LENGTH = 400
_PIECE = re.compile(r"\\([a-zA-Z]+)|\\.|\s+|\d+(?:\.\d+)?|([a-zA-Z]+)|([-+*/^_(){}\[\]|=])|.", re.DOTALL)
_COMMANDS = names(
    "frac sqrt sum prod int lim to infty pi sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp binom choose "
    "alpha beta gamma delta theta lambda mu phi omega cdot times left right"
)
"""Commands that math-verify reads; of others it may read a part."""
_FUNCTIONS = names("sin cos tan log ln exp lim sqrt")
_ONE_SIDED = re.compile(r"\^\s*(?:\{\s*[-+]\s*\}|[-+])")
"""A sign in the place of an exponent, as in `x \\to 0^+`: math-verify drops the whole limit."""
_BOUND = re.compile(r"_\s*\{\s*[a-zA-Z]\s*=\s*")
_MAX_LETTERS = 3
_CLOSES = {")": "(", "}": "{", "]": "["}


def is_expression(text: str) -> bool:
    """Whether every sign of a normalised text belongs to one closed expression of known commands, numbers and letters."""
    if len(text) > _MAX_LENGTH or "=" in _BOUND.sub("", text) or re.search(r"[-+*/^_(\[{]\s*\Z", text):
        return False
    if ("\\to" in text and "\\lim" not in text) or _ONE_SIDED.search(text):
        return False
    open_brackets: list[str] = []
    for piece in _PIECE.finditer(text):
        sign = piece[3] or ""
        known = (
            piece[1] in _COMMANDS
            if piece[1]
            else (len(piece[2]) <= _MAX_LETTERS and piece[2] not in SHORT_WORDS) or piece[2] in _FUNCTIONS
            if piece[2]
            else bool(sign) or piece[0].isspace() or piece[0][0].isdigit()
        )
        if not known or (sign in _CLOSES and (not open_brackets or open_brackets.pop() != _CLOSES[sign])):
            return False
        if sign in _CLOSES.values():
            open_brackets.append(sign)
    return not open_brackets
