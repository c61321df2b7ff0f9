"""Rows of one config into Parquet files, as the Hub likes them: zstd, page index, content-defined chunks.

Rows come one by one and leave by row groups, so memory is bounded by one group however many rows there are. Where a
group ends depends on the rows alone: equal rows make equal bytes.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["ConfigWriter", "WrittenConfig", "digest_of"]

ROWS_PER_GROUP = 10_000
ROWS_PER_BATCH = 500
"""Rows that wait as Python objects; the rest of a group waits in Arrow, which is smaller."""
GROUP_SIZE = 32 << 20
"""Characters after which a row group ends early: rows of `scored` can be 30 KB, and a reader holds a whole group."""


@dataclass(frozen=True, slots=True)
class WrittenConfig:
    """What was written of one config: rows, files, bytes in memory (Arrow) and on disk, hash over the files' bytes."""

    rows: int
    files: int
    arrow_bytes: int
    file_bytes: int
    digest: str


class ConfigWriter:
    """Write rows in strictly ascending order of `id` to `folder/train-00000-of-000NN.parquet`.

    Parameters
    ----------
    folder
        Made here; must not exist.
    schema
        One of `kpmath_builder.dataset.schemas.SCHEMAS`.
    rows_per_file
        Rows after which the next file begins.
    """

    def __init__(self, folder: Path, schema: pa.Schema, rows_per_file: int) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._schema = schema
        self._rows_per_file = rows_per_file
        self._batch: list[Mapping[str, Any]] = []
        self._group: list[pa.RecordBatch] = []
        self._group_rows = self._group_size = 0
        self._rows_in_file = self._rows = self._arrow_bytes = 0
        self._last_id = ""
        self._paths: list[Path] = []
        self._file = self._next_file()

    def add(self, row: Mapping[str, Any]) -> None:
        """Take one row; raises `ValueError` where its id is not above the last one's."""
        if row["id"] <= self._last_id:
            raise ValueError(
                f"rows of {self._folder.name} must come sorted by id, got {row['id']!r} after {self._last_id!r}"
            )
        if self._rows_in_file == self._rows_per_file:
            self._file.close()
            self._file = self._next_file()
        self._last_id = row["id"]
        self._batch.append(row)
        self._group_rows += 1
        self._group_size += _size(row)
        self._rows_in_file += 1
        if len(self._batch) == ROWS_PER_BATCH:
            self._pack()
        full = self._group_rows == ROWS_PER_GROUP or self._group_size >= GROUP_SIZE
        if full or self._rows_in_file == self._rows_per_file:
            self._flush()

    def finish(self) -> WrittenConfig:
        """Write what is left and give the files their final names, which tell how many there are."""
        self._flush()
        self._file.close()
        count = len(self._paths)
        files = [
            path.rename(self._folder / f"train-{number:05d}-of-{count:05d}.parquet")
            for number, path in enumerate(self._paths)
        ]
        file_bytes = sum(file.stat().st_size for file in files)
        return WrittenConfig(self._rows, count, self._arrow_bytes, file_bytes, digest_of(files))

    def close(self) -> None:
        """Let go of the open file after a failure; what was written is of no use."""
        self._file.close()

    def _next_file(self) -> pq.ParquetWriter:
        self._rows_in_file = 0
        self._paths.append(self._folder / f"{len(self._paths):05d}.parquet")
        return pq.ParquetWriter(
            self._paths[-1],
            self._schema,
            compression="zstd",
            compression_level=3,
            use_content_defined_chunking=True,
            write_page_index=True,
        )

    def _pack(self) -> None:
        self._group.append(pa.RecordBatch.from_pylist(self._batch, schema=self._schema))
        self._batch = []

    def _flush(self) -> None:
        if not self._group_rows:
            return
        self._pack()
        table = pa.Table.from_batches(self._group).combine_chunks()
        self._file.write_table(table, row_group_size=self._group_rows)
        self._rows += self._group_rows
        self._arrow_bytes += table.nbytes
        self._group, self._group_rows, self._group_size = [], 0, 0


def digest_of(files: Iterable[Path]) -> str:
    """Return a hash over the bytes of files in this order."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _size(value: object) -> int:
    """Characters of text in a row, and one for every other value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    return 1
