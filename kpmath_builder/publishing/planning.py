"""What a release would change on the Hub: looked at anew before each attempt, because others publish too."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpmath_builder.dataset.schemas import ALL_CONFIGS
from kpmath_builder.errors import InputError
from kpmath_builder.publishing.release import RELEASE, File, Release, managed
from kpmath_builder.publishing.remote import Remote, RemoteFile
from kpmath_builder.publishing.version_diff import ConfigDiff, VersionDiff, compare_tables
from kpmath_builder.publishing.versions import Version, check_step

__all__ = ["Plan", "Planner"]


@dataclass(frozen=True)
class Plan:
    """What is to change on the Hub."""

    head: str | None
    """Commit that the plan was made on; None where there is no repository yet."""
    previous: Version | None
    """The last published version."""
    difference: VersionDiff
    additions: Mapping[str, File] = field(default_factory=dict)
    deletions: tuple[str, ...] = ()
    tagged: str | None = None
    """Commit of this version's tag, where it is there."""
    newest: bool = True
    """Whether no higher version is there."""

    @property
    def commits(self) -> bool:
        """Whether a commit is to be made."""
        return bool(self.additions or self.deletions)

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        return {
            "head": self.head,
            "previous": None if self.previous is None else str(self.previous),
            "tagged": self.tagged,
            "newest": self.newest,
            "additions": {path: file.size for path, file in sorted(self.additions.items())},
            "deletions": list(self.deletions),
            "changes": {config: str(change) for config, change in self.difference.configs.items()},
        }

    def lines(self) -> list[str]:
        """Return the plan in words."""
        if not self.commits:
            return ["the files on the Hub are these already"]
        since = f"against {self.previous}" if self.previous else "the first version"
        told = [f"{config} ({since}): {change}" for config, change in self.difference.configs.items()]
        size = sum(file.size for file in self.additions.values()) / 1e6
        files = f"{len(self.additions)} files to write ({size:,.1f} MB, less what the Hub already has)"
        return [*told, f"{files}, {len(self.deletions)} to delete"]


class Planner:
    """Compares a release with its repository; `downloads` is a folder for one file at a time."""

    def __init__(self, remote: Remote, release: Release, downloads: Path) -> None:
        self._remote = remote
        self._release = release
        self._downloads = downloads
        self._compared: dict[tuple[str, ...], ConfigDiff] = {}

    def plan(self) -> Plan:
        """Look at the repository and compare; raises `InputError` where this version cannot follow what is there."""
        head = self._remote.head()
        if head is None:
            return Plan(None, None, self._difference(None), self._release.files)
        tags = self._remote.tags()
        tagged = tags.get(self._release.version.tag)
        additions, deletions = self.changes(tagged or head)
        if tagged and (additions or deletions):
            raise InputError(
                f"{self._remote.repo} already has a version {self._release.version} with another content, and a version never "
                "changes: publish this build under a higher one."
            )
        versions = self._versions(head, tags, pending=bool(additions or deletions))
        previous = max((version for version in versions if version), default=None)
        difference = self._difference(versions.get(previous))
        if previous and not tagged:
            check_step(previous, self._release.version, difference)
        newest = previous is None or previous < self._release.version
        return Plan(head, previous, difference, additions, deletions, tagged, newest)

    def _versions(self, head: str, tags: Mapping[str, str], *, pending: bool) -> dict[Version | None, str]:
        """Return the commits of all other versions: tagged ones, and what the head was committed as but never tagged."""
        versions: dict[Version | None, str] = {
            known: sha for tag, sha in tags.items() if (known := Version.of_tag(tag))
        }
        told = self._remote.download(RELEASE, head, self._downloads / head)
        if told is not None:
            at_head = Version.parse(json.loads(told.read_text(encoding="utf-8"))["version"])
            if at_head == self._release.version and at_head not in versions and pending:
                raise InputError(
                    f"{self._remote.repo} holds a version {at_head} of another build that was not tagged yet: publish that "
                    "build again to finish it, or publish this one under a higher version."
                )
            versions.setdefault(at_head, head)
        versions.pop(self._release.version, None)
        return versions

    def changes(
        self, revision: str, more: Mapping[str, File] | None = None
    ) -> tuple[dict[str, File], tuple[str, ...]]:
        """Return what a revision lacks, and what it has too much, of the release (and more files)."""
        here = {**self._release.files, **(more or {})}
        there = self._remote.files(revision)
        additions = {path: file for path, file in here.items() if not file.is_at(there.get(path))}
        stale = (path for path in there if path not in here and managed(path, self._remote.repo))
        return additions, tuple(sorted(stale))

    def _difference(self, commit: str | None) -> VersionDiff:
        there = self._remote.files(commit) if commit else {}
        here = set(self._release.configs).union(
            path.split("/")[1] for path in there if path.startswith("data/")
        )
        return VersionDiff(
            {config: self._config(config, commit or "", there) for config in ALL_CONFIGS if config in here}
        )

    def _config(self, config: str, commit: str, there: Mapping[str, RemoteFile]) -> ConfigDiff:
        """Compare a table with that of a commit; files that are equal on both sides are not looked into."""
        files = {path: self._release.files[path] for path in sorted(self._release.tables(config))}
        old = {path: there[path].sha256 or "" for path in sorted(there) if path.startswith(f"data/{config}/")}
        new = {file.sha256: file.content for file in files.values() if isinstance(file.content, Path)}
        key = (config, *old.values())
        if key not in self._compared:
            fetched = self._fetched([path for path in old if old[path] not in new], commit)
            changed = [path for sha256, path in new.items() if sha256 not in old.values()]
            self._compared[key] = compare_tables(fetched, changed)
        return self._compared[key]

    def _fetched(self, paths: Sequence[str], commit: str) -> Iterator[Path]:
        """Download files one by one, each gone when the next is asked for."""
        for path in paths:
            if file := self._remote.download(path, commit, self._downloads / commit):
                yield file
                file.unlink()
