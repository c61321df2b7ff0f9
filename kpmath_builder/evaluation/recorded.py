"""Recorded outputs: what a model wrote to the problems of a set, from a JSON lines file (or any file that seeds are read from).

A row names its problem by `id`, or by `problem_id`, the number of its row from 0; without either, rows stand in the order of the
set. What was written stands in one of `output`, `outputs`, `completion`, `response`, `generation` or `text`: one text, a list of texts, or
several rows for one problem. If rows carry `model` or `dataset`, those of another model or set are left aside.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.catalogue import EvalSet
from kpmath_builder.seeds.rows import Row, open_file

__all__ = ["Recorded", "read_outputs"]

_TEXTS = ("outputs", "output", "completion", "response", "generation", "text")

Recorded = Mapping[str, tuple[str, ...]]
"""Problem id to what was written, sample by sample."""


def read_outputs(path: Path, model: str, sets: Sequence[EvalSet], *, whole: bool = True) -> list[Recorded]:
    """Return the recorded outputs for each of the sets.

    Parameters
    ----------
    whole
        Whether the sets are whole, so that each row must be of one of their problems.

    Raises
    ------
    InputError
        If the file is missing or damaged, a row names a problem that no set has, or a set has no output at all.
    """
    if not path.is_file():
        raise InputError(f"There is no file of outputs {path}: correct --outputs.")
    written = list(open_file(path).rows)
    if not written:
        raise InputError(f"{path} holds no row: correct --outputs.")
    rows = [row for row in written if _is_of(row, "model", {model})]
    if not rows:
        raise InputError(
            f"{path} holds no outputs of the model {model!r}: give the model's name as it stands there."
        )
    strict = whole and (len(sets) == 1 or all("dataset" in row.columns for row in rows))
    found = [
        _of_set(
            path,
            [row for row in rows if _is_of(row, "dataset", {each.name, each.origin})],
            each,
            strict=strict,
        )
        for each in sets
    ]
    for each, recorded in zip(sets, found, strict=True):
        if not recorded:
            raise InputError(
                f"{path} holds no output to a problem of {each.name}: leave the set out, or give rows the problems' ids and, for several "
                "sets, a column `dataset`."
            )
    return found


def _is_of(row: Row, column: str, wanted: set[str]) -> bool:
    value = row.columns.get(column)
    return value is None or str(value) in wanted


def _of_set(path: Path, rows: Sequence[Row], each: EvalSet, *, strict: bool) -> Recorded:
    ids = {problem.id for problem in each.problems}
    texts: dict[str, list[str]] = defaultdict(list)
    for number, row in enumerate(rows):
        problem = _problem(row, number, each)
        if problem not in ids:
            if strict:
                raise InputError(
                    f"{path}, {row.place}: {each.name} has no problem {problem!r}: correct the row, or --on."
                )
            continue
        texts[problem] += _texts(path, row)
    return {name: tuple(written) for name, written in texts.items()}


def _problem(row: Row, number: int, each: EvalSet) -> str:
    if (own := row.columns.get("id")) is not None:
        return str(own)
    given = row.columns.get("problem_id", number)
    if isinstance(given, str) and given.isdecimal():
        given = int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        return each.problems[given].id if 0 <= given < len(each.problems) else str(given)
    return str(given)


def _texts(path: Path, row: Row) -> Iterator[str]:
    value = next((row.columns[name] for name in _TEXTS if name in row.columns), None)
    items: Iterable[object] = value if isinstance(value, list) else [value]
    for item in items:
        if not isinstance(item, str):
            raise InputError(
                f"{path}, {row.place}: {item!r:.40} stands where an output should: give text, or a list of texts, as `output`."
            )
        yield item
