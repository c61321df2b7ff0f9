"""What was learnt from the seeds, in memory and in the build folder's `knowledge/`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from kpmath_builder.files.durable import staged_file, write_atomically
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
        """Write the folder; topics.json comes last, so that its presence means complete."""
        _write_lines(folder / "seeds.jsonl", self.seeds)
        _write_lines(folder / "extractions.jsonl", self.extractions)
        _write_lines(folder / "practices.jsonl", self.practices)
        with staged_file(folder / "tcpm.npz") as staged, staged.open("wb") as out:
            self.tcpm.save(out)
        write_atomically(folder / "topics.json", self.clusters.to_json().encode())

    @staticmethod
    def is_saved(folder: Path) -> bool:
        """Whether `save` came to its end."""
        return (folder / "topics.json").is_file()

    @classmethod
    def load(cls, folder: Path) -> "Knowledge | None":
        """Read what `save` wrote, or return None where that is not complete."""
        if not cls.is_saved(folder):
            return None
        return cls(
            seeds=_read_lines(folder / "seeds.jsonl", SeedProblem),
            extractions=_read_lines(folder / "extractions.jsonl", Extraction),
            clusters=TopicClusters.from_json((folder / "topics.json").read_text(encoding="utf-8")),
        )


def _write_lines(path: Path, records: Sequence[BaseModel]) -> None:
    with staged_file(path) as staged, staged.open("w", encoding="utf-8") as out:
        out.writelines(record.model_dump_json() + "\n" for record in records)


def _read_lines(path: Path, kind: type[T]) -> list[T]:
    with path.open(encoding="utf-8") as lines:
        return [kind.model_validate_json(line) for line in lines]
