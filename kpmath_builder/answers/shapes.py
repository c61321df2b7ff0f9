r"""Reads the outer structure of an answer: lists, tuples, sets, intervals, unions, matrices, equations, inequalities, ±, units.

Works on tokens by splitting at the outermost separators and relations; what is left between them is one scalar.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import gcd

from kpmath_builder.answers.forms import Decoration, Form, Group, GroupKind, Scalar, Word
from kpmath_builder.answers.values import Fingerprint, Key, fingerprint
from kpmath_builder.answers.matrices import matrix_value
from kpmath_builder.answers.relations import equation_key, inequality_key, linear_bound
from kpmath_builder.answers.syntax import Call, Expression, Number, Symbol, parse_expression, symbols
from kpmath_builder.answers.tokens import Token, UnreadableError, tokenize
from kpmath_builder.answers.units import Unit, parse_unit
from kpmath_builder.answers.words import word_key

__all__ = ["read_shape"]

_CONDITIONS = frozenset(("where", "for", "forall", "with", "when", "if", "in", "such", "whenever", "as", "given", "is"))
_FILLERS = frozenset(
    "therefore thus so hence we find get that solution solutions final has have here value values be equals approximately "
    "about exactly approx roughly around the a an all only just is are answer total over".split()
)
_VERBS = frozenset("is are be equals therefore thus so hence that".split())
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_CURRENCIES = frozenset("$€£")
_PARAMETERS = frozenset("kmnl")
_ANONYMOUS = Token("symbol", "x")
"""Stands for what `> 0` leaves out."""
_MAX_VARIANTS = 4
_MAX_ITEMS = 200
_NUMBER_SETS = {"set R": ("-", "+")}
_REAL_LINE = "set R"


def read_shape(text: str) -> Form:
    """Return the form of a normalised answer.

    Raises
    ------
    UnreadableError
        Where some of it is not read as mathematics.

    """
    return _answer(_without_condition(tokenize(text)))


def _without_condition(tokens: list[Token]) -> list[Token]:
    """Drop what only says for which values the answer holds: `f(x) = 1 for all x`, `kπ, where k is an integer`."""
    tokens = _without_fillers(tokens)
    for at, token in enumerate(tokens):
        stated = any(before.kind not in {"text", "separator"} for before in tokens[:at])
        if stated and token.kind == "text" and token.value.lower().split()[0] in _CONDITIONS and _level(tokens[:at]) == 0:
            if token.value.lower() in {"in", "as"} and tokens[at - 1].kind == "number":
                continue
            cut = at - 1 if tokens[at - 1].kind == "separator" and at > 1 else at
            return tokens[:cut]
    return tokens


def _level(tokens: Iterable[Token]) -> int:
    return sum((token.kind == "open") - (token.kind == "close") for token in tokens)


def _split(tokens: list[Token], cuts: Callable[[Token], bool]) -> tuple[list[list[Token]], list[Token]]:
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


def _answer(tokens: list[Token]) -> Form:
    pieces, between = _split(tokens, lambda token: token.kind == "separator")
    pieces = [piece for piece in pieces if piece]
    if len(pieces) > _MAX_ITEMS:
        raise UnreadableError("too many items")
    if not pieces:
        raise UnreadableError("nothing")
    if len(pieces) == 1:
        return _item(pieces[0])
    forms = [part for piece in pieces for part in _flat(_item(piece))]
    words = {token.value for token in between}
    return _gathered(forms, either="or" in words, both="and" in words)


def _flat(form: Form) -> tuple[Form, ...]:
    return form.items if isinstance(form, Group) and form.kind == "list" else (form,)


def _gathered(forms: list[Form], *, either: bool, both: bool = False) -> Form:
    """Return what items side by side are: one compound quantity, a union of intervals, or a list."""
    if both or len(forms) == 2:
        whole = _compound(forms)
        if whole is not None:
            return whole
    if either:
        forms = [form for at, form in enumerate(forms) if form not in forms[:at]]
    if all(isinstance(form, Group) and form.kind == "interval" for form in forms):
        return Group("union", tuple(forms))
    return _list(_shared_label(forms))


def _list(forms: list[Form]) -> Form:
    return forms[0] if len(forms) == 1 else Group("list", tuple(forms))


def _shared_label(forms: list[Form]) -> list[Form]:
    """In `x = 1, 2` the label is everyone's; a label that all share says no more than a label on the list would."""
    names = [form.label[:2] if isinstance(form, Scalar) and form.label else None for form in forms]
    first_only = names[0] is not None and not any(names[1:])
    return [replace(form, label=None) if isinstance(form, Scalar) else form for form in forms] if first_only else forms


