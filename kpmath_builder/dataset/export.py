"""The published tables as JSON lines, for tools that read nothing else."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import jsonlines
import pyarrow as pa
import pyarrow.parquet as pq

from kpmath_builder.dataset.formats import NO_REASONING, TrainingFormat, training_format
from kpmath_builder.dataset.schemas import ALL_CONFIGS, CONFIGS, DEFAULT_CONFIG, PLUS
from kpmath_builder.errors import InputError
from kpmath_builder.files.durable import staged_file

__all__ = ["export_jsonl", "file_name"]

_ROWS_AT_ONCE = 256


def export_jsonl(
    dataset_folder: Path,
    target: Path,
    configs: Iterable[str] | None = None,
    *,
    force: bool = False,
    format_name: str | None = None,
    reasoning: str | None = None,
) -> dict[str, int]:
    """Write each config as a file of JSON lines in `target`, named by `file_name`, and return the rows of each.

    Each file appears whole or not at all. Rows are read in batches: memory does not grow with their number.

    Parameters
    ----------
    configs
        By default all that are there; with a format those that have it.
    format_name, reasoning
        A format for trainers, and how the reasoning stands in it (`dataset/formats.py`); by default the columns of the table.

    Raises
    ------
    InputError
        For an unknown config or format, a folder without tables, and for files that exist where `force` is not given.
    """
    if reasoning is not None and format_name is None:
        raise InputError("Reasoning belongs to a format of trainers: give one too, e.g. --format messages.")
    has_plus = (dataset_folder / "data" / PLUS).is_dir()
    every = _with_format(dataset_folder, reasoning) if format_name else ALL_CONFIGS if has_plus else CONFIGS
    chosen = tuple(configs) if configs is not None else every
    formats = {
        config: training_format(format_name, config, reasoning) if format_name else None for config in chosen
    }
    tables = {config: _files(dataset_folder, config) for config in chosen}
    targets = {config: target / file_name(config, format_name) for config in chosen}
    _check_target(target, targets.values(), force=force)
    try:
        target.mkdir(parents=True, exist_ok=True)
        return {config: _write(_rows(tables[config], formats[config]), targets[config]) for config in chosen}
    except pa.ArrowException as error:
        raise InputError(
            f"{dataset_folder} cannot be read as tables ({error}): run `kpmath build` again, which makes them anew."
        ) from None
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror or error}): choose another folder with --to."
        ) from None


def file_name(config: str, format_name: str | None = None) -> str:
    """Return the name of the file of a config."""
    return f"{config}-{format_name}.jsonl" if format_name else f"{config}.jsonl"


def _with_format(dataset_folder: Path, reasoning: str | None) -> tuple[str, ...]:
    """Return the configs that a format is for; a dataset of a mix may have `plus` alone, which has no reasoning."""
    if reasoning is not None:
        return (DEFAULT_CONFIG,)
    there = (config for config in (DEFAULT_CONFIG, PLUS) if (dataset_folder / "data" / config).is_dir())
    return tuple(there) or (DEFAULT_CONFIG,)


def _files(dataset_folder: Path, config: str) -> list[Path]:
    if config not in ALL_CONFIGS:
        raise InputError(f"There is no config {config!r}: choose from {', '.join(ALL_CONFIGS)}.")
    files = sorted((dataset_folder / "data" / config).glob("*.parquet"))
    if not files:
        raise InputError(
            f"{dataset_folder} holds no table {config}: give the dataset folder of a finished build."
        )
    return files


def _check_target(target: Path, files: Iterable[Path], *, force: bool) -> None:
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file: give the folder to export to.")
    existing = [file.name for file in files if file.exists()]
    if existing and not force:
        raise InputError(
            f"{target} already holds {', '.join(existing)}: choose another folder, or add --force (force=True) to replace them."
        )


def _rows(files: Iterable[Path], training: TrainingFormat | None) -> Iterator[dict[str, Any]]:
    rows = _as_stored(files)
    if training is None:
        return rows
    if training.reasoning is None:
        return map(training, rows)
    reasoned = (row for row in rows if row["reasoning"] is not None)
    first = next(reasoned, None)
    if first is None:
        raise InputError(NO_REASONING)
    return map(training, chain([first], reasoned))


def _as_stored(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                yield from batch.to_pylist()


def _write(rows: Iterator[dict[str, Any]], path: Path) -> int:
    count = 0
    with staged_file(path) as staged, jsonlines.open(staged, "w") as lines:
        for count, row in enumerate(rows, start=1):  # noqa: B007 - the last number is the count
            lines.write(row)
    return count
