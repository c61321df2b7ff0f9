"""Candidates on disk, a shard at a time: written as they come, sealed in the order of their numbers."""

import os
from array import array
from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kpmath_builder.files.sealed import DamagedError, read_header, read_lines, write_lines
from kpmath_builder.funnel import Funnel
from kpmath_builder.records import Candidate, ControlQuestion, PlantedQuestion

__all__ = ["ShardWriter", "read_beside", "read_candidates", "shard_header", "shard_indexes"]


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
        self._draws = 0
        self._places = array("q")
        self._part = path.with_suffix(".part")
        self._part.unlink(missing_ok=True)  # a killed writer's, or a link that is not to be followed
        self._file = self._part.open("x+b")

    def add(self, *candidates: Candidate) -> None:
        """Write the candidates of one draw, in their order."""
        self._draws += 1
        for candidate in candidates:
            self.funnel.add(candidate)
            line = candidate.model_dump_json().encode() + b"\n"
            self._places.extend((candidate.blueprint.index, self._file.tell(), len(line)))
            self._file.write(line)
        self._file.flush()  # `kpmath status` counts what is there

    @property
    def complete(self) -> bool:
        """Whether all expected draws are there."""
        return self._draws == self._expected

    def candidates(self, below: int) -> Iterator[Candidate]:
        """Yield the candidates of numbers below `below` that are there, in their order."""
        return (_candidate(self._part, line) for line in self._lines(self._ordered(below)))

    def seal(self, below: int | None = None) -> None:
        """Sort the candidates by number into the shard's file, atomically, behind a header line.

        Those of numbers from `below` on, if it is given, are left out: nothing counts them.
        """
        self._part.unlink()  # open still; a kill from here on leaves no second copy of the shard
        if below is not None and any(index >= below for index in self._places[0::3]):
            self.funnel = Funnel()
            for candidate in self.candidates(below):
                self.funnel.add(candidate)
        header = {**self._header, "funnel": self.funnel.as_json()}
        write_lines(self._path, header, self._lines(self._ordered(below)))
        self.discard()

    def _ordered(self, below: int | None) -> list[tuple[int, int]]:
        """Return offset and length of the candidates' lines, in the order of the candidates."""
        places = sorted(zip(self._places[0::3], self._places[1::3], self._places[2::3], strict=True))
        return [(offset, length) for index, offset, length in places if below is None or index < below]

    def _lines(self, places: list[tuple[int, int]]) -> Iterator[bytes]:
        for offset, length in places:
            yield os.pread(self._file.fileno(), length, offset)

    def discard(self) -> None:
        """Close and remove the unsealed file."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def shard_header(path: Path) -> dict[str, Any] | None:
    """Return the header of a sealed shard, or None without a shard whose header and length prove themselves."""
    try:
        return read_header(path)
    except DamagedError:
        return None


def read_candidates(paths: list[Path]) -> Iterator[Candidate]:
    """Yield the candidates of sealed shards in the order of their numbers; raises `DamagedError`."""
    return merge(*map(_read, paths), key=lambda candidate: candidate.blueprint.index)


def read_beside(paths: list[Path]) -> Iterator[ControlQuestion | PlantedQuestion]:
    """Yield what was asked beside the blueprints of sealed shards, in the order of their numbers; raises `DamagedError`."""
    found = merge(*map(_read_beside, paths), key=lambda candidate: candidate.blueprint.index)
    for candidate in found:
        yield from filter(None, (candidate.control, candidate.planted))


def _read_beside(path: Path) -> Iterator[Candidate]:
    # Most lines have nothing beside them and need not be read; a quote inside a text is escaped, so no text looks like this.
    for line in read_lines(path):
        if not (b'"control":null' in line and b'"planted":null' in line):
            yield _candidate(path, line)


def _read(path: Path) -> Iterator[Candidate]:
    for line in read_lines(path):
        yield _candidate(path, line)


def _candidate(path: Path, line: bytes) -> Candidate:
    try:
        return Candidate.model_validate_json(line)
    except ValidationError:
        raise DamagedError(path, "one of its lines is no candidate") from None