def _compound(forms: list[Form]) -> Form | None:
    """Return 3 hours and 20 minutes as one quantity where the units fit and get smaller."""
    scalars = [form for form in forms if isinstance(form, Scalar) and form.unit and form.value.positive[0] == "q"]
    if len(scalars) != len(forms) or len(forms) < 2:
        return None
    units = [scalar.unit for scalar in scalars if scalar.unit]
    factors = [unit.factor for unit in units]
    if len({unit.dimension for unit in units}) > 1 or any(a <= b for a, b in zip(factors, factors[1:], strict=False)):
        return None
    total = sum((_rational(s) * f for s, f in zip(scalars, factors, strict=True)), Fraction(0)) / factors[0]
    return _with_unit(fingerprint(Number(total)), units[0])


def _rational(scalar: Scalar) -> Fraction:
    _, above, below = scalar.value.positive
    return Fraction(int(str(above)), int(str(below)))


def _item(tokens: list[Token]) -> Form:
    signs = [token for token in tokens if token.kind == "operator" and token.value in {"pm", "mp"}]
    if not signs or (tokens[0].value in {"set", "{"} and _closing(tokens) == len(tokens) - 1):
        return _plain_item(tokens)
    forms: list[Form] = []
    for variant in _variants(tokens, signs):
        forms += [form for form in _flat(_plain_item(variant)) if form not in forms]
    return _list(forms)


def _variants(tokens: list[Token], signs: list[Token]) -> list[list[Token]]:
    """Return the item once for each choice of signs: one choice for all where ∓ stands among them."""
    together = len(signs) == 1 or any(token.value == "mp" for token in signs) or len(signs) > _MAX_VARIANTS
    choices = [("+",) * len(signs), ("-",) * len(signs)] if together else list(product("+-", repeat=len(signs)))
    variants = []
    for choice in choices:
        chosen = iter(choice)
        variants.append([_signed(token, next(chosen)) if token in signs else token for token in tokens])
    return variants


def _signed(token: Token, sign: str) -> Token:
    return replace(token, value=sign if token.value == "pm" else "+-"[sign == "+"])


def _plain_item(tokens: list[Token]) -> Form:
    sides, relations = _split(tokens, lambda token: token.kind == "relation")
    if relations:
        return _relation(sides, [token.value for token in relations])
    sets, _ = _split(tokens, lambda token: token.kind == "operator" and token.value == "cup")
    if len(sets) > 1:
        return Group("union", tuple(_plain_item(part) for part in sets))
    tokens = _without_fillers(tokens)
    if not tokens:
        raise UnreadableError("nothing")
    if all(token.kind == "text" for token in tokens):
        return _words(tokens)
    if tokens[0].kind == "matrix" and len(tokens) == 1:
        return _matrix(tokens[0])
    if any(token.kind == "matrix" for token in tokens):
        return _grid([[Scalar(fingerprint(entry)) for entry in row] for row in matrix_value(tokens)])
    group = _bracketed(tokens)
    return group if group is not None else _scalar(tokens)


def _without_fillers(tokens: list[Token]) -> list[Token]:
    """Drop leading words that say nothing ("approximately"), and all words up to a verb ("The sum is")."""
    lead = 0
    while lead < len(tokens) - 1 and tokens[lead].kind == "text" and not tokens[lead].value.startswith("_"):
        lead += 1
    if lead and tokens[lead - 1].value.lower() in _VERBS:
        return tokens[lead:]
    start = 0
    while start < lead and tokens[start].value.lower() in _FILLERS:
        start += 1
    return tokens[start:]


def _words(tokens: list[Token]) -> Form:
    key = word_key(" ".join(token.value for token in tokens))
    if key is None:
        raise UnreadableError("no words")
    return Word(key)


# Brackets


