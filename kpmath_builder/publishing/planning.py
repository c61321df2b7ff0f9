"""What a release would change on the Hub: looked at anew before each attempt, because others publish too."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.publishing.difference import Difference, compare_tables
from kpmath_builder.publishing.release import RELEASE, File, Release, managed
from kpmath_builder.publishing.remote import Remote
from kpmath_builder.publishing.versions import Version, check_step
from kpmath_builder.schemas import CONFIGS

__all__ = ["Plan", "Planner"]


@dataclass(frozen=True)
class Plan:
    """What is to change on the Hub."""

    head: str | None
    """Commit that the plan was made on; None where there is no repository yet."""
    previous: Version | None
    """The last published version."""
    difference: Difference
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
    """Compares a release with its repository; `scratch` is a folder for what must be downloaded for that."""

    def __init__(self, remote: Remote, release: Release, scratch: Path) -> None:
        self._remote = remote
        self._release = release
        self._scratch = scratch

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
        told = self._remote.download(RELEASE, head, self._scratch / head)
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

    def _difference(self, commit: str | None) -> Difference:
        """Compare the tables with those of a commit; files that are equal on both sides are not looked into."""
        there = self._remote.files(commit) if commit else {}
        configs = {}
        for config in CONFIGS:
            new = self._release.tables(config)
            hashes = {self._release.files[path].sha256 for path in new}
            old = {path: file.sha256 for path, file in there.items() if path.startswith(f"data/{config}/")}
            fetched = [
                self._remote.download(path, commit, self._scratch / commit)
                for path in sorted(old)
                if commit and old[path] not in hashes
            ]
            changed = [
                file
                for path, file in sorted(new.items())
                if self._release.files[path].sha256 not in old.values()
            ]
            configs[config] = compare_tables([file for file in fetched if file], changed)
        return Difference(configs)
