"""Splits tokens at the outermost separators and relations."""

from collections.abc import Callable, Iterable

from kpmath_builder.answers.tokens import Token, UnreadableError

__all__ = ["closing", "level", "outer", "split"]


def level(tokens: Iterable[Token]) -> int:
    """Return how many brackets are left open."""
    return sum((token.kind == "open") - (token.kind == "close") for token in tokens)


def split(tokens: list[Token], cuts: Callable[[Token], bool]) -> tuple[list[list[Token]], list[Token]]:
    """Split at the outermost tokens that `cuts` accepts; return the pieces and the cutting tokens."""
    pieces: list[list[Token]] = [[]]
    between: list[Token] = []
    depth = bars = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        bars ^= token.kind == "operator" and token.value == "|"
        if depth == 0 and not bars and token.kind != "close" and cuts(token):
            pieces.append([])
            between.append(token)
        else:
            pieces[-1].append(token)
    return pieces, between


def closing(tokens: list[Token]) -> int:
    """Return the place of the bracket that closes the first one."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0:
            return at
    raise UnreadableError("open bracket")


def outer(tokens: list[Token]) -> list[Token]:
    """Return the tokens that stand in no brackets, bars left out."""
    outside, depth = [], 0
    for token in tokens:
        depth += token.kind == "open"
        if depth == 0 and token.value != "|":
            outside.append(token)
        depth -= token.kind == "close"
    return outside
