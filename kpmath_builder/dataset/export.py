"""The published tables as JSON lines, for tools that read nothing else."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonlines
import pyarrow as pa
import pyarrow.parquet as pq

from kpmath_builder.dataset.schemas import ALL_CONFIGS, CONFIGS, PLUS
from kpmath_builder.errors import InputError
from kpmath_builder.files.durable import staged_file

__all__ = ["export_jsonl"]

_ROWS_AT_ONCE = 256


def export_jsonl(
    dataset_folder: Path, target: Path, configs: Iterable[str] | None = None, *, force: bool = False
) -> dict[str, int]:
    """Write `target/CONFIG.jsonl` for the given configs (all that are there by default) and return the rows of each.

    Each file appears whole or not at all. Rows are read in batches: memory does not grow with their number.

    Raises
    ------
    InputError
        For an unknown config, a folder without tables, and for files that exist where `force` is not given.
    """
    has_plus = (dataset_folder / "data" / PLUS).is_dir()
    chosen = tuple(configs) if configs is not None else ALL_CONFIGS if has_plus else CONFIGS
    tables = {config: _files(dataset_folder, config) for config in chosen}
    targets = {config: target / f"{config}.jsonl" for config in chosen}
    _check_target(target, targets.values(), force=force)
    try:
        target.mkdir(parents=True, exist_ok=True)
        return {config: _write(_rows(tables[config]), targets[config]) for config in chosen}
    except pa.ArrowException as error:
        raise InputError(
            f"{dataset_folder} cannot be read as tables ({error}): run `kpmath build` again, which makes them anew."
        ) from None
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror or error}): choose another folder with --to."
        ) from None


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


def _rows(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
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
