"""What brackets enclose: tuples, intervals, sets, lists, matrices."""

from dataclasses import replace

from kpmath_builder.answers.conditions import read_condition
from kpmath_builder.answers.forms import Form, Given, Group, GroupKind, Scalar, as_list, flat
from kpmath_builder.answers.quantities import value_of
from kpmath_builder.answers.readers import Readers
from kpmath_builder.answers.scanner import tokenize
from kpmath_builder.answers.sets import read_set
from kpmath_builder.answers.splitting import closing, split
from kpmath_builder.answers.tokens import Token, UnreadableError
from kpmath_builder.answers.trees import Symbol

__all__ = ["grid", "read_bracketed", "read_matrix"]


def read_bracketed(tokens: list[Token], read: Readers) -> Form | None:
    """Return the group if one pair of brackets encloses everything, with a transposition after it or not."""
    first = tokens[0]
    if first.kind != "open" or first.value in {"floor", "ceil"}:
        return None
    close = closing(tokens)
    after = tokens[close + 1 :]
    inner = tokens[1:close]
    opener, closer = first.value, tokens[close].value
    mismatched = {opener, closer} in ({"(", "]"}, {"[", ")"})
    pieces, between = split(inner, lambda token: token.kind == "separator")
    if len(inner) == 1 and inner[0].value == "array" and not after:
        return read_matrix(replace(inner[0], value="matrix"), read)
    if opener in {"set", "{"} and not after and (built := read_set(inner, read)) is not None:
        return built
    if len(pieces) == 1 and opener != "set" and not mismatched:
        return read.answer(inner) if not after and (opener == "{" or _is_group(inner)) else None
    if after and not _is_transposed(after):
        return None
    if opener == "set":
        return _elements(pieces, read) if inner else Scalar(value_of(Symbol("emptyset")))
    rows = _rows(inner, read)
    if rows and opener == "[":
        return rows
    if any(token.value in {"and", "or"} for token in between) or opener == "{":
        return read.answer(inner)
    if not all(pieces[:-1]) or (not pieces[-1] and len(pieces) > 2):
        raise UnreadableError("an empty entry")
    return _ordered(opener, closer, [read.item(piece) for piece in pieces if piece])


def _is_group(inner: list[Token]) -> bool:
    return bool(inner) and (
        any(t.kind in {"relation", "matrix"} for t in inner)
        or (inner[0].kind == "open" and closing(inner) == len(inner) - 1)
    )


def _is_transposed(after: list[Token]) -> bool:
    values = [token.value for token in after]
    return values[:1] == ["^"] and "".join(values[1:]).strip("{}") in {"T", "top", "t"}


def _rows(inner: list[Token], read: Readers) -> Form | None:
    """Return `[1, 2; 3, 4]` as a matrix."""
    lines, breaks = split(inner, lambda token: token.kind == "separator" and token.value == ";")
    if not breaks:
        return None
    rows = [
        [piece for piece in split(line, lambda token: token.kind == "separator")[0] if piece]
        for line in lines
    ]
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return None
    return grid([[read.item(cell) for cell in row] for row in rows])


def _ordered(opener: str, closer: str, items: list[Form]) -> Form:
    if len(items) == 1:
        return items[0]
    if opener in "([" and closer in ")]" and len(items) == 2:
        kinds: dict[str, GroupKind] = {"()": "pair", "[]": "closed"}
        return Group(kinds.get(opener + closer, "interval"), tuple(items), opener + closer)
    return Group("pair" if len(items) == 2 else "tuple", tuple(items), "()")


def _elements(pieces: list[list[Token]], read: Readers) -> Form:
    if not all(pieces):
        raise UnreadableError("an empty element")
    items = [form for piece in pieces for form in flat(read.item(piece))]
    return items[0] if len(items) == 1 else Group("set", tuple(items))


def read_matrix(token: Token, read: Readers) -> Form:
    """Return a matrix, or the lines of a system, each with its condition."""
    if token.value in {"cases", "array"}:
        return _system(token, read)
    return grid([[read.answer(tokenize(cell)) for cell in row] for row in token.cells])


def _system(token: Token, read: Readers) -> Form:
    """Return the lines of a system: statements, or values each of which has its condition."""
    rows = [[tokenize(cell) for cell in row] for row in token.cells]
    if all(len(row) == 1 for row in rows):
        joined: list[Token] = []
        for row in rows:
            ended = row[0] and row[0][-1].kind == "separator"
            joined += row[0] if ended else [*row[0], Token("separator", ",")]
        return read.answer(joined[:-1])
    lines: list[Form] = []
    for row in rows:
        if len(row) != 2:
            raise UnreadableError("a system of columns")
        condition = read_condition(row[1], read)
        value = read.answer(row[0][:-1] if row[0] and row[0][-1].kind == "separator" else row[0])
        lines.append(value if condition is None else Given(value, condition))
    return as_list(lines)


def grid(rows: list[list[Form]]) -> Form:
    """Return a matrix; a single column is a vector, which is written as a tuple too."""
    if len({len(row) for row in rows}) != 1:
        raise UnreadableError("a ragged matrix")
    if len(rows[0]) == 1:
        return _ordered("(", ")", [row[0] for row in rows])
    if len(rows) == 1:
        return Group("tuple", tuple(rows[0]), "row")
    return Group("matrix", tuple(Group("tuple", tuple(row), "row") for row in rows), f"{len(rows)}")
