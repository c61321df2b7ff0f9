"""Sums and products of matrices with numbers and with each other, entry by entry, so that `½ (2 4)` and `(1 2)` meet."""

from kpmath_builder.answers.scanner import tokenize
from kpmath_builder.answers.syntax import parse_expression
from kpmath_builder.answers.tokens import Token, UnboundedError, UnreadableError
from kpmath_builder.answers.trees import Call, Expression

__all__ = ["Entries", "matrix_value"]

Entries = tuple[tuple[Expression, ...], ...]
"""Rows of expressions."""

_MAX_ENTRIES = 400
_MAX_FACTORS = 6
_ARRAYS = frozenset(("cases", "array"))


def matrix_value(tokens: list[Token]) -> Entries:
    """Return the entries of a sum of products of matrices and scalars.

    Raises
    ------
    UnreadableError
        Where a term is no matrix, or the shapes do not fit.

    """
    total: Entries | None = None
    for sign, term in _terms(tokens):
        value = _term(term)
        if sign == "-":
            value = tuple(tuple(Call("neg", (entry,)) for entry in row) for row in value)
        total = value if total is None else _added(total, value)
    if total is None:
        raise UnreadableError("no matrix")
    return total


def _terms(tokens: list[Token]) -> list[tuple[str, list[Token]]]:
    terms: list[tuple[str, list[Token]]] = [("+", [])]
    depth = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0 and token.kind == "operator" and token.value in {"+", "-"}:
            terms.append((token.value, []))
        else:
            terms[-1][1].append(token)
    if not all(term for _, term in terms[1:]):
        raise UnreadableError("a sign without a term")
    return terms if terms[0][1] else terms[1:]


def _term(tokens: list[Token]) -> Entries:
    """Return the product of the matrices of one term, times the scalars that stand between them."""
    product: Entries | None = None
    scalar: list[Token] = []
    matrices = [token for token in tokens if token.kind == "matrix"]
    if not matrices or len(matrices) > _MAX_FACTORS:
        raise UnreadableError("no product of a few matrices")
    for at, token in enumerate(tokens):
        beside = any(other.kind == "matrix" for other in tokens[max(at - 1, 0) : at + 2])
        if token.value == "*" and beside and 0 < at < len(tokens) - 1:
            continue
        if token.kind != "matrix":
            scalar.append(token)
            continue
        product = _entries(token) if product is None else _multiplied(product, _entries(token))
    if product is None:
        raise UnreadableError("no matrix")
    if not scalar:
        return product
    factor = parse_expression(scalar)
    return tuple(tuple(Call("mul", (factor, entry)) for entry in row) for row in product)


def _entries(token: Token) -> Entries:
    rows = tuple(tuple(parse_expression(tokenize(cell)) for cell in row) for row in token.cells)
    if token.value in _ARRAYS or not rows or len({len(row) for row in rows}) != 1:
        raise UnreadableError("a ragged matrix")
    if len(rows) * len(rows[0]) > _MAX_ENTRIES:
        raise UnboundedError("too large a matrix")
    return rows


def _added(left: Entries, right: Entries) -> Entries:
    if (len(left), len(left[0])) != (len(right), len(right[0])):
        raise UnreadableError("shapes differ")
    return tuple(
        tuple(Call("add", (a, b)) for a, b in zip(*rows, strict=True))
        for rows in zip(left, right, strict=True)
    )


def _multiplied(left: Entries, right: Entries) -> Entries:
    if len(left[0]) != len(right) or len(left) * len(right[0]) * len(right) > _MAX_ENTRIES:
        raise UnreadableError("shapes differ")
    columns = list(zip(*right, strict=True))
    return tuple(
        tuple(
            Call("add", tuple(Call("mul", pair) for pair in zip(row, column, strict=True)))
            for column in columns
        )
        for row in left
    )
