"""Opening a set: its rows one by one, and a state that changes when they do."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from kpmath_builder.dataset.provenance import PROVENANCE
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.files.sealed import FileRecord
from kpmath_builder.folder.proved import plain_files
from kpmath_builder.folder.results import Results
from kpmath_builder.mixing.catalogue import KNOWN, KnownSet
from kpmath_builder.mixing.licences import UNKNOWN
from kpmath_builder.mixing.reading import by_fields
from kpmath_builder.mixing.recipe import MixedSet
from kpmath_builder.seeds.rows import MATH_CONFIGS, Row, open_file

if TYPE_CHECKING:
    from datasets import IterableDataset

__all__ = ["OpenedSet", "known_set", "open_build", "open_set"]

_PAIRS = "data/qa-pairs/"


@dataclass(frozen=True)
class OpenedSet:
    """A set to be read once."""

    label: str
    """Names it in messages, e.g. `sources.gsm8k`."""
    source: str
    """Its name in each row."""
    state: str
    """What it is at this moment: the digest of a file, a commit on the Hub, the digests of a build's table."""
    rows: Iterator[Row]
    watched: Path | None = None
    """The file, or the manifest of the build, which must stay as it is while it is read."""

    def rows_unchanged(self) -> Iterator[Row]:
        """Yield the rows; raises `InputError` at the end if the source was written meanwhile."""
        before = _written(self.watched)
        yield from self.rows
        if _written(self.watched) != before:
            raise InputError(
                f"{self.watched} of {self.label} changed while it was read: run the same command again."
            )


def _written(path: Path | None) -> tuple[int, int, int] | None:
    """Return what changes when a file is written."""
    if path is None:
        return None
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_ino, there.st_size, there.st_mtime_ns


def known_set(settings: MixedSet) -> KnownSet:
    """Return how the rows of a set are read, and what is known of its parts."""
    if settings.kind != "custom":
        return KNOWN[settings.kind]
    fields = settings.fields or {}
    return KnownSet("", UNKNOWN, tuple(fields.values()), by_fields(fields))


def open_set(settings: MixedSet, label: str) -> OpenedSet:
    """Open a file, or a dataset of the Hub.

    Raises
    ------
    InputError
        When it is not there or cannot be read; reading the rows raises it for a damaged file.
    BuildError
        When the Hub cannot be reached.
    """
    known = known_set(settings)
    if settings.path is not None:
        table = open_file(settings.path, label)
        state = FileRecord.of(settings.path.resolve()).sha256
        return OpenedSet(label, known.source or table.stem, state, table.rows, settings.path)
    hub = settings.hub or known.hub
    return _open_hub(settings, known, hub, label, settings.split)


def open_build(folder: Path, label: str) -> OpenedSet:
    """Open the pairs of a finished build.

    Raises
    ------
    InputError
        When the folder holds no finished build, or its tables are damaged.
    """
    results = Results(folder)
    manifest = results.finished()
    if manifest is None:
        raise InputError(
            f"{label}.path, {folder}, holds no finished build, or a damaged one: run `kpmath build` to its end, then mix again."
        )
    tables = [name for name in results.tables(manifest) if name.startswith(_PAIRS)]
    digests = [manifest["files"][f"dataset/{name}"] for name in sorted(tables)]
    state = hashlib.sha256(repr(digests).encode()).hexdigest()
    name = json.loads((results.dataset / PROVENANCE / "build.json").read_bytes())["name"]
    rows = _pairs([results.dataset / table for table in sorted(tables)])
    return OpenedSet(label, name, state, rows, results.manifest)


def _pairs(tables: list[Path]) -> Iterator[Row]:
    number = 0
    for table in tables:
        with pq.ParquetFile(table) as file:
            for batch in file.iter_batches(1_000, columns=["id", "question", "solution", "answer"]):
                for columns in batch.to_pylist():
                    yield Row(f"row {columns['id']}", str(number), columns)
                    number += 1


def _open_hub(settings: MixedSet, known: KnownSet, hub: str, label: str, split: str) -> OpenedSet:
    folder = Path(hub)
    if folder.is_dir():
        digest = hashlib.sha256("".join(FileRecord.of(file).sha256 for file in plain_files(folder)).encode())
        state, revision = digest.hexdigest(), None
    else:
        revision = _commit(hub, settings.revision, label)
        state = f"{hub}@{revision}"
    configs = (settings.hub_config,) if settings.hub_config else _configs(known, hub)
    return OpenedSet(
        label,
        known.source or hub,
        state,
        _stream(hub, configs, known, split=split, revision=revision, label=label),
    )


def _configs(known: KnownSet, hub: str) -> tuple[str | None, ...]:
    if hub != known.hub:
        return (None,)
    return MATH_CONFIGS if known.source == "hendrycks/math" else (known.hub_config,)


def _commit(hub: str, revision: str | None, label: str) -> str:
    """Return the commit that is read, so that the rows cannot change while they are."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        sha = HfApi().dataset_info(hub, revision=revision).sha
    except HFValidationError:
        raise InputError(
            f"{label}.hub is {hub!r}: write it as owner/name, or give a file as {label}.path."
        ) from None
    except HfHubHTTPError as error:
        if error.response is not None and error.response.status_code >= 500:
            raise BuildError(
                f"The Hub cannot be reached for {hub} ({_first(error)}): run it again later."
            ) from None
        raise InputError(
            f"The Hub does not show {hub} ({_first(error)}): correct {label}.hub or {label}.revision, log in with `hf auth login`, or "
            f"give a file as {label}.path."
        ) from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in {"httpx", "httpx2", "requests"} and not isinstance(
            error, OSError
        ):
            raise
        raise BuildError(
            f"The Hub cannot be reached for {hub} ({_first(error)}): run it again later, or give a file as {label}.path."
        ) from None
    return str(sha)


def _stream(
    hub: str,
    configs: tuple[str | None, ...],
    known: KnownSet,
    *,
    split: str,
    revision: str | None,
    label: str,
) -> Iterator[Row]:
    import datasets  # seconds to import, and only these sets need it

    files = known.data_files.format(split=split) if known.data_files and hub == known.hub else None
    of_split = {"data_files": {split: files}} if files else {}
    for config in configs:
        try:
            rows: IterableDataset = datasets.load_dataset(
                hub, config, split=split, revision=revision, streaming=True, **of_split
            )
            for number, columns in enumerate(rows):
                place = f"row {number + 1}" + (f" of {config}" if len(configs) > 1 else "")
                yield Row(place, f"{config}/{number}" if len(configs) > 1 else str(number), columns)
        except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
            raise InputError(
                f"{hub} could not be read from the Hub ({_first(error)}): correct {label}.hub, {label}.hub_config, {label}.split or "
                f"{label}.revision, or give a file as {label}.path."
            ) from error


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160].rstrip(".:") if lines else type(error).__name__