def _bracketed(tokens: list[Token]) -> Form | None:
    """Return the group where one pair of brackets encloses everything, with a transposition or a unit after it or not."""
    first = tokens[0]
    if first.kind != "open" or first.value in {"floor", "ceil"}:
        return None
    close = _closing(tokens)
    after = tokens[close + 1 :]
    inner = tokens[1:close]
    opener, closer = first.value, tokens[close].value
    mismatched = {opener, closer} in ({"(", "]"}, {"[", ")"})
    pieces, between = _split(inner, lambda token: token.kind == "separator")
    if len(pieces) == 1 and opener != "set" and not mismatched:
        return _answer(inner) if not after and (opener == "{" or _is_group(inner)) else None
    if after and not _is_decoration(after):
        return None
    if opener == "set":
        return _set(inner)
    rows = _rows(inner)
    if rows and opener == "[":
        return rows
    if any(token.value in {"and", "or"} for token in between) or opener == "{":
        return _answer(inner)
    return _ordered(opener, closer, [_item(piece) for piece in pieces if piece])


def _is_group(inner: list[Token]) -> bool:
    return bool(inner) and (any(t.kind in {"relation", "matrix"} for t in inner) or (inner[0].kind == "open" and _closing(inner) == len(inner) - 1))


def _is_decoration(after: list[Token]) -> bool:
    transposed = after[0].kind == "operator" and after[0].value == "^" and after[-1].value in {"T", "top", "t"}
    return transposed or all(token.kind in {"text", "postfix"} for token in after)


def _closing(tokens: list[Token]) -> int:
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0:
            return at
    raise UnreadableError("open bracket")


def _rows(inner: list[Token]) -> Form | None:
    """Return `[1, 2; 3, 4]` as a matrix."""
    lines, breaks = _split(inner, lambda token: token.kind == "separator" and token.value == ";")
    if not breaks:
        return None
    rows = [[piece for piece in _split(line, lambda token: token.kind == "separator")[0] if piece] for line in lines]
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return None
    return _grid([[_item(cell) for cell in row] for row in rows])


def _ordered(opener: str, closer: str, items: list[Form]) -> Form:
    if len(items) == 1:
        return items[0]
    if opener in "([" and closer in ")]" and len(items) == 2:
        kinds: dict[str, GroupKind] = {"()": "pair", "[]": "closed"}
        return Group(kinds.get(opener + closer, "interval"), tuple(items), opener + closer)
    return Group("pair" if len(items) == 2 else "tuple", tuple(items), "()")


def _set(inner: list[Token]) -> Form:
    pieces, _ = _split([*inner], lambda token: token.kind == "separator")
    bar = next((at for at, t in enumerate(inner) if (t.kind == "operator" and t.value == "|") or t.value == ":"), None)
    if bar is not None and 0 < bar <= 6 and inner[0].kind == "symbol":
        return _answer(inner[bar + 1 :])
    items = [form for piece in pieces if piece for form in _flat(_item(piece))]
    return items[0] if len(items) == 1 else Group("set", tuple(items))


def _matrix(token: Token) -> Form:
    cells = [[_answer(tokenize(cell)) for cell in row if cell] for row in token.cells]
    if token.value in {"cases", "array"}:
        lines = [tokenize(" ".join(row)) for row in token.cells]
        return _list([_answer(line) for line in lines])
    return _grid(cells)


def _grid(rows: list[list[Form]]) -> Form:
    """Return a matrix; a single column is a vector, which is written as a tuple too."""
    if len({len(row) for row in rows}) != 1:
        raise UnreadableError("a ragged matrix")
    if len(rows[0]) == 1:
        return _ordered("(", ")", [row[0] for row in rows])
    if len(rows) == 1:
        return Group("tuple", tuple(rows[0]), "row")
    return Group("matrix", tuple(Group("tuple", tuple(row), "row") for row in rows), f"{len(rows)}")


# Scalars and their units


def _scalar(tokens: list[Token]) -> Form:
    tokens = _degrees_as_unit(tokens)
    sign, tokens = _leading_currency(tokens)
    segments = _segments(tokens)
    forms = [_segment(value, unit) for value, unit in segments]
    if sign and len(forms) == 1:
        only = forms[0]
        unit = parse_unit(sign) if only.unit is None else only.unit
        return _with_unit(only.value, unit)
    if len(forms) == 1:
        return forms[0]
    whole = _compound(list(forms))
    if whole is None:
        raise UnreadableError("several quantities side by side")
    return whole


def _leading_currency(tokens: list[Token]) -> tuple[str, list[Token]]:
    for at, token in enumerate(tokens[:2]):
        if token.kind == "text" and token.value in _CURRENCIES:
            return token.value, tokens[:at] + tokens[at + 1 :]
    return "", tokens


