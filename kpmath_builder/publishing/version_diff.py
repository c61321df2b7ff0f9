"""What a new version changes against the last one: columns, and rows added, removed and changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["ConfigDiff", "VersionDiff", "compare_tables"]

_ROWS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """The change of one config. A row is known by its id; it changed where a value of a column in both versions did."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    new_columns: Sequence[str] = ()
    """Columns that are new or have another type."""
    lost_columns: Sequence[str] = ()

    @property
    def rows_changed(self) -> bool:
        """Whether any row came, went or changed."""
        return bool(self.added or self.removed or self.changed)

    @property
    def columns_changed(self) -> bool:
        """Whether any column came, went or has another type."""
        return bool(self.new_columns or self.lost_columns)

    def __str__(self) -> str:
        told = f"{self.added:,} rows added, {self.removed:,} removed, {self.changed:,} changed"
        if self.new_columns:
            told += f"; new columns: {', '.join(self.new_columns)}"
        if self.lost_columns:
            told += f"; columns gone: {', '.join(self.lost_columns)}"
        return told


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """The change of all configs."""

    configs: Mapping[str, ConfigDiff] = field(default_factory=dict)

    @property
    def rows_changed(self) -> bool:
        """Whether rows of any config changed."""
        return any(config.rows_changed for config in self.configs.values())

    @property
    def columns_changed(self) -> bool:
        """Whether columns of any config changed."""
        return any(config.columns_changed for config in self.configs.values())


def compare_tables(old: Iterable[Path], new: Iterable[Path]) -> ConfigDiff:
    """Compare two tables, each of files with rows sorted by id; memory does not grow with their number.

    A file is not touched any more once the next is asked for.
    """
    (before, old), (after, new) = _schema(old), _schema(new)
    columns = [name for name in after if before.get(name) == after[name]]
    counts = {"added": 0, "removed": 0, "changed": 0}
    for one, other in _paired(_rows(old, columns), _rows(new, columns)):
        if one is None:
            counts["added"] += 1
        elif other is None:
            counts["removed"] += 1
        elif one != other:
            counts["changed"] += 1
    new_columns = [name for name in after if name not in columns] if before else []
    lost_columns = [name for name in before if name not in after] if after else []
    return ConfigDiff(**counts, new_columns=new_columns, lost_columns=lost_columns)


def _schema(files: Iterable[Path]) -> tuple[dict[str, pa.DataType], Iterable[Path]]:
    """Return the columns of the first file, and all files."""
    rest = iter(files)
    if (first := next(rest, None)) is None:
        return {}, ()
    schema = pq.read_schema(first)
    return dict(zip(schema.names, schema.types, strict=True)), chain([first], rest)


def _rows(files: Iterable[Path], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=list(columns) or ["id"]):
                yield from batch.to_pylist()


Row = dict[str, Any]


def _paired(old: Iterator[Row], new: Iterator[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Bring rows of one id together; None stands where one side has no such row."""
    one, other = next(old, None), next(new, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one["id"] < other["id"]):
            yield one, None
            one = next(old, None)
        elif one is None or other["id"] < one["id"]:
            yield None, other
            other = next(new, None)
        else:
            yield one, other
            one, other = next(old, None), next(new, None)
