"""Equations, inequalities, congruences, ratios and memberships between the sides of an answer, and the labels of values."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from math import gcd

from kpmath_builder.answers.forms import (
    Decoration,
    Form,
    Group,
    Labelled,
    Scalar,
    Word,
    bare,
    same_form,
)
from kpmath_builder.answers.inequalities import read_inequality
from kpmath_builder.answers.precision import Key
from kpmath_builder.answers.quantities import clock, rational, scalar
from kpmath_builder.answers.readers import Readers
from kpmath_builder.answers.relations import equation_key
from kpmath_builder.answers.splitting import outer
from kpmath_builder.answers.syntax import parse_expression
from kpmath_builder.answers.tokens import Token, UnreadableError
from kpmath_builder.answers.trees import Call, Expression, Number, Symbol
from kpmath_builder.answers.unions import line_without
from kpmath_builder.answers.values import decimal, fingerprint
from kpmath_builder.answers.vocabulary import names

__all__ = ["label_of", "read_relation", "without_fillers"]

_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ANONYMOUS = Token("symbol", "x")
"""Stands for what `> 0` leaves out."""
_FILLERS = names(
    "therefore thus so hence we find get have that then approximately about exactly approx roughly around the a an"
)
"""Words before a value or a label that say nothing of either."""
_NAMELESS = names(
    "the a an final answer answers result solution solutions value values correct is are of equals exact x-value"
)
"""Words of a label that name nothing: `the final answer is`."""
_NO_NAMES = names(
    "not never no none cannot without except unless if only than less more fewer least most greater smaller below above under "
    "between up or"
)
"""Words that make of a label a condition or a denial."""
_NUMBERED = names(
    "case part step question problem row line day week month year round group game player test trial item sequence series solution equation function graph"
)
"""What is numbered in a heading."""
_DERIVATIVE = 8
"""Tokens of a derivative, `\\frac{dy}{dx}`."""
_ROUNDING = 0.05
"""By how much of itself a value may differ from what stands behind its ≈."""

Sides = list[list[Token]]


def without_fillers(tokens: list[Token]) -> list[Token]:
    """Drop leading words that say nothing: `therefore, about`."""
    start = 0
    while (
        start < len(tokens) - 1 and tokens[start].kind == "text" and tokens[start].value.lower() in _FILLERS
    ):
        start += 1
        if tokens[start].kind == "separator" and start < len(tokens) - 1:
            start += 1
    said = next((at for at, token in enumerate(tokens) if token.kind != "text"), len(tokens))
    lead = [token.value.lower() for token in tokens[start:said]]
    if lead and lead[-1] in {"is", "are"} and all(word in _NAMELESS for word in lead) and said < len(tokens):
        return tokens[said:]
    return tokens[start:]


def read_relation(sides: Sides, relations: list[str], read: Readers) -> Form:
    """Return the form of sides joined by relation signs.

    Raises
    ------
    UnreadableError
        For signs of two directions, for sides that contradict each other, and if a side is not read.

    """
    kinds = set(relations)
    if not sides[0] and kinds <= {"<", ">", "<=", ">="}:
        sides = [[_ANONYMOUS], *sides[1:]]
    if not sides[0] and kinds <= {"=", "~"} and len(sides) == 2:
        return read.item(sides[1])
    if relations == ["in"]:
        label = label_of(sides[0])
        return _with_label(label, read.item(sides[1])) if label else _unread("a membership")
    if ":" in kinds:
        return _ratio(sides, read) if kinds == {":"} else _with_colon(sides, relations, read)
    if kinds <= {"=", "~"}:
        return _equation(sides, relations, read)
    if relations == ["=="]:
        return _congruence(*sides)
    if relations == ["!="]:
        return _inequation(sides[0], sides[1], read)
    trees = _trees(sides)
    if kinds <= {"<", "<="}:
        return read_inequality(trees, relations)
    if kinds <= {">", ">="}:
        return read_inequality(trees[::-1], [_FLIPPED[relation] for relation in relations[::-1]])
    raise UnreadableError("mixed relations")


def _unread(what: str) -> Form:
    raise UnreadableError(what)


def _trees(sides: Iterable[list[Token]]) -> list[Expression]:
    return [parse_expression(side) for side in sides]


def _with_colon(sides: Sides, relations: list[str], read: Readers) -> Form:
    """`S : T = 7 : 32` is a ratio with a label; in `Case 1: x = 5` the label stands before the colon."""
    last = max(at for at, relation in enumerate(relations) if relation != ":")
    if last < len(relations) - 1 and relations[last] == "=":
        before = [token for side in sides[: last + 1] for token in side]
        return Labelled(("name", *_spelt(before)), _ratio(sides[last + 1 :], read))
    first = relations.index(":")
    inner = (
        read_relation(sides[first + 1 :], relations[first + 1 :], read)
        if first + 1 < len(relations)
        else read.item(sides[-1])
    )
    before = [token for side in sides[: first + 1] for token in side]
    return _with_label(("name", *_spelt(before)), inner)


def _ratio(sides: Sides, read: Readers) -> Form:
    """Return a : b as the fraction, longer ratios in lowest terms, and what follows `Sum:` with its label."""
    if any(token.kind == "text" for token in sides[0]) or [t.value for t in sides[0]] in (["max"], ["min"]):
        if len(sides) != 2 or not _heads(sides[0]):
            raise UnreadableError("a ratio of words")
        return _with_label(("name", *_spelt(sides[0])), read.item(sides[1]))
    time = clock(sides)
    if time is not None:
        return time
    if len(sides) == 2:
        return Scalar(fingerprint(Call("div", tuple(_trees(sides)))))
    forms = [scalar(side) for side in sides]
    if any(form != Scalar(form.value) or form.value.positive[0] != "q" for form in forms):
        raise UnreadableError("a ratio of unknowns")
    values = [rational(form) for form in forms]
    scale = gcd(*(value.numerator for value in values)) or 1
    return Group("tuple", tuple(Scalar(fingerprint(Number(value / scale))) for value in values), "ratio")


def _heads(side: list[Token]) -> bool:
    """Whether a side heads what follows its colon, `Sum:`, `Case 1:`; a number of anything else may belong to the answer."""
    numbered = any(token.kind == "number" for token in side)
    return side[0].kind in {"text", "symbol", "function"} and (
        not numbered or side[0].value.lower() in _NUMBERED
    )


def _inequation(left: list[Token], right: list[Token], read: Readers) -> Form:
    """Return `x ≠ 0` as the line without the point."""
    label = label_of(left)
    if label:
        return _with_label(label, line_without([read.item(right)]))
    return Word(("not equal", equation_key(*_trees([left, right]))))


def _congruence(left: list[Token], right: list[Token]) -> Form:
    """Return `n ≡ 4 (mod 3)` with its remainder in lowest terms."""
    at = next((place for place, token in enumerate(right) if token.value == "mod"), -1)
    if at < 1:
        raise UnreadableError("a congruence without a modulus")
    residue, modulus = right[:at], right[at + 1 :]
    if residue[-1].value == "(" and modulus and modulus[-1].value == ")":
        residue, modulus = residue[:-1], modulus[:-1]
    remainder, base = (rational(Scalar(fingerprint(tree))) for tree in _trees([residue, modulus]))
    if base <= 0:
        raise UnreadableError("no modulus")
    return Word(("congruence", fingerprint(parse_expression(left)).everywhere, remainder % base, base))


def _equation(sides: Sides, relations: list[str], read: Readers) -> Form:
    """Return the value with its label, or the equation if neither side is a label; what follows ≈ must be a rounding."""
    about = relations.index("~", 1) if "~" in relations[1:] else len(relations)
    if "~" in relations[:1] and not label_of(sides[0]):
        about = 0
    exact, roundings = sides[: about + 1], sides[about + 1 :]
    form = _exactly(exact, read)
    for side in roundings:
        if not side or not _rounds(form, read.item(side)):
            raise UnreadableError("what follows ≈ is no rounding")
    return form


def _exactly(sides: Sides, read: Readers) -> Form:
    if len(sides) == 1:
        return read.item(sides[0])
    label = label_of(sides[0])
    if label:
        return _chained(label, sides, read)
    if len(sides) == 2 and (label := label_of(sides[1])):
        return _labelled(label, sides[1], sides[0], read)
    try:
        trees = _trees(sides)
        keys = [equation_key(a, b) for a, b in pairwise(trees)]
    except UnreadableError:
        keys = []
    if not keys or None in keys:
        return _alike([read.item(side) for side in sides])
    key: Key = keys[0] if len(keys) == 1 and keys[0] else ("equations", *sorted(keys, key=repr))
    return Word(key, Decoration.LABEL | Decoration.SIGNS)


def _chained(label: Key, sides: Sides, read: Readers) -> Form:
    """Return `x = 3 + 4 = 7` as `x = 7`, and `a = b = 5` with both names."""
    values, labels = sides[1:], [label]
    while len(values) > 1 and (further := label_of(values[0])):
        labels.append(further)
        values = values[1:]
    if len(values) > 1:
        _worked_out([read.item(side) for side in values])
    if len(labels) > 1:
        return Labelled(("names", *sorted(labels, key=repr)), read.answer(values[-1]))
    return _labelled(label, sides[0], values[-1], read)


def _worked_out(forms: list[Form]) -> Form:
    """Return the last side of `x = 3 + 4 = 7`; the sides before it must be equal, or workings in numbers, which are not checked here."""
    numbers = all(isinstance(form, Scalar) and form.value.positive[0] in {"q", "c"} for form in forms)
    return forms[-1] if numbers else _alike(forms)


def _alike(forms: list[Form]) -> Form:
    if not all(same_form(form, forms[-1]) for form in forms[:-1]):
        raise UnreadableError("sides that are not equal")
    return forms[-1]


def _rounds(exact: Form, rounding: Form) -> bool:
    one, other = (_decimal(form) for form in (exact, rounding))
    return one is not None and other is not None and abs(one - other) <= _ROUNDING * abs(one)


def _decimal(form: Form) -> float | None:
    plain = bare(form)
    return decimal(plain.value) if isinstance(plain, Scalar) else None


def label_of(side: list[Token]) -> Key | None:
    """Return the key of what a side names, `x`, `f(x)`, `P(A)`, `|AB|`, `(x, y)`, `the area`, or None if it is more than a name."""
    side = _without_kind(without_fillers(side))
    plain = outer(side)
    if not side or side[0].value.lower() in {"when", "whenever"} or not _names(side, plain):
        return None
    called = _called(side)
    return ("function", called[0], len(called[1])) if called else ("name", *_spelt(side))


def _names(side: list[Token], plain: list[Token]) -> bool:
    if [token.kind for token in plain] == ["symbol", "operator"]:
        return side[-1].value == ")" and plain[1].value == "^"  # f^{-1}(x)
    if side[0].value == "frac":
        values = [token.value for token in side[1:]]
        return len(side) == _DERIVATIVE + 1 and values[0::4] == ["{", "{"] and values[1::4] == ["d", "d"]
    if [token.value for token in side] in (["max"], ["min"]):
        return True
    if any(
        token.kind not in {"symbol", "text"}
        for token in plain
        if token.kind not in {"open", "close", "separator"}
    ):
        return False
    if any(token.kind == "text" for token in plain):
        return not any(token.kind == "number" for token in side)
    if plain and [token.kind for token in plain] == ["symbol"] * len(plain):
        return (
            len(plain) == 1
            or all(token.value.isupper() for token in plain)
            or (len(plain) == 2 and plain[0].value in {"Delta", "d"})
        )
    return not plain and all(
        t.kind in {"symbol", "separator", "open", "close"} or t.value == "|" for t in side
    )


def _without_kind(side: list[Token]) -> list[Token]:
    r"""Return `m\\angle B` as `angle B`: the measure of an angle is what its name stands for."""
    return (
        side[1:] if len(side) == 2 and side[0].value == "m" and side[1].value.startswith("angle ") else side
    )


def _called(side: list[Token]) -> tuple[str, list[str]] | None:
    """Return name and variables of `f(x)`, `g(x, y)`."""
    shape = [token.kind for token in side]
    if len(side) < 4 or shape[:2] != ["symbol", "open"] or side[1].value != "(" or side[-1].value != ")":
        return None
    inside = side[2:-1]
    variables = [token.value for token in inside[::2]]
    plain = all(token.kind == "symbol" and token.value.islower() for token in inside[::2])
    parted = all(token.value == "," for token in inside[1::2]) and len(inside) % 2 == 1
    return (side[0].value, variables) if plain and parted and len(set(variables)) == len(variables) else None


def _spelt(tokens: Iterable[Token]) -> list[str]:
    """Return the words and signs of a label that count; the bars of `|AB|` and the word angle do not."""
    values = [
        token.value.removeprefix("angle ") if token.kind == "symbol" else token.value.lower()
        for token in tokens
    ]
    if any(value in _NO_NAMES for value in values):
        raise UnreadableError("a label that says more than a name")
    length = values[:1] == ["|"] == values[-1:] and len(values) > 3
    return [value for value in (values[1:-1] if length else values) if value not in _NAMELESS]


def _with_label(label: Key, form: Form) -> Form:
    return form if label == ("name",) else Labelled(label, form)


def _labelled(label: Key, side: list[Token], value: list[Token], read: Readers) -> Form:
    """Put the label on a value or a group, and `(x, y)` on the entries of a tuple."""
    form = read.answer(value)
    side = without_fillers(side)
    names_given = [token for token in side if token.kind in {"symbol", "text"}]
    if isinstance(form, Scalar) and len(side) == 1 and side[0].kind == "symbol" and not form.name:
        return _named(form, side[0].value, value)
    if (
        isinstance(form, Group)
        and side[0].kind == "open"
        and len(form.items) == len(names_given)
        and form.kind in {"pair", "tuple"}
    ):
        entries = zip(form.items, names_given, strict=True)
        return replace(form, items=tuple(_named(item, name.value) for item, name in entries))
    called = _called(side)
    bound = read.answer(_bound(value, called[1])) if called else None
    return Labelled(label, form, bound) if label != ("name",) else form


def _bound(value: list[Token], variables: list[str]) -> list[Token]:
    places = {name: f"bound {at}" for at, name in enumerate(variables)}
    return [
        replace(t, value=places[t.value]) if t.kind == "symbol" and t.value in places else t for t in value
    ]


def _named(form: Form, name: str, value: list[Token] | None = None) -> Form:
    """Put the name of a symbol on a scalar: `x = 5` is an equation too."""
    if not isinstance(form, Scalar) or form.label:
        return Labelled(("name", name), form)
    try:
        plain = value and form == Scalar(form.value)
        key = equation_key(Symbol(name), parse_expression(value)) if plain and value else None
    except UnreadableError:
        key = None
    return replace(form, label=key or ("label", name), name=name)
