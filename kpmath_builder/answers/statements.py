"""Equations, inequalities, ratios and memberships between the sides of an answer."""

from collections.abc import Iterable
from dataclasses import replace
from math import gcd

from kpmath_builder.answers.forms import Decoration, Form, Group, Scalar, Word
from kpmath_builder.answers.inequalities import read_inequality
from kpmath_builder.answers.quantities import clock, rational, scalar
from kpmath_builder.answers.readers import Readers
from kpmath_builder.answers.relations import equation_key
from kpmath_builder.answers.splitting import outer
from kpmath_builder.answers.syntax import parse_expression
from kpmath_builder.answers.tokens import Token, UnreadableError
from kpmath_builder.answers.trees import Call, Expression, Number, Symbol
from kpmath_builder.answers.unions import line_without
from kpmath_builder.answers.values import fingerprint

__all__ = ["read_relation"]

_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ANONYMOUS = Token("symbol", "x")
"""Stands for what `> 0` leaves out."""
_NAMING = frozenset(("angle", "triangle"))

Sides = list[list[Token]]


def read_relation(sides: Sides, relations: list[str], read: Readers) -> Form:
    """Return the form of sides joined by relation signs.

    Raises
    ------
    UnreadableError
        For congruences, for signs of two directions, and where a side is not read.

    """
    kinds = set(relations)
    if not sides[0] and kinds <= set(_FLIPPED):
        sides = [[_ANONYMOUS], *sides[1:]]
    if not sides[0] and kinds <= {"=", "~"}:
        return read.item(sides[-1])
    if relations == ["in"]:
        return read.item(sides[1])
    if ":" in kinds:
        return _ratio(sides, read) if kinds == {":"} else _with_colon(sides, relations, read)
    if kinds <= {"=", "~"}:
        return _equation(sides, relations, read)
    if relations == ["!="] and _is_label(sides[0]):
        return line_without([read.item(sides[1])])
    trees = _trees(sides)
    if relations == ["!="]:
        return Word(("not equal", equation_key(*trees)))
    if kinds <= {"<", "<="}:
        return read_inequality(trees, relations)
    if kinds <= {">", ">="}:
        return read_inequality(trees[::-1], [_FLIPPED[relation] for relation in relations[::-1]])
    raise UnreadableError("mixed relations")


def _trees(sides: Iterable[list[Token]]) -> list[Expression]:
    """Return the sides as expressions; words among them ("the speed") are left out."""
    return [
        parse_expression([t for t in side if t.kind != "text" or t.value.startswith("_")]) for side in sides
    ]


def _with_colon(sides: Sides, relations: list[str], read: Readers) -> Form:
    """`S : T = 7 : 32` is the ratio after the last equals sign; `Case 1: x = 5` is what follows the colon."""
    last = max(at for at, relation in enumerate(relations) if relation != ":")
    if last < len(relations) - 1:
        return _ratio(sides[last + 1 :], read)
    first = relations.index(":")
    return read_relation(sides[first + 1 :], relations[first + 1 :], read)


def _ratio(sides: Sides, read: Readers) -> Form:
    """Return a : b as the fraction, longer ratios in lowest terms, and what follows `Sum:` as itself."""
    if any(token.kind == "text" for token in sides[0]):
        return read.item(sides[-1])
    time = clock(sides)
    if time is not None:
        return time
    if len(sides) == 2:
        return Scalar(fingerprint(Call("div", tuple(_trees(sides)))))
    forms = [scalar(side) for side in sides]
    values = [rational(form) for form in forms if form.value.positive[0] == "q"]
    if len(values) != len(forms):
        raise UnreadableError("a ratio of unknowns")
    scale = gcd(*(value.numerator for value in values)) or 1
    return Group("tuple", tuple(Scalar(fingerprint(Number(value / scale))) for value in values), "ratio")


def _equation(sides: Sides, relations: list[str], read: Readers) -> Form:
    """Return the value with its label, or the equation where neither side is a label; what follows ≈ only rounds."""
    if _is_label(sides[0]):
        exact = relations.index("~", 1) if "~" in relations[1:] else len(sides) - 1
        return _labelled(sides[0], sides[exact], read)
    if "~" in relations:
        about = relations.index("~")
        return _equation(sides[: about + 1], relations[:about], read) if about else read.item(sides[0])
    if len(sides) == 2 and _is_label(sides[1]):
        return _labelled(sides[1], sides[0], read)
    trees = _trees(sides)
    key = equation_key(trees[0], trees[-1])
    return read.item(sides[-1]) if key is None else Word(key, Decoration.LABEL | Decoration.SIGNS)


def _is_label(side: list[Token]) -> bool:
    """Whether a side only names what the other gives: x, f(x), P(A), |AB|, (x, y), AB, the area."""
    plain = [token for token in outer(side) if token.value not in _NAMING]
    if side and side[-1].value == ")" and [token.kind for token in plain] == ["symbol", "operator"]:
        return plain[1].value == "^"  # f^{-1}(x)
    if not side or any(token.kind in {"number", "function", "matrix", "operator"} for token in plain):
        return False
    if any(token.kind == "text" for token in plain):
        return not any(token.kind == "number" for token in side)
    if plain:
        named = all(token.kind == "symbol" for token in plain)
        return named and (len(plain) == 1 or all(token.value.isupper() for token in plain))
    return all(token.kind in {"symbol", "separator", "open", "close"} or token.value == "|" for token in side)


def _labelled(label: list[Token], side: list[Token], read: Readers) -> Form:
    """Put the label on a value, on every value of a list, and `(x, y)` on the entries of a tuple."""
    form = read.answer(side)
    named = [token for token in label if token.kind in {"symbol", "text"}]
    if not isinstance(form, Group):
        return _named(form, label, side)
    if form.kind in {"pair", "tuple"} and len(form.items) == len(named) and label[0].kind == "open":
        return replace(
            form, items=tuple(_named(i, [name]) for i, name in zip(form.items, named, strict=True))
        )
    if form.kind == "list":
        return replace(form, items=tuple(_named(item, label) for item in form.items))
    return form


def _named(form: Form, label: list[Token], side: list[Token] | None = None) -> Form:
    """Put the label on a scalar: one symbol makes it an equation; words and `f(x)` are only names."""
    if not isinstance(form, Scalar) or form.label or len(label) != 1 or label[0].kind != "symbol":
        return form
    try:
        key = equation_key(Symbol(label[0].value), parse_expression(side)) if side and not form.unit else None
    except UnreadableError:
        key = None
    return replace(form, label=key or ("label", label[0].value), name=label[0].value)
