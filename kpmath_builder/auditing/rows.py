"""The candidates of a folder, finished or not, one by one in one form."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kpmath_builder.auditing.check import AuditedRow
from kpmath_builder.dataset.rows import scored_row
from kpmath_builder.dataset.schemas import ALL_CONFIGS, PLUS
from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.folder.shards import read_candidates, shard_header
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.records import Candidate, Stage

__all__ = ["Candidates", "sealed_shards", "tables_of"]

_AT_ONCE = 256
_COLUMNS = (
    "id",
    "status",
    "question",
    "key_points",
    "judge_answer",
    "solutions",
    "consensus_winner",
    "consensus_share",
)
_OF_PLUS = ("id", "question", "solution", "answer")


class Candidates:
    """Reads all candidates, as often as it is asked to: from the table `scored`, or from the shards of an unfinished build.

    Parameters
    ----------
    workspace
        The folder.
    sources
        A seed problem's id to its set; empty if the knowledge is damaged.
    finished
        Whether there are tables to read; else the shards that are there count, and an agreed question as published.
    """

    def __init__(self, workspace: Workspace, sources: Mapping[str, str], *, finished: bool) -> None:
        self.unreadable: dict[str, str] = {}
        """Files that could not be read to their end, and why."""
        self._workspace, self._sources, self._finished = workspace, sources, finished

    def __call__(self) -> Iterator[AuditedRow]:
        """Yield each candidate."""
        return self._from_table() if self._finished else self._from_shards()

    def of_mix(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the rows of `plus` with those of the columns that they have; none where nothing was mixed."""
        for path in tables_of(self._workspace.dataset)[PLUS]:
            yield from self._rows(path, columns, needed=_OF_PLUS)

    def _from_table(self) -> Iterator[AuditedRow]:
        for path in tables_of(self._workspace.dataset)["scored"]:
            for row in self._rows(path, _COLUMNS, needed=_COLUMNS):
                yield AuditedRow(row, row["status"] == "kept")

    def _rows(self, path: Path, columns: Sequence[str], needed: Sequence[str]) -> Iterator[dict[str, Any]]:
        name = f"{path.parent.name}/{path.name}"
        try:
            with pq.ParquetFile(path) as file:
                if lacking := sorted(set(needed) - set(file.schema_arrow.names)):
                    self.unreadable[name] = f"it has no column {', '.join(lacking)}"
                    return
                for batch in file.iter_batches(batch_size=_AT_ONCE, columns=list(columns)):
                    yield from batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            self.unreadable[name] = " ".join(str(error).split())[:120]

    def _from_shards(self) -> Iterator[AuditedRow]:
        for path in self._shards():
            candidates = read_candidates([path]) if path.suffix == ".jsonl" else _unsealed(path)
            try:
                for candidate in candidates:
                    yield self._row(candidate)
            except DamagedError as damaged:
                self.unreadable[path.name] = damaged.why

    def _shards(self) -> list[Path]:
        folder = self._workspace.candidates
        return sorted(chain(folder.glob("shard-*.jsonl"), folder.glob("shard-*.part")))

    def _row(self, candidate: Candidate) -> AuditedRow:
        sources = {part.seed_id: self._sources.get(part.seed_id, "") for part in candidate.blueprint.parts}
        return AuditedRow(
            scored_row(candidate, sources=sources), candidate.stage in {Stage.AGREED, Stage.KEPT}
        )


def tables_of(dataset: Path) -> dict[str, list[Path]]:
    """Return the Parquet files of each config, in order; links are none."""
    found = {config: sorted((dataset / "data" / config).glob("*.parquet")) for config in ALL_CONFIGS}
    return {
        config: [path for path in paths if path.is_file() and not path.is_symlink()]
        for config, paths in found.items()
    }


def sealed_shards(workspace: Workspace, shards: int) -> list[int]:
    """Return the numbers of the shards whose header proves itself."""
    return [number for number in range(shards) if shard_header(workspace.shard(number)) is not None]


def _unsealed(part: Path) -> Iterator[Candidate]:
    try:
        with part.open("rb") as lines:  # its last line may be half written
            for line in lines:
                yield Candidate.model_validate_json(line)
    except (OSError, ValueError):
        return