def _degrees_as_unit(tokens: list[Token]) -> list[Token]:
    """Make ° a unit, unless it stands in the argument of a function; ' and '' after it are its sixtieths."""
    if not any(token.kind == "postfix" and token.value != "%" for token in tokens):
        return tokens
    inside = any(token.kind == "function" and token.value not in {"frac", "sqrt"} for token in tokens)
    if inside or _level(tokens):
        return tokens
    changed: list[Token] = []
    depth = 0
    names = {"degree": "degree", "'": "arcminute", "''": "arcsecond"}
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        scale = changed[-1] if changed else None
        if token.kind == "postfix" and token.value in names and depth == 0:
            token = replace(token, kind="text", value=names[token.value])
        elif scale and scale.value == "degree" and scale.kind == "text" and token.value in {"C", "F"}:
            changed.pop()
            token = replace(token, kind="text", value={"C": "celsius", "F": "fahrenheit"}[token.value])
        changed.append(token)
    return changed


def _segments(tokens: list[Token]) -> list[tuple[list[Token], list[Token]]]:
    """Split `5 ft 3 in` into pairs of a value and what stands behind it."""
    segments: list[tuple[list[Token], list[Token]]] = [([], [])]
    depth = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        is_text = token.kind == "text" and not token.value.startswith("_") and depth == 0
        value, behind = segments[-1]
        if is_text or (behind and not _starts_value(token, behind)):
            behind.append(token)
        elif behind:
            segments.append(([token], []))
        else:
            value.append(token)
    return segments


def _starts_value(token: Token, behind: list[Token]) -> bool:
    return token.kind == "number" and not (behind[-1].kind == "operator" and behind[-1].value in "^*/")


def _segment(value: list[Token], behind: list[Token]) -> Scalar:
    if not value:
        raise UnreadableError("words before a value")
    tree = _renamed(parse_expression(value))
    unit = parse_unit(" ".join(token.value for token in behind)) if behind else None
    return _with_unit(_value(tree), unit)


def _value(tree: Expression) -> Fingerprint:
    infinite = _infinity(tree)
    return infinite if infinite is not None else fingerprint(tree)


def _infinity(tree: Expression) -> Fingerprint | None:
    match tree:
        case Symbol("infty"):
            key: Key = ("infinity", 1)
        case Call("neg", (Symbol("infty"),)):
            key = ("infinity", -1)
        case Symbol(name) if name.startswith("set ") or name == "emptyset":
            key = ("interval", "()", ("infinity", -1), ("infinity", 1)) if name == _REAL_LINE else ("text", name)
        case _:
            return None
    return Fingerprint(key, key, real=True)


def _renamed(tree: Expression) -> Expression:
    """Give a lone letter one case, and the parameter of a family of solutions (`nπ`, `kπ`) one name."""
    if isinstance(tree, Symbol):
        return Symbol(tree.name.lower()) if len(tree.name) == 1 and tree.name not in {"e", "i"} else tree
    names = symbols(tree)
    if len(names) == 1 and names <= _PARAMETERS and _holds_pi(tree):
        return _substitute(tree, next(iter(names)))
    return tree


def _holds_pi(tree: Expression) -> bool:
    if isinstance(tree, Call):
        return any(_holds_pi(argument) for argument in tree.arguments)
    return tree == Symbol("pi")


def _substitute(tree: Expression, name: str) -> Expression:
    if isinstance(tree, Call):
        return Call(tree.name, tuple(_substitute(argument, name) for argument in tree.arguments))
    return Symbol("k") if tree == Symbol(name) else tree


def _with_unit(value: Fingerprint, unit: Unit | None) -> Scalar:
    if unit is None:
        return Scalar(value)
    if value.positive[0] != "q":
        return Scalar(value, unit=unit, measured=("measure", unit.dimension, unit.factor, value.positive))
    size = Fraction(*map(int, map(str, value.positive[1:]))) * unit.factor
    if unit.dimension == (("degree", 1),):
        radians = fingerprint(Call("degree", (Number(size),)))
        return Scalar(value, unit=unit, measured=("angle", radians.positive))
    return Scalar(value, unit=unit, measured=("measure", unit.dimension, size))


# Equations, inequalities, ratios


