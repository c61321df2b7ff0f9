"""Sets by a condition: `{x | 2 < x < 3}` is the interval, `{2k : k ∈ ℤ}` keeps its head and its condition."""

from dataclasses import replace

from kpmath_builder.answers.forms import ALL, Form, Given, Group, Labelled
from kpmath_builder.answers.readers import Readers
from kpmath_builder.answers.splitting import level
from kpmath_builder.answers.tokens import Token, UnreadableError

__all__ = ["read_set"]


def read_set(inner: list[Token], read: Readers) -> Form | None:
    """Return what stands in the braces of a set given by a condition, or None if no bar or colon parts it."""
    bar = next((at for at, token in enumerate(inner) if _parts(token) and level(inner[:at]) == 0), 0)
    if not bar:
        return None
    head, condition = inner[:bar], inner[bar + 1 :]
    if any(token.value == "|" for token in head) or not any(token.kind == "relation" for token in condition):
        return None
    if head[0].kind == "symbol" and (len(head) == 1 or [t.value for t in head[1:]] == ["in", "set R"]):
        return _filtered(head[0].value, condition, read)
    head, condition = _renamed(head, condition)
    return Given(
        Group("set", (read.answer(head),)), ("elements", read.answer(condition).key(ALL, ordered=False))
    )


def _parts(token: Token) -> bool:
    return (token.kind == "operator" and token.value == "|") or (
        token.kind == "relation" and token.value == ":"
    )


def _filtered(name: str, condition: list[Token], read: Readers) -> Form:
    """Return the set of all x that a condition names: the condition without its unknown."""
    form = read.answer(condition)
    if isinstance(form, Labelled) and form.label == ("name", name) and isinstance(form.form, Group):
        return form.form
    return Given(Group("set", ()), ("elements", name, form.key(ALL, ordered=False)))


def _renamed(head: list[Token], condition: list[Token]) -> tuple[list[Token], list[Token]]:
    """Give the variables of the head, in their order, the same names in every set."""
    given = {token.value for token in condition if token.kind == "symbol"}
    order = dict.fromkeys(token.value for token in head if token.kind == "symbol" and token.value in given)
    places = {name: f"bound {at}" for at, name in enumerate(order)}

    def renamed(tokens: list[Token]) -> list[Token]:
        return [replace(t, value=places.get(t.value, t.value)) if t.kind == "symbol" else t for t in tokens]

    if not head or not condition:
        raise UnreadableError("half a set")
    return renamed(head), renamed(condition)
