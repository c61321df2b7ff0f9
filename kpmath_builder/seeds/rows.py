"""Rows of a seed set as they stand in a file or on the Hub, each with its place; knows no format of problems."""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kpmath_builder.errors import InputError
from kpmath_builder.seeds.json_items import json_items

__all__ = ["MATH_CONFIGS", "Row", "Table", "open_file", "open_hub"]

MATH_CONFIGS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)
"""The configs of MATH on the Hub."""
KNOWN_CONFIGS = {"openai/gsm8k": ("main",), "EleutherAI/hendrycks_math": MATH_CONFIGS}
"""Spares a question to the Hub, so that a cached set is read on a machine without a network."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where a person finds it ("line 13"), its number for an id ("00012"), and its columns."""

    place: str
    number: str
    columns: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Table:
    """A seed set to be read once: `origin` names it in messages, `stem` in ids; `folder` is the one it lies in."""

    origin: str
    stem: str
    folder: str
    split: str
    hub: bool
    rows: Iterator[Row]


def open_file(path: Path, keys: str = "seeds") -> Table:
    """Open a `.jsonl`, `.jsonl.gz`, `.json` (a list), `.csv` (with a line of names) or `.parquet` file; its split is read from its name.

    The split is `test` where the word stands in the file's name (`test.jsonl`, `math-test.parquet`), else `train`. `keys` is the table
    of the recipe that names the file.

    Raises
    ------
    InputError
        For a missing file, a folder or an unknown ending; reading the rows raises it for a damaged one.
    """
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError) as error:  # a name that no file can have
        raise InputError(f"{keys}.path cannot be a file's name ({_short(error)}): correct it.") from None
    if is_folder:
        raise InputError(
            f"{path} is a folder: give one {_ENDINGS} file as {keys}.path, or the folder as {keys}.hub."
        )
    if not is_file:
        raise InputError(f"There is no file {path}: correct {keys}.path.")
    name = path.name.lower()
    reader = next((reader for ending, reader in _READERS.items() if name.endswith(ending)), None)
    if reader is None:
        raise InputError(f"{path} has an unknown ending: problems are read from {_ENDINGS} files.")
    stem = path.name.split(".", 1)[0] or path.name
    split = "test" if "test" in re.split(r"[^a-z]+", stem.lower()) else "train"
    return Table(str(path), stem, path.resolve().parent.name, split, hub=False, rows=_guarded(path, reader))


def _guarded(path: Path, reader: Callable[[Path], Iterator[Row]]) -> Iterator[Row]:
    try:
        yield from reader(path)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    except pa.ArrowException as error:
        raise InputError(
            f"{path} is not a readable Parquet file ({_short(error)}): fetch it again."
        ) from error
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({_short(error)}): fetch or write it again.") from error


def _jsonl(path: Path) -> Iterator[Row]:
    # jsonlines.Reader does not say on which line a valid object stands, and every report here names lines.
    number = 0
    with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as file:
        for line, raw in enumerate(file, start=1):
            text = raw.decode("utf-8-sig" if line == 1 else "utf-8").strip()
            if text:
                yield _row(path, f"line {line}", number, _parsed(path, f", line {line},", text))
                number += 1


def _json(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        begins = file.read(1_000).lstrip()[:1]
    if begins != "[":
        item = _parsed(path, "", path.read_text(encoding="utf-8-sig"))
        raise InputError(
            f"{path} holds one {_kind(item)}, not a list of problems: write them as [{{…}}, {{…}}]."
        )
    with path.open(encoding="utf-8-sig") as file:
        items = json_items(file)
        for number in count():
            try:
                item = next(items)
            except StopIteration:
                return
            except UnicodeDecodeError:
                raise
            except ValueError as error:  # a number of thousands of digits is one too
                raise InputError(f"{path} is not JSON ({error}): correct it.") from error
            except RecursionError as error:
                raise InputError(f"{path} is nested too deeply to be a problem: correct it.") from error
            yield _row(path, f"item {number + 1}", number, item)


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            _check_names(path, reader.fieldnames or ())
            line = reader.line_num + 1
            for number, item in enumerate(reader):
                if None in item or None in item.values():
                    raise InputError(
                        f"{path}, line {line}, has more or fewer fields than the first line has names: put quotes around texts with commas."
                    )
                yield _row(path, f"line {line}", number, item)
                line = reader.line_num + 1
        except csv.Error as error:
            raise InputError(f"{path}, line {reader.line_num}, is not CSV ({error}): correct it.") from error


def _check_names(path: Path, names: Sequence[str]) -> None:
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"{path} has two columns {twice[0]!r}: give each a name of its own.")
    parted = next((mark for mark in _OTHER_SEPARATORS if len(names) == 1 and mark in names[0]), None)
    if (
        parted is not None
    ):  # as spreadsheets write it where the comma is the decimal sign, so that numbers would be in doubt too
        raise InputError(
            f"{path} parts its columns with {_OTHER_SEPARATORS[parted]}, not with commas: export it again as CSV with commas and decimal "
            "points, or write it as .jsonl."
        )


