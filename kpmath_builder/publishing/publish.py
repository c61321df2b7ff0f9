"""`kpmath publish`: a build becomes one commit and one tag on the Hub, or nothing.

Each attempt looks at the repository anew and does what is left to do, so the same call finishes what an earlier one began:
validate → compare → commit on the head that was looked at → read back → tag → branch `script`. So a tag only ever names
what came back whole.
"""

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kpmath_builder.auditing.audit import audit
from kpmath_builder.auditing.report import Severity
from kpmath_builder.dataset.script import script_text
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.files.scratch import scratch
from kpmath_builder.publishing.checking import revision_problems
from kpmath_builder.publishing.planning import Plan, Planner
from kpmath_builder.publishing.release import File, Release
from kpmath_builder.publishing.remote import Commit, MovedError, Remote, UnavailableError
from kpmath_builder.publishing.validation import release_problems
from kpmath_builder.publishing.versions import Version

__all__ = ["Published", "publish"]

SCRIPT_BRANCH = "script"
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds between attempts."""


@dataclass(frozen=True)
class Published:
    """What `publish` did."""

    repo: str
    version: Version
    plan: Plan
    commit: str | None
    """Commit of the version; None for a dry run."""
    unchanged: bool = False
    """Whether the version was there already, whole."""
    pull_request: str = ""
    """Address of the pull request that was opened."""
    open_pull_requests: tuple[str, ...] = ()
    """Addresses of pull requests that are open, and are no part of the version."""

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        return {
            "repo": self.repo,
            "version": str(self.version),
            "commit": self.commit,
            "unchanged": self.unchanged,
            "pull_request": self.pull_request,
            "open_pull_requests": list(self.open_pull_requests),
            "plan": self.plan.as_json(),
        }

    def lines(self) -> list[str]:
        """Return what was done in words."""
        name = f"{self.repo} {self.version}"
        if self.commit is None:
            return [*self.plan.lines(), "Nothing was changed: this was a dry run."]
        if self.pull_request:
            return [f"{name} is proposed in {self.pull_request}: after its merge publish again without --pr."]
        if self.unchanged:
            return [f"{name} was there already, and every file of it is as it should be."]
        load = f'load_dataset("{self.repo}", revision="{self.version.tag}")'
        return [f"{name} is published and was read back whole.", f"Load it with: {load}"]


def publish(
    folder: Path | str,
    repo: str,
    version: str,
    *,
    dry_run: bool = False,
    pull_request: bool = False,
    private: bool = False,
    allow_critical: bool = False,
    endpoint: str | None = None,
    token: str | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Published:
    """Publish a build folder as a version: one commit with all configs, card and provenance, then the tag.

    Parameters
    ----------
    folder
        The folder of a finished build.
    repo
        `owner/name` on the Hub; made where it is not there.
    version
        Three numbers. Columns that change raise the first, rows the second, the card alone the third.
    dry_run
        Validate and compare, change nothing.
    pull_request
        Open a pull request instead of a commit on `main`; after its merge the same call without this tags it.
    private
        Make a new repository private.
    allow_critical
        Publish although an audit of the folder (docs/audit.md, without the response logs) has findings of the highest severity.
    endpoint, token
        Address of the Hub and token; the usual ones where not given.
    note
        Called with sentences on the progress.

    Raises
    ------
    InputError
        Where the build does not pass validation, its audit has critical findings, the version does not fit, or its tag has another content.
    BuildError
        Where the Hub stays away; the repository is whole, and the same call goes on.
    """
    wanted = Version.parse(version)
    remote = Remote(repo, endpoint=endpoint, token=token)
    release = Release.of(Path(folder), repo, wanted)
    if problems := release_problems(release, Path(folder)):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise InputError(f"This build cannot be published: {problems[0]}{more}. Correct it and build again.")
    _check_audit(Path(folder), allow_critical=allow_critical, note=note)
    with scratch(Path(folder)) as downloads:
        publisher = _Publisher(remote, release, downloads, note)
        published = _persist(
            publisher.look if dry_run else lambda: publisher.run(private=private, pull_request=pull_request),
            note,
        )
    others = [address for address in remote.open_pull_requests() if address != published.pull_request]
    for address in others:
        note(f"{address} is an open pull request, and no part of this version: merge or close it.")
    return replace(published, open_pull_requests=tuple(others))


def _check_audit(folder: Path, *, allow_critical: bool, note: Callable[[str], None]) -> None:
    """Raise `InputError` if the audit has findings of the highest severity, or note them if they are allowed."""
    found = audit(folder, responses=False).at_least(Severity.CRITICAL)
    if not found:
        return
    names = ", ".join(dict.fromkeys(finding.id for finding in found))
    if not allow_critical:
        raise InputError(
            f"This build is not published, because its audit has critical findings ({names}): {found[0].sentence} Look at all of them with "
            f"`kpmath audit {shlex.quote(str(folder))}`; if you have read them and mean it, publish with --allow-critical."
        )
    note(f"Published with critical findings of the audit, as you said: {names}.")


def _persist(attempt: Callable[[], Published], note: Callable[[str], None]) -> Published:
    """Try until it succeeds, from the beginning each time, because what failed may have happened."""
    for pause in (*PAUSES, None):
        try:
            return attempt()
        except (MovedError, UnavailableError) as error:
            if pause is None:
                raise BuildError(
                    f"The Hub stays unavailable ({error}). Nothing is half published: run the same command again later."
                ) from None
            wait = max(pause, getattr(error, "wait", 0.0))
            note(f"{error}: looking again in {wait:g} s")
            time.sleep(wait)
    raise AssertionError("the loop returns or raises")


class _Publisher:
    def __init__(
        self, remote: Remote, release: Release, downloads: Path, note: Callable[[str], None]
    ) -> None:
        self._remote = remote
        self._release = release
        self._downloads = downloads
        self._planner = Planner(remote, release, downloads)
        self._note = note

    def look(self) -> Published:
        """Plan, and change nothing."""
        plan = self._planner.plan()
        return Published(
            self._remote.repo, self._release.version, plan, commit=None, unchanged=not plan.commits
        )

    def run(self, *, private: bool, pull_request: bool) -> Published:
        """Do what is left to do."""
        version = self._release.version
        plan = self._planner.plan()
        if plan.head is None:
            self._remote.create(private=private)
            plan = self._planner.plan()
        for line in plan.lines():
            self._note(line)
        assert plan.head is not None
        if pull_request and plan.commits:
            made = self._commit(plan.head, plan.additions, plan.deletions, pull_request=True)
            self._read_back(made.sha)
            return Published(self._remote.repo, version, plan, made.sha, pull_request=made.pull_request)
        commit = plan.tagged or plan.head
        if plan.commits:
            commit = self._commit(plan.head, plan.additions, plan.deletions).sha
        self._read_back(commit)
        if plan.tagged is None:
            self._remote.tag(version.tag, commit)
        scripted = plan.newest and self._script(commit)
        unchanged = not plan.commits and plan.tagged is not None and not scripted
        return Published(self._remote.repo, version, plan, commit, unchanged=unchanged)

    def _commit(
        self,
        parent: str,
        additions: Mapping[str, File],
        deletions: tuple[str, ...],
        *,
        branch: str = "main",
        pull_request: bool = False,
    ) -> Commit:
        build = self._release.build
        made = self._remote.commit(
            f"{build['name']} {self._release.version}",
            parent,
            additions={path: file.content for path, file in additions.items()},
            deletions=deletions,
            branch=branch,
            pull_request=pull_request,
            description=f"build {build['fingerprint']}",
        )
        self._note(f"committed {made.sha[:10]} on {made.revision or branch}")
        return made

    def _read_back(self, commit: str) -> None:
        problems = list(revision_problems(self._remote, commit, self._release.version, self._downloads))
        if problems:
            raise BuildError(
                f"What came back from the Hub is not what was published: {problems[0]}. Run the same command again."
            )

    def _script(self, commit: str) -> bool:
        """Bring the branch with the loading script, for `datasets` before 4, to this version; return whether it moved."""
        name = f"{self._remote.repo.partition('/')[2]}.py"
        script = {name: File(script_text().encode())}
        head = self._remote.head(SCRIPT_BRANCH)
        if head is None:
            self._remote.branch(SCRIPT_BRANCH, commit)
            head = commit
        additions, deletions = self._planner.changes(head, script)
        if additions or deletions:
            self._commit(head, additions, deletions, branch=SCRIPT_BRANCH)
        return bool(additions or deletions)
