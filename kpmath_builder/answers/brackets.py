"""What brackets enclose: tuples, intervals, sets, lists, matrices."""

from dataclasses import replace

from kpmath_builder.answers.forms import Form, Group, GroupKind, as_list, flat
from kpmath_builder.answers.readers import Readers
from kpmath_builder.answers.scanner import tokenize
from kpmath_builder.answers.splitting import closing, split
from kpmath_builder.answers.tokens import Token, UnreadableError

__all__ = ["grid", "read_bracketed", "read_matrix"]


def read_bracketed(tokens: list[Token], read: Readers) -> Form | None:
    """Return the group where one pair of brackets encloses everything, with a transposition or a unit after it or not."""
    first = tokens[0]
    if first.kind != "open" or first.value in {"floor", "ceil"}:
        return None
    close = closing(tokens)
    after = tokens[close + 1 :]
    inner = tokens[1:close]
    opener, closer = first.value, tokens[close].value
    mismatched = {opener, closer} in ({"(", "]"}, {"[", ")"})
    pieces, between = split(inner, lambda token: token.kind == "separator")
    if len(inner) == 1 and inner[0].value == "array":
        return read_matrix(replace(inner[0], value="matrix"), read)
    if len(pieces) == 1 and opener != "set" and not mismatched:
        return read.answer(inner) if not after and (opener == "{" or _is_group(inner)) else None
    if after and not _is_decoration(after):
        return None
    if opener == "set":
        return _set(inner, read)
    rows = _rows(inner, read)
    if rows and opener == "[":
        return rows
    if any(token.value in {"and", "or"} for token in between) or opener == "{":
        return read.answer(inner)
    return _ordered(opener, closer, [read.item(piece) for piece in pieces if piece])


def _is_group(inner: list[Token]) -> bool:
    return bool(inner) and (
        any(t.kind in {"relation", "matrix"} for t in inner)
        or (inner[0].kind == "open" and closing(inner) == len(inner) - 1)
    )


def _is_decoration(after: list[Token]) -> bool:
    transposed = (
        after[0].kind == "operator" and after[0].value == "^" and after[-1].value in {"T", "top", "t"}
    )
    return transposed or all(token.kind in {"text", "postfix"} for token in after)


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


def _set(inner: list[Token], read: Readers) -> Form:
    pieces, _ = split([*inner], lambda token: token.kind == "separator")
    bar = next(
        (at for at, t in enumerate(inner) if (t.kind == "operator" and t.value == "|") or t.value == ":"),
        None,
    )
    if bar is not None and 0 < bar <= 6 and inner[0].kind == "symbol":
        return read.answer(inner[bar + 1 :])
    items = [form for piece in pieces if piece for form in flat(read.item(piece))]
    return items[0] if len(items) == 1 else Group("set", tuple(items))


def read_matrix(token: Token, read: Readers) -> Form:
    """Return a matrix, or the lines of a system as a list."""
    cells = [[read.answer(tokenize(cell)) for cell in row if cell] for row in token.cells]
    if token.value in {"cases", "array"}:
        lines = [tokenize(" ".join(row)) for row in token.cells]
        return as_list([read.answer(line) for line in lines])
    return grid(cells)


def grid(rows: list[list[Form]]) -> Form:
    """Return a matrix; a single column is a vector, which is written as a tuple too."""
    if len({len(row) for row in rows}) != 1:
        raise UnreadableError("a ragged matrix")
    if len(rows[0]) == 1:
        return _ordered("(", ")", [row[0] for row in rows])
    if len(rows) == 1:
        return Group("tuple", tuple(rows[0]), "row")
    return Group("matrix", tuple(Group("tuple", tuple(row), "row") for row in rows), f"{len(rows)}")
