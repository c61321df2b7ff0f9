"""Which problem each row of recorded outputs was written to.

A wrong pairing grades right answers as wrong, or a model's answers on another set, and no figure shows it. So it is read in one way
for a whole file, from what the rows say; what can be read in two ways is refused, and a guess by order is said, and held against
the problems' text where the rows have that.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.catalogue import EvalSet
from kpmath_builder.seeds.rows import Row

__all__ = ["check_all_have", "paired", "some_have"]

Pairs = list[tuple[Row, str]]
_NUMBER = "problem_id"
_QUESTIONS = ("problem", "question")
_MAY_NAME = re.compile(r"(?:(?i:(?:.*[_-])?(?:id|idx|uid|uuid|index))|.*[a-z]I[dD])\Z")
"""Names of columns that may say which problem a row is of."""


def paired(
    path: Path, rows: Sequence[Row], each: EvalSet, sets: Sequence[EvalSet], *, whole: bool
) -> tuple[Pairs, tuple[str, ...]]:
    """Return the rows with the ids of their problems, and what should be said of how these were found.

    Parameters
    ----------
    each
        The set that the rows are of, one of `sets`.
    whole
        Whether the sets are whole; of a shortened set, rows of other problems are left out.

    Raises
    ------
    InputError
        If a row names no problem of the set, or it cannot be told which.
    """
    column = next((name for name in (each.id_column, "id", _NUMBER) if name and some_have(name, rows)), None)
    others = () if some_have("dataset", rows) else tuple(its for its in sets if its is not each)
    remarks: tuple[str, ...] = ()
    if column is None:
        pairs = _by_order(path, rows, each, others, whole=whole)
        remarks = (f"{path.name} names no problems: its rows were taken in the order of {each.name}.",)
    else:
        check_all_have(path, rows, column, "by which other rows name their problem: give all rows theirs")
        pairs = _by_column(path, rows, each, column, others, whole=whole)
    return pairs, remarks + _check_texts(path, pairs, each)


def some_have(column: str, rows: Iterable[Row]) -> bool:
    """Return whether any row has something in a column."""
    return any(row.columns.get(column) is not None for row in rows)


def check_all_have(path: Path, rows: Iterable[Row], column: str, why: str) -> None:
    """Raise `InputError` for a row with nothing in a column; `why` ends the sentence."""
    if silent := next((row for row in rows if row.columns.get(column) is None), None):
        raise InputError(f"{path}, {silent.place}, has no `{column}`, {why}.")


def _by_order(
    path: Path, rows: Sequence[Row], each: EvalSet, others: Sequence[EvalSet], *, whole: bool
) -> Pairs:
    if others:
        raise InputError(
            f"{path} does not say of which set its rows are: give them a column `dataset` with {each.name!r}, {others[0].name!r} and so on."
        )
    names = {name: None for row in rows for name in row.columns}
    if named := next((name for name in names if _MAY_NAME.fullmatch(name)), None):
        raise InputError(
            f"{path} has a column `{named}`, and it cannot be told whether that names the problems of {each.name}: call it `problem_id` if it "
            "is the number of the problem's row from 0, or `id` if it is the test set's own (--fields …,id=COLUMN), else leave it out."
        )
    if whole and len(rows) > len(each.problems):
        raise InputError(
            f"{path} has {len(rows):,} rows that name no problem, and {each.name} has {len(each.problems):,} problems: give the rows the "
            "problems' ids as `id`."
        )
    return [(row, problem.id) for row, problem in zip(rows, each.problems, strict=False)]


def _by_column(
    path: Path, rows: Sequence[Row], each: EvalSet, column: str, others: Sequence[EvalSet], *, whole: bool
) -> Pairs:
    """Pair by a column; `others` are the sets that the rows may be of as well, because they do not name theirs."""
    known = {problem.id for problem in each.problems}
    elsewhere = {problem.id for other in others for problem in other.problems}
    shared = known & elsewhere
    named = _reading(path, rows, each, column, known, whole=whole) if not others else _id_in(column)
    pairs: Pairs = []
    for row in rows:
        problem = named(row)
        if problem in shared:
            raise InputError(
                f"{path}, {row.place}: several of the sets have a problem {problem!r}: give the rows a column `dataset` with the name of "
                "their set."
            )
        if problem in known:
            pairs.append((row, problem))
        elif whole and problem not in elsewhere:
            raise InputError(
                f"{path}, {row.place}: {each.name} has no problem {problem!r}; its ids are like {each.problems[0].id!r}: correct the "
                "row, or --on, or name the column of the test set's ids with --fields …,id=COLUMN."
            )
    return pairs


def _id_in(column: str) -> Callable[[Row], str]:
    return lambda row: str(row.columns[column])


def _reading(
    path: Path, rows: Sequence[Row], each: EvalSet, column: str, known: set[str], *, whole: bool
) -> Callable[[Row], str]:
    """Return how a column names problems: `problem_id` may also be the numbers of rows, which is decided for all rows at once."""
    by_id = _id_in(column)
    if column != _NUMBER:
        return by_id

    def by_number(row: Row) -> str:
        number = _number(row.columns[column])
        if number is None or number >= len(each.problems):
            return f"of row {row.columns[column]}"
        return each.problems[number].id

    numbers = [_number(row.columns[column]) for row in rows]
    # Of a set that was cut short, the ids of the other problems are not known.
    are_ids = (all if whole else any)(by_id(row) in known for row in rows)
    are_numbers = all(number is not None and (not whole or number < len(each.problems)) for number in numbers)
    if are_ids and are_numbers and any(by_id(row) != by_number(row) for row in rows if by_id(row) in known):
        raise InputError(
            f"{path}: `{column}` may be the ids of {each.name} or the numbers of its rows from 0, which are other problems: give the "
            "problems' ids as `id`."
        )
    return by_number if are_numbers else by_id


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _check_texts(path: Path, pairs: Pairs, each: EvalSet) -> tuple[str, ...]:
    """Refuse a pairing that the problems' text in the rows contradicts; say so if it confirms none of it."""
    questions = {problem.id: _plain(problem.question) for problem in each.problems}
    texts = set(questions.values())
    told = same = 0
    for row, problem in pairs:
        for column in _QUESTIONS:
            said = row.columns.get(column)
            if not isinstance(said, str):
                continue
            told += 1
            if (text := _plain(said)) == questions[problem]:
                same += 1
            elif text in texts:
                raise InputError(
                    f"{path}, {row.place}, holds another problem's text as `{column}` than that of {problem!r}, which it is paired with: "
                    "give rows the problems' ids as `id`."
                )
    if not told or same:
        return ()
    return (
        f"No row of {path.name} has the text of a problem of {each.name}: make sure that they are of this set.",
    )


def _plain(text: str) -> str:
    return " ".join(text.split())
