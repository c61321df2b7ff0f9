"""One version of a dataset as it will stand on the Hub: every file by its path, with hashes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from kpmath_builder.dataset.address import DatasetAddress, addressed
from kpmath_builder.dataset.provenance import PROVENANCE
from kpmath_builder.dataset.schemas import ALL_CONFIGS, CONFIGS, PLUS
from kpmath_builder.errors import InputError
from kpmath_builder.files.sealed import FileRecord
from kpmath_builder.folder.paths import MIX_RECIPE
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.publishing.remote import RemoteFile
from kpmath_builder.publishing.versions import Version

__all__ = ["CHECKSUMS", "MANIFEST", "RELEASE", "File", "Release", "managed"]

CHECKSUMS = f"{PROVENANCE}/checksums.txt"
RELEASE = f"{PROVENANCE}/release.json"
MANIFEST = f"{PROVENANCE}/manifest.json"
_FOLDERS = ("data", "figures", PROVENANCE)


@dataclass(frozen=True)
class File:
    """A file of a release: where its bytes are."""

    content: Path | bytes = field(repr=False)
    record: FileRecord | None = None
    """Of a file that was read and compared before: it is not read again for its digest."""

    @cached_property
    def sha256(self) -> str:
        """Hash of the content."""
        if self.record is not None:
            return self.record.sha256
        if isinstance(self.content, bytes):
            return hashlib.sha256(self.content).hexdigest()
        with self.content.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    @property
    def data(self) -> bytes:
        """The bytes."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()

    def is_at(self, remote: RemoteFile | None) -> bool:
        """Whether a file on the Hub has this content."""
        if remote is None or remote.size != self.size:
            return False
        return remote.sha256 == self.sha256 if remote.sha256 else remote.blob == self._blob

    @property
    def _blob(self) -> str:
        """Git's name of the content."""
        head = b"blob %d\0" % self.size
        return hashlib.sha1(head + self.data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Release:
    """A build under a version and in a repository."""

    repo: str
    version: Version
    build: Mapping[str, Any]
    """Name, fingerprint and tables (provenance/build.json)."""
    files: Mapping[str, File]

    @classmethod
    def of(cls, folder: Path, repo: str, version: Version) -> "Release":
        """Return what a build folder becomes: the files that its manifest lists, and no others.

        Raises
        ------
        InputError
            When it is not the folder of a finished build, or something else lies below `dataset/`.
        DamagedError
            When a file is not the one that the build wrote.
        """
        workspace = Workspace(folder)
        if not (workspace.recipe.exists() or workspace.manifest.exists() or (folder / MIX_RECIPE).exists()):
            raise InputError(workspace.no_build())
        manifest = workspace.read_manifest()
        if manifest is None:
            raise InputError(
                f"{folder} holds no finished build: run `kpmath build` to its end, then publish."
            )
        workspace.check_tables()
        for path in workspace.foreign():
            raise InputError(
                f"{path} was not written by the build, and nothing else is published: remove it, then publish."
            )
        files = {
            name: File(workspace.dataset / name, FileRecord(*manifest["files"][f"dataset/{name}"]))
            for name in sorted(workspace.tables(manifest))
        }
        build = json.loads(files[f"{PROVENANCE}/build.json"].data)
        address = DatasetAddress(build["name"], build["fingerprint"], repo, str(version))
        card = addressed(files["README.md"].data.decode(), address)
        files["README.md"] = File(card.encode())
        files[MANIFEST] = File(workspace.manifest)
        files[RELEASE] = File(_release_file(address))
        files[CHECKSUMS] = File(_checksums(files))
        return cls(repo, version, build, files)

    @property
    def card(self) -> str:
        """README.md."""
        return self.files["README.md"].data.decode()

    @property
    def configs(self) -> tuple[str, ...]:
        """The configs: those of a build, and `plus` if it is a mix."""
        return ALL_CONFIGS if PLUS in self.build["tables"] else CONFIGS

    def tables(self, config: str) -> dict[str, Path]:
        """Return the Parquet files of a config by their paths."""
        return {
            path: file.content
            for path, file in self.files.items()
            if path.startswith(f"data/{config}/") and isinstance(file.content, Path)
        }


def managed(path: str, repo: str) -> bool:
    """Whether a path on the Hub belongs to the release: what is there and not in the release is stale."""
    script = f"{repo.partition('/')[2]}.py"
    return path in {"README.md", script} or path.startswith(tuple(f"{folder}/" for folder in _FOLDERS))


def _release_file(address: DatasetAddress) -> bytes:
    told = {
        "name": address.name,
        "version": address.version,
        "fingerprint": address.fingerprint,
        "kpmath-builder": installed("kpmath-builder"),
    }
    return (json.dumps(told, indent=1) + "\n").encode()


def _checksums(files: Mapping[str, File]) -> bytes:
    """Return what `sha256sum --check` reads."""
    return "".join(f"{file.sha256}  {path}\n" for path, file in sorted(files.items())).encode()