_OTHER_SEPARATORS: Mapping[str, str] = {";": "semicolons", "\t": "tabs", "|": "bars"}


_LONGEST_FIELD = 10_000_000
"""Characters."""


def _parquet(path: Path) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        items = (item for batch in file.iter_batches() for item in batch.to_pylist())
        for number, item in enumerate(items):
            yield _row(path, f"row {number + 1}", number, item)


_READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _jsonl,
    ".jsonl.gz": _jsonl,
    ".json": _json,
    ".csv": _csv,
    ".parquet": _parquet,
}
_ENDINGS = ", ".join(_READERS)


def _parsed(path: Path, where: str, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:  # a number of thousands of digits is one too
        raise InputError(f"{path}{where} is not JSON ({error}): correct it.") from error
    except RecursionError as error:
        raise InputError(f"{path}{where} is nested too deeply to be a problem: correct it.") from error


def _row(path: Path, place: str, number: int, item: object) -> Row:
    if not isinstance(item, dict):
        raise InputError(f"{path}, {place}, holds a {_kind(item)}, not an object: write it as {{…}}.")
    return Row(place, f"{number:05d}", item)


def _kind(value: object) -> str:
    kinds = {dict: "object", list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return kinds.get(type(value), "null")


def open_hub(hub: str, split: str, config: str | None, revision: str | None, keys: str = "seeds") -> Table:
    """Read a dataset of the Hub, or a local dataset folder, through `datasets.load_dataset`.

    Of several configs `default` or `main` is read where there is one; MATH's seven subjects are joined, and then a
    row's number carries the subject (`algebra/00012`), so that it stays the same when one subject is read alone. `keys` is the table of
    the recipe that names the dataset.

    Raises
    ------
    InputError
        Where the Hub cannot be reached or has no such dataset, config, split or revision.
    """
    import datasets  # seconds to import, and only these seeds need it

    try:
        configs = (config,) if config else _configs(hub, revision, keys)
        parts = {name: datasets.load_dataset(hub, name, split=split, revision=revision) for name in configs}
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise InputError(
            f"The problems {hub!r} could not be loaded from the Hub ({_short(error)}): "
            f"correct {keys}.hub, {keys}.hub_config, {keys}.split or {keys}.revision, or give a file as {keys}.path."
        ) from error
    stem = hub.rstrip("/").rsplit("/", 1)[-1]
    return Table(hub, stem, "", split, hub=True, rows=_hub_rows(parts))


def _configs(hub: str, revision: str | None, keys: str) -> tuple[str, ...]:
    import datasets

    names = KNOWN_CONFIGS.get(hub) or tuple(datasets.get_dataset_config_names(hub, revision=revision))
    preferred = [name for name in ("default", "main") if name in names]
    if preferred:
        return (preferred[0],)
    if len(names) == 1 or set(names) <= set(MATH_CONFIGS):
        return tuple(sorted(names))
    raise InputError(f"{hub} has the configs {', '.join(names)}: choose one as {keys}.hub_config.")


def _hub_rows(parts: Mapping[str, Iterable[dict[str, object]]]) -> Iterator[Row]:
    for config, part in parts.items():
        by_subject = config in MATH_CONFIGS
        for number, columns in enumerate(part):
            place = f"row {number + 1}" + (f" of {config}" if by_subject else "")
            yield Row(place, f"{config}/{number:05d}" if by_subject else f"{number:05d}", columns)


def _short(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0][:160].rstrip(".:") if text else type(error).__name__