def _relation(sides: list[list[Token]], relations: list[str]) -> Form:
    kinds = set(relations)
    if not sides[0] and kinds <= set(_FLIPPED):
        sides = [[_ANONYMOUS], *sides[1:]]
    if "in" in kinds and len(sides) == 2 and relations == ["in"]:
        return _item(sides[1])
    if kinds == {":"}:
        return _ratio(sides)
    if ":" in kinds:
        return _relation_with_colon(sides, relations)
    if kinds <= {"=", "~"}:
        return _equation(sides, relations)
    if relations == ["!="]:
        key = equation_key(parse_expression(sides[0]), parse_expression(sides[1]))
        return Word(("not equal", key))
    if kinds <= {"<", "<="}:
        return _inequality(sides, relations)
    if kinds <= {">", ">="}:
        return _inequality(sides[::-1], [_FLIPPED[r] for r in relations[::-1]])
    raise UnreadableError("mixed relations")


def _relation_with_colon(sides: list[list[Token]], relations: list[str]) -> Form:
    """`S : T = 7 : 32` is the ratio after the last equals sign; `Case 1: x = 5` is what follows the colon."""
    last = max((at for at, relation in enumerate(relations) if relation != ":"), default=-1)
    if all(relation == ":" for relation in relations[last + 1 :]) and len(sides) - last - 1 > 1:
        return _ratio(sides[last + 1 :])
    first = relations.index(":")
    return _relation(sides[first + 1 :], relations[first + 1 :])


def _ratio(sides: list[list[Token]]) -> Form:
    if any(token.kind == "text" for token in sides[0]):
        return _item(sides[-1])
    written = [side[0].value if len(side) == 1 and side[0].kind == "number" else "" for side in sides]
    clock = _clock(written, sides[-1])
    if clock is not None:
        return clock
    forms = [_scalar(side) for side in sides]
    if len(forms) == 2:
        tree = Call("div", (parse_expression(sides[0]), parse_expression(sides[1])))
        return Scalar(fingerprint(tree))
    values = [_rational(form) for form in forms if isinstance(form, Scalar) and form.value.positive[0] == "q"]
    if len(values) != len(forms):
        raise UnreadableError("a ratio of unknowns")
    scale = gcd(*(v.numerator for v in values)) or 1
    return Group("tuple", tuple(Scalar(fingerprint(Number(v / scale))) for v in values), "ratio")


def _clock(written: list[str], last: list[Token]) -> Form | None:
    """Read 7:05, 12:30 pm and 20:34:00 as times of day; 7:32 may be a ratio too, and equals 7/32 where it is compared with one."""
    half = last[-1].value.lower().replace(".", "") if last and last[-1].kind == "text" else ""
    if half and last[0].kind == "number":
        written = [*written[:-1], last[0].value]
    if not all(part.isdigit() for part in written) or not 2 <= len(written) <= 3 or len(written[1]) != 2:
        return None
    if len(written[0]) > 2 or int(written[0]) > 24 or any(int(part) > 59 for part in written[1:]):
        return None
    hour = int(written[0]) % 12 + 12 if half.startswith("pm") else int(written[0])
    seconds = hour * 3600 + int(written[1]) * 60 + (int(written[2]) if len(written) == 3 else 0)
    below = int(written[1])
    ratio = fingerprint(Number(Fraction(int(written[0]), below))) if below and not half else None
    key: Key = ("clock", seconds)
    return Scalar(ratio or Fingerprint(key, key, real=True), clock=key)


def _equation(sides: list[list[Token]], relations: list[str]) -> Form:
    """Return the value with its label, or the equation where neither side is a label."""
    if _is_label(sides[0]):
        return _labelled(sides[0], sides[-1] if "~" not in relations[1:] else sides[relations.index("~", 1)])
    if "~" in relations:
        return _plain_item(sides[relations.index("~")]) if relations.index("~") == 0 else _equation(sides[: relations.index("~") + 1], relations[: relations.index("~")])
    if len(sides) == 2 and _is_label(sides[1]) and not _is_number(sides[0]):
        return _labelled(sides[1], sides[0])
    if len(sides) == 2 and _is_label(sides[1]):
        return _labelled(sides[1], sides[0])
    trees = [parse_expression(_without_texts(side)) for side in sides]
    key = equation_key(trees[0], trees[-1])
    return _plain_item(sides[-1]) if key is None else Word(key, Decoration.LABEL | Decoration.SIGNS)


def _without_texts(side: list[Token]) -> list[Token]:
    return [token for token in side if token.kind != "text" or token.value.startswith("_")]


def _is_number(side: list[Token]) -> bool:
    return len(side) == 1 and side[0].kind == "number"


