"""Candidates on disk, a shard at a time: written as they come, sealed in the order of their numbers."""

import json
from array import array
from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from typing import Any

from kpmath_builder.files.durable import staged_file
from kpmath_builder.funnel import Funnel
from kpmath_builder.records import Candidate

__all__ = ["ShardWriter", "read_candidates", "shard_header", "shard_indexes"]


def shard_indexes(shard: int, shards: int, questions: int) -> range:
    """Return the numbers of a shard's blueprints: every `shards`-th, so that more questions move none to another shard."""
    return range(shard, questions, shards)


class ShardWriter:
    """Collects the candidates of one shard in the order of arrival; `seal` makes the shard of them.

    In memory it holds 24 bytes a candidate.
    """

    def __init__(self, path: Path, header: dict[str, Any], expected: int) -> None:
        self.funnel = Funnel()
        self._path = path
        self._header = header
        self._expected = expected
        self._places = array("q")
        self._part = path.with_suffix(".part")
        self._file = self._part.open("w+b")

    def add(self, candidate: Candidate) -> None:
        """Write one candidate."""
        self.funnel.add(candidate)
        line = candidate.model_dump_json().encode() + b"\n"
        self._places.extend((candidate.blueprint.index, self._file.tell(), len(line)))
        self._file.write(line)

    @property
    def complete(self) -> bool:
        """Whether all expected candidates are there."""
        return len(self._places) == 3 * self._expected

    def seal(self) -> None:
        """Sort the candidates by number into the shard's file, atomically, behind a header line."""
        self._part.unlink()  # open still; a kill from here on leaves no second copy of the shard
        places = sorted(zip(self._places[0::3], self._places[1::3], self._places[2::3], strict=True))
        header = {**self._header, "rows": len(places), "funnel": self.funnel.as_json()}
        with staged_file(self._path) as staged, staged.open("wb") as out:
            out.write(json.dumps(header, ensure_ascii=False).encode() + b"\n")
            for _, offset, length in places:
                self._file.seek(offset)
                out.write(self._file.read(length))
        self.discard()

    def discard(self) -> None:
        """Close and remove the unsealed file."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def shard_header(path: Path) -> dict[str, Any] | None:
    """Return the header of a sealed shard, or None if there is none."""
    try:
        with path.open("rb") as lines:
            header: dict[str, Any] = json.loads(lines.readline())
            return header
    except (FileNotFoundError, ValueError):
        return None


def read_candidates(paths: list[Path]) -> Iterator[Candidate]:
    """Yield the candidates of sealed shards in the order of their numbers."""
    return merge(*map(_read, paths), key=lambda candidate: candidate.blueprint.index)


def _read(path: Path) -> Iterator[Candidate]:
    with path.open("rb") as lines:
        next(lines)
        for line in lines:
            yield Candidate.model_validate_json(line)
