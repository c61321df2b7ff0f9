"""Conditions under which an answer holds: `n = 2^k for k ≥ 1`, `3 if n is odd`, `kπ, k ∈ ℤ`.

A condition always counts. Only two say nothing and are left out: that it holds for every real number, and that the parameter
of a family with π is whole, which it is in any case.
"""

from dataclasses import replace

from kpmath_builder.answers.forms import ALL
from kpmath_builder.answers.precision import Key
from kpmath_builder.answers.readers import Readers
from kpmath_builder.answers.splitting import level, split
from kpmath_builder.answers.tokens import Token, UnreadableError
from kpmath_builder.answers.vocabulary import names

__all__ = ["parameters_renamed", "read_condition", "split_condition"]

_BEGINS = names("where for forall with when if such whenever given unless except provided only assuming")
_SAYS_NOTHING = names("where for with when if such that whenever given provided assuming")
"""How a condition begins, so that `k ≥ 1`, `for k ≥ 1` and `where k ≥ 1` are one; `unless` and `except` turn it round."""
_EVERY = names("all every each any forall")
_REAL = names("for forall all every each any real reals number numbers value values of x in set R set C")
_QUANTIFIERS = names("for forall all every each any")
"""They say nothing only of a named domain: `3 for each` is not `3`."""
_DOMAINS = names("real rational natural complex integer integers reals rationals numbers number")
_WHOLE = names(
    "where for with some any all every each forall is an are be can integer integers whole number numbers arbitrary"
)
_INTEGER_SETS = frozenset(("set Z",))
_WHOLE_WORDS = names("integer integers")


def split_condition(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """Return what is stated, and the condition that follows it; `5 in` and `for` at the beginning are none."""
    for at, token in enumerate(tokens):
        begins = token.kind == "text" and token.value.lower() in _BEGINS
        if begins and _is_stated(tokens[:at]):
            cut = at - 1 if tokens[at - 1].kind == "separator" else at
            return tokens[:cut], tokens[at:]
    opened = _last_group(tokens)
    if (
        opened > 0
        and tokens[opened].value == "("
        and any(token.kind == "relation" for token in tokens[opened:])
    ):
        return tokens[:opened], tokens[opened + 1 : -1]
    pieces, between = split(tokens, lambda token: token.kind == "separator")
    last = pieces[-1]
    member = [token.kind for token in last] == ["symbol", "relation", "symbol"] and last[1].value == "in"
    if len(pieces) > 1 and member and between[-1].value == "," and pieces[0] and not _same_start(pieces):
        return tokens[: len(tokens) - len(last) - 1], last
    return tokens, []


def _last_group(tokens: list[Token]) -> int:
    """Return where the bracket opens that closes at the end, behind a value that is no name, or -1."""
    depth = 0
    for at in range(len(tokens) - 1, -1, -1):
        depth += (tokens[at].kind == "close") - (tokens[at].kind == "open")
        if depth == 0:
            named = at == 1 and tokens[0].kind in {"symbol", "function"}
            operates = at > 0 and (
                tokens[at - 1].kind in {"operator", "relation", "separator", "function"} or named
            )
            return -1 if operates or tokens[at].kind != "open" else at
    return -1


def _is_stated(before: list[Token]) -> bool:
    return any(token.kind not in {"text", "separator"} for token in before) and level(before) == 0


def _same_start(pieces: list[list[Token]]) -> bool:
    """Whether every item is a membership: `x ∈ A, y ∈ B`."""
    return all(len(piece) > 1 and piece[1].value == "in" for piece in pieces)


def parameters_renamed(value: list[Token], condition: list[Token]) -> tuple[list[Token], list[Token]]:
    """Give the one whole parameter of a family the name k: `nπ, n ∈ ℤ` and `mπ, m ∈ ℤ`."""
    names_given = {token.value for token in condition if _is_letter(token)}
    whole = any(_is_whole(token) for token in condition)
    if (
        not whole
        or len(names_given) != 1
        or not all(_is_letter(t) or _is_whole(t) or _is_filling(t) for t in condition)
    ):
        return value, condition
    name = names_given.pop()
    if any(token.value == "k" and name != "k" for token in value):
        return value, condition
    renamed = [
        replace(token, value="k") if token.value == name and token.kind == "symbol" else token
        for token in value
    ]
    return renamed, [] if _is_periodic(value) else [Token("text", "whole")]


def _is_letter(token: Token) -> bool:
    return token.kind in {"symbol", "text"} and len(token.value) == 1


def _is_whole(token: Token) -> bool:
    return token.value in _INTEGER_SETS or token.value.lower() in _WHOLE_WORDS


def _is_filling(token: Token) -> bool:
    return token.value.lower() in _WHOLE or token.value in {"in", ","}


def _names_domain(token: Token) -> bool:
    word = token.value.lower()
    return token.value.startswith("set ") or word in _REAL or word in _DOMAINS or _is_letter(token)


def _is_periodic(value: list[Token]) -> bool:
    return any(token.value in {"pi", "degree"} for token in value)


def read_condition(tokens: list[Token], read: Readers, *, function: bool = False) -> Key | None:
    """Return the key of a condition, or None if it says nothing: for a function also the name of its domain."""
    words = [token.value.lower() if token.kind == "text" else token.value for token in tokens]
    if function and not _EVERY.isdisjoint(words) and all(_names_domain(token) for token in tokens):
        return None
    over = [word for word in words if word not in _QUANTIFIERS]
    if over and not _EVERY.isdisjoint(words) and all(word in _REAL or word == "," for word in words):
        return None
    while tokens and tokens[0].kind == "text" and tokens[0].value.lower() in _SAYS_NOTHING:
        tokens, words = tokens[1:], words[1:]
    try:
        return ("condition", read.answer(tokens).key(ALL, ordered=False))
    except UnreadableError:
        return ("condition", *(word for word in words if word not in {"is", "are", "a", "an", "the"}))