def _is_label(side: list[Token]) -> bool:
    """Whether a side only names what the other gives: x, f(x), P(A), |AB|, (x, y), AB, the area."""
    if not side or any(token.kind in {"number", "function", "matrix"} and not _in_brackets(side, token) for token in side):
        return False
    if any(token.kind == "text" for token in side):
        return not any(token.kind == "number" for token in side)
    inner = [token for token in side if token.kind not in {"open", "close"} and token.value != "|"]
    if any(token.kind == "operator" for token in inner) and not _in_brackets(side, next(t for t in inner if t.kind == "operator")):
        return False
    outer = _outer(side)
    if outer and all(token.kind == "symbol" for token in outer):
        return len(outer) == 1 or all(token.value.isupper() for token in outer)
    return not outer and all(token.kind in {"symbol", "separator"} for token in inner)


def _outer(side: list[Token]) -> list[Token]:
    outer, depth = [], 0
    for token in side:
        depth += token.kind == "open"
        if depth == 0 and token.value != "|":
            outer.append(token)
        depth -= token.kind == "close"
    return outer


def _in_brackets(side: list[Token], token: Token) -> bool:
    return token not in _outer(side)


def _labelled(label: list[Token], side: list[Token]) -> Form:
    form = _answer(side)
    names = [token for token in label if token.kind in {"symbol", "text"}]
    if isinstance(form, Group) and form.kind in {"pair", "tuple"} and len(form.items) == len(names) and label[0].kind == "open":
        items = [_named(item, [name], [name]) for item, name in zip(form.items, names, strict=True)]
        return replace(form, items=tuple(items))
    if isinstance(form, Group) and form.kind == "list":
        return replace(form, items=tuple(_named(item, label, None) for item in form.items))
    return _named(form, label, side if not isinstance(form, Group) else None)


def _named(form: Form, label: list[Token], side: list[Token] | None) -> Form:
    """Put the label on a scalar: a symbol makes it an equation, words are only a name."""
    if not isinstance(form, Scalar) or form.label:
        return form
    if len(label) != 1 or label[0].kind != "symbol":
        return form
    try:
        key = equation_key(Symbol(label[0].value), parse_expression(side)) if side and not form.unit else None
    except UnreadableError:
        key = None
    return replace(form, label=key or ("label", label[0].value))


def _inequality(sides: list[list[Token]], relations: list[str]) -> Form:
    trees = [parse_expression(_without_texts(_degrees_kept(side))) for side in sides]
    names = frozenset().union(*(symbols(tree) for tree in trees))
    if not names:
        return Word(("chain", *relations, *(_value(tree).positive for tree in trees)))
    pairs = [(a, r, b) for a, r, b in zip(trees, relations, trees[1:], strict=False)]
    finite = [pair for pair in pairs if not any(_infinity(tree) for tree in (pair[0], pair[2]))]
    try:
        return _interval(finite, names)
    except UnreadableError:
        if len(finite) != 1:
            raise
        small, relation, large = finite[0]
        return Word(inequality_key(small, large, strict=relation == "<"))


def _degrees_kept(side: list[Token]) -> list[Token]:
    return side


def _interval(pairs: list[tuple[Expression, str, Expression]], names: frozenset[str]) -> Form:
    bounds: dict[bool, tuple[Fingerprint, str]] = {}
    for small, relation, large in pairs:
        end, lower = _bound(small, large, names)
        if lower in bounds:
            raise UnreadableError("two bounds on one side")
        bounds[lower] = (end, relation)
    low, high = bounds.get(True), bounds.get(False)
    opening = "[" if low and low[1] == "<=" else "("
    closing = "]" if high and high[1] == "<=" else ")"
    ends = (Scalar(low[0] if low else _infinite(-1)), Scalar(high[0] if high else _infinite(1)))
    return Group("interval", ends, opening + closing)


def _infinite(sign: int) -> Fingerprint:
    key: Key = ("infinity", sign)
    return Fingerprint(key, key, real=True)


def _bound(small: Expression, large: Expression, names: frozenset[str]) -> tuple[Fingerprint, bool]:
    """Return where the unknown ends and whether that is a lower bound."""
    if _is_unknown(large) and not symbols(small) & symbols(large) and not _is_unknown(small):
        return fingerprint(small), True
    if _is_unknown(small) and not symbols(small) & symbols(large) and not _is_unknown(large):
        return fingerprint(large), False
    if len(names) != 1:
        raise UnreadableError("several unknowns")
    return linear_bound(small, large, next(iter(names)))


def _is_unknown(tree: Expression) -> bool:
    return (isinstance(tree, Symbol) and bool(symbols(tree))) or (isinstance(tree, Call) and tree.name.startswith("unknown "))
