"""Where a stored file and the same file made again differ: which line, which row, which key."""

import filecmp
import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

__all__ = ["Difference", "compare_lines", "compare_rows", "compare_values"]


class Difference(NamedTuple):
    """One place where two files differ."""

    place: str
    what: str


def compare_lines(stored: Path, again: Path) -> Iterator[Difference]:
    """Compare two text files line by line; of JSON lines the keys that differ are named."""
    if filecmp.cmp(stored, again, shallow=False):
        return
    with stored.open("rb") as left, again.open("rb") as right:
        for number, (one, other) in enumerate(zip_longest(left, right), start=1):
            if one != other:
                yield Difference(f"line {number}", _lines(one, other))


def compare_rows(stored: list[Path], again: list[Path]) -> Iterator[tuple[Path, Difference]]:
    """Compare the rows of two tables, each in any number of Parquet files, whatever their bytes."""
    mine = _rows(stored)
    for (path, number, row), (_, _, other) in zip_longest(
        mine, _rows(again), fillvalue=(stored[-1], 0, None)
    ):
        if row is None:
            yield path, Difference(f"after the last row ({_name(other)})", "is missing")
        elif row != other:
            what = "should not be there" if other is None else _keys(row, other)
            yield path, Difference(f"row {number} ({_name(row)})", what)


def compare_values(stored: object, again: object, at: str = "") -> Iterator[Difference]:
    """Compare two JSON values key by key."""
    if isinstance(stored, Mapping) and isinstance(again, Mapping):
        for key in {**stored, **again}:
            yield from compare_values(stored.get(key), again.get(key), f"{at}.{key}" if at else str(key))
    elif stored != again:
        yield Difference(at, f"is {stored!r:.60}, the log makes {again!r:.60}")


def _lines(one: bytes | None, other: bytes | None) -> str:
    if one is None:
        return "is missing"
    if other is None:
        return "should not be there"
    try:
        return _keys(json.loads(one), json.loads(other))
    except ValueError:
        return "differs"


def _keys(one: Any, other: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return "differs"
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    return f"differs in {', '.join(keys) or 'its spelling'}"


def _rows(paths: list[Path]) -> Iterator[tuple[Path, int, dict[str, Any]]]:
    for path in paths:
        number = 0
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=256):
                for row in batch.to_pylist():
                    number += 1
                    yield path, number, row


def _name(row: Mapping[str, Any] | None) -> str:
    return str((row or {}).get("id", "no id"))
