"""What was learnt from the seeds, in memory and in the build folder's `knowledge/`."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from kpmath_builder.errors import InputError
from kpmath_builder.files.durable import staged_file
from kpmath_builder.files.sealed import DamagedError, read_lines, read_object, write_lines, write_object
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.cooccurrence import Tcpm
from kpmath_builder.knowledge.topics import TopicClusters, build_practices
from kpmath_builder.records import Extraction, Practice, SeedProblem

__all__ = ["Knowledge"]

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Knowledge:
    """Seeds, what was extracted from them, and how topics were clustered; practices and TCPM follow from these."""

    seeds: Sequence[SeedProblem]
    extractions: Sequence[Extraction]
    clusters: TopicClusters

    @cached_property
    def practices(self) -> list[Practice]:
        """The annotated seed set (MPKP), sorted by seed id."""
        return build_practices(self.seeds, self.extractions, self.clusters)

    @cached_property
    def tcpm(self) -> Tcpm:
        """The topic-level co-occurrence probability matrix."""
        return Tcpm.from_practices(self.practices)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that blueprints are drawn from."""
        text = "\n".join(practice.model_dump_json() for practice in self.practices)
        return hashlib.sha256(text.encode()).hexdigest()

    def save(self, folder: Path) -> None:
        """Write the folder; what it holds counts once `Workspace.learnt` has noted it."""
        _write_lines(folder / "seeds.jsonl", self.seeds)
        _write_lines(folder / "extractions.jsonl", self.extractions)
        _write_lines(folder / "practices.jsonl", self.practices)
        with staged_file(folder / "tcpm.npz") as staged, staged.open("wb") as out:
            self.tcpm.save(out)
        write_object(folder / "topics.json", self.clusters.model_dump(mode="json"))

    @classmethod
    def load_if_whole(cls, workspace: Workspace) -> "Knowledge | None":
        """Read what `save` wrote, for a look; None where there is none, or it is damaged: `verify` names that, `build` mends it."""
        with suppress(DamagedError):
            return cls.load(workspace)
        return None

    @classmethod
    def load(cls, workspace: Workspace) -> "Knowledge | None":
        """Read what `save` wrote, or return None where there is none; raises `DamagedError` if it does not prove itself."""
        told = workspace.learnt_from()
        if told is None:
            return None
        folder = workspace.knowledge
        known = cls(
            seeds=_read_lines(folder / "seeds.jsonl", SeedProblem),
            extractions=_read_lines(folder / "extractions.jsonl", Extraction),
            clusters=_read_clusters(folder / "topics.json"),
        )
        if known.fingerprint != told["draw"]:
            raise DamagedError(workspace.origin, "it belongs to other knowledge")
        return known

    @classmethod
    def existing(cls, workspace: Workspace) -> "Knowledge":
        """Return the knowledge; raises `InputError` where there is none, and `DamagedError` as `load` does."""
        known = cls.load(workspace)
        if known is None:
            raise InputError(f"{workspace.folder} holds no knowledge yet: run `kpmath build` first.")
        return known


def _write_lines(path: Path, records: Sequence[BaseModel]) -> None:
    write_lines(path, {}, (record.model_dump_json().encode() + b"\n" for record in records))


def _read_lines(path: Path, kind: type[T]) -> list[T]:
    try:
        return [kind.model_validate_json(line) for line in read_lines(path)]
    except ValidationError:
        raise DamagedError(path, f"one of its lines is no {kind.__name__}") from None


def _read_clusters(path: Path) -> TopicClusters:
    stored = read_object(path)
    try:
        return TopicClusters.model_validate(stored)
    except ValidationError:
        raise DamagedError(path, "it holds no topics") from None
