"""Repositories in memory, their objects on disk."""

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Commit", "Entry", "HubError", "Repo", "Store", "blob_id"]


class HubError(Exception):
    """An answer that is an error, with the code that clients look at."""

    def __init__(
        self, status: int, message: str, code: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.headers = {
            "X-Error-Message": message,
            **({"X-Error-Code": code} if code else {}),
            **(headers or {}),
        }


def now() -> str:
    """Return the time as the Hub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def blob_id(data: bytes) -> str:
    """Return git's name of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass(frozen=True)
class Entry:
    """A file in a commit; large files (LFS) have a sha256 and a pointer."""

    oid: str
    size: int
    sha256: str = ""
    pointer_size: int = 0
    xet: str = ""

    @property
    def key(self) -> str:
        """Name of the object that holds the bytes."""
        return self.sha256 or self.oid

    def as_json(self, path: str) -> dict:
        """Return the entry as listings have it."""
        item = {"type": "file", "path": path, "oid": self.oid, "size": self.size}
        if self.sha256:
            item["lfs"] = {
                "oid": self.sha256,
                "sha256": self.sha256,
                "size": self.size,
                "pointerSize": self.pointer_size,
            }
        if self.xet:
            item["xetHash"] = self.xet
        return item


@dataclass(frozen=True)
class Commit:
    """A state of all files."""

    tree: dict[str, Entry]
    parent: str | None
    title: str
    message: str
    date: str


@dataclass
class Repo:
    """Commits, and the names that point at them."""

    kind: str
    name: str
    private: bool
    created: str = field(default_factory=now)
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pulls: dict[str, str] = field(default_factory=dict)

    def resolve(self, revision: str) -> str:
        """Return the commit that a branch, tag, pull request or (short) hash means."""
        for names, prefix in ((self.branches, "refs/heads/"), (self.tags, "refs/tags/"), (self.pulls, "")):
            for name in (revision, revision.removeprefix(prefix)):
                if name in names:
                    return names[name]
        hits = [sha for sha in self.commits if len(revision) >= 7 and sha.startswith(revision)]
        if len(hits) == 1:
            return hits[0]
        raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def tree(self, revision: str) -> dict[str, Entry]:
        """Return the files of a revision."""
        return self.commits[self.resolve(revision)].tree

    def commit(self, tree: dict[str, Entry], parent: str | None, title: str, message: str = "") -> str:
        """Add a commit and return its hash; moving a branch to it is the caller's."""
        told = json.dumps([sorted(tree), parent, title, time.time_ns()]).encode()
        sha = hashlib.sha1(told).hexdigest()
        self.commits[sha] = Commit(tree, parent, title, message, now())
        return sha


class Store:
    """All repositories and objects."""

    def __init__(self, root: Path) -> None:
        self.objects = root / "objects"
        self.objects.mkdir(parents=True, exist_ok=True)
        self.repos: dict[tuple[str, str], Repo] = {}
        self.lock = threading.RLock()

    def repo(self, kind: str, name: str) -> Repo:
        """Return a repository, or raise the Hub's 404."""
        try:
            return self.repos[kind, name]
        except KeyError:
            raise HubError(404, "Repository not found", "RepoNotFound") from None

    def put(self, data: bytes) -> Entry:
        """Store a small file."""
        entry = Entry(blob_id(data), len(data))
        (self.objects / entry.oid).write_bytes(data)
        return entry

    def read(self, entry: Entry) -> bytes:
        """Return the bytes of a file."""
        return (self.objects / entry.key).read_bytes()
