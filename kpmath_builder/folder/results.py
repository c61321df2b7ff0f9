"""What leaves a build folder: the manifest, the tables that it vouches for, and whether they are still what was written."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kpmath_builder.files.sealed import DamagedError, read_object, write_object
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.paths import Paths
from kpmath_builder.folder.proved import Proved, foreign_files, plain_files
from kpmath_builder.folder.shards import shard_header

__all__ = ["KNOWLEDGE_FILES", "Results"]

KNOWLEDGE_FILES = ("seeds.jsonl", "extractions.jsonl", "practices.jsonl", "tcpm.npz", "topics.json")


class Results(Paths):
    """The manifest and the tables of a build folder; parameters as for `Paths`."""

    def __init__(self, folder: Path, responses: Path | None = None) -> None:
        super().__init__(folder, responses)
        self._proved = Proved()

    def finished(self, spec: BuildSpec | None = None, *, quick: bool = False) -> dict[str, Any] | None:
        """Return the manifest, or None while the build is not complete, complete for another build spec, or damaged.

        `quick` compares the lengths of the files alone.
        """
        with suppress(DamagedError):
            manifest = self.read_manifest()
            if manifest is None or (spec is not None and manifest["build_spec"] != spec.fingerprint):
                return None
            if next(self._unlike(manifest, quick=quick), None) is None:
                return manifest
        return None

    def read_manifest(self) -> dict[str, Any] | None:
        """Return the manifest, whatever the files are that it names; None without it, or `DamagedError`."""
        return read_object(self.manifest)

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Declare the build complete."""
        made = [*plain_files(self.dataset), *(self.knowledge / name for name in KNOWLEDGE_FILES)]
        files = {path.relative_to(self.folder).as_posix(): self._proved.record(path) for path in made}
        write_object(self.manifest, {**manifest, "files": files})

    def damaged_results(self, *, quick: bool = False) -> Iterator[DamagedError]:
        """Yield what is damaged of the manifest and the files that it names; `quick` compares their lengths alone."""
        try:
            manifest = self.read_manifest()
        except DamagedError as damaged:
            yield damaged
            return
        if manifest is not None:
            yield from self._unlike(manifest, quick=quick)

    def _unlike(self, manifest: Mapping[str, Any], *, quick: bool) -> Iterator[DamagedError]:
        """Yield where the folder is not what the manifest says: other files, or tables of other candidates."""
        yield from self._proved.damaged(self.folder, manifest["files"], quick=quick)
        for number, digest in enumerate(manifest.get("candidates", ())):
            header = shard_header(self.shard(number))
            if header is not None and header["digest"] != digest:
                yield DamagedError(self.manifest, f"its tables were made of another shard {number}")

    def digests(self, shards: int) -> list[str]:
        """Return the digests of the candidates in sealed shards, as their headers give them."""
        headers = (shard_header(self.shard(number)) for number in range(shards))
        return [header["digest"] if header else "" for header in headers]

    def check_tables(self) -> None:
        """Raise `DamagedError` if one of the tables is not what the build wrote."""
        for damaged in self.damaged_results():
            raise damaged

    def tables(self, manifest: Mapping[str, Any]) -> list[str]:
        """Return the paths below `dataset/` that the build wrote, as its manifest lists them."""
        return [name.removeprefix("dataset/") for name in manifest["files"] if name.startswith("dataset/")]

    def foreign(self) -> Iterator[Path]:
        """Yield what lies below `dataset/` of a finished build and was not written by it, links among it."""
        with suppress(DamagedError):
            manifest = self.read_manifest()
            if manifest:
                yield from foreign_files(self.dataset, self.tables(manifest))
