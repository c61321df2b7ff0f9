"""A published version against its own checksums, card and footers, from any machine."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from kpmath_builder.dataset.card_rules import card_problems
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.files.scratch import scratch
from kpmath_builder.files.sealed import DamagedError, read_object
from kpmath_builder.publishing.release import CHECKSUMS, MANIFEST, RELEASE, managed
from kpmath_builder.publishing.remote import Remote, RemoteFile, UnavailableError
from kpmath_builder.publishing.validation import rows_of
from kpmath_builder.publishing.versions import Version

__all__ = ["revision_problems", "verify_published"]


def verify_published(
    repo: str, version: str, *, endpoint: str | None = None, token: str | None = None
) -> list[str]:
    """Return what is wrong with a published version, a sentence each; nothing: every byte is as it was published.

    Every file is downloaded afresh and hashed, one at a time.

    Parameters
    ----------
    repo
        `owner/name` on the Hub.
    version
        As published, e.g. `1.2.0`.
    endpoint, token
        Address of the Hub and token; the usual ones where not given.

    Raises
    ------
    InputError
        Where the version or the repository is not there, or cannot be read.
    BuildError
        Where the Hub cannot be reached.
    """
    wanted = Version.parse(version)
    remote = Remote(repo, endpoint=endpoint, token=token)
    try:
        commit = remote.head(wanted.tag)
        if commit is None:
            raise InputError(_not_there(remote, wanted))
        with scratch() as downloads:
            return list(revision_problems(remote, commit, wanted, downloads))
    except UnavailableError as error:
        raise BuildError(f"The Hub cannot be reached ({error}): try again later.") from None


def _not_there(remote: Remote, wanted: Version) -> str:
    if remote.head() is None:
        return f"The Hub shows no dataset {remote.repo}: correct --repo, or give a token that may read it."
    there = sorted(version for tag in remote.tags() if (version := Version.of_tag(tag)))
    which = f"choose one of {', '.join(map(str, there))}" if there else "none was published yet"
    return f"{remote.repo} has no version {wanted} (no tag {wanted.tag}): {which}."


def _version_in(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())["version"]
    except (ValueError, KeyError, TypeError):
        return None


def _as_built(file: Path, sums: Mapping[str, str]) -> Iterator[str]:
    """Compare what was published with what the build wrote: all but the card, to which publishing adds the address."""
    try:
        manifest = read_object(file) or {}
    except DamagedError as damaged:
        yield f"{MANIFEST} is damaged: {damaged.why}"
        return
    for name, (_, sha256) in manifest.get("files", {}).items():
        path = name.removeprefix("dataset/")
        if path not in {name, "README.md"} and sums.get(path) != sha256:
            yield f"{path} is not what the build wrote"


def revision_problems(remote: Remote, commit: str, version: Version, downloads: Path) -> Iterator[str]:
    """Yield what is wrong with a commit that should be a version; `downloads` is a folder for one file at a time."""
    files = {path: file for path, file in remote.files(commit).items() if managed(path, remote.repo)}
    folder = downloads / "back" / commit
    told = remote.download(CHECKSUMS, commit, folder)
    if told is None:
        yield f"{CHECKSUMS} is missing"
        return
    lines = told.read_text(encoding="utf-8", errors="replace").splitlines()
    told.unlink()
    if not all(re.fullmatch(r"[0-9a-f]{64}  [^/].*", line) for line in lines):
        yield f"{CHECKSUMS} does not hold checksums"
        return
    sums = dict(line.split("  ", 1)[::-1] for line in lines)
    yield from _listing(files, sums)
    yield from _contents(remote, commit, version, sums, folder)


def _listing(files: Mapping[str, RemoteFile], sums: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{path} is missing" for path in sorted(sums.keys() - files.keys()))
    yield from (
        f"{path} is not part of the version" for path in sorted(files.keys() - sums.keys() - {CHECKSUMS})
    )


def _contents(
    remote: Remote, commit: str, version: Version, sums: Mapping[str, str], folder: Path
) -> Iterator[str]:
    rows: dict[str, int | None] = {CHECKSUMS: None}
    card = ""
    for path, expected in sorted(sums.items()):
        file = remote.download(path, commit, folder)
        if file is None:
            continue
        with file.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != expected:
                yield f"{path} is not what was published"
                continue
        rows[path] = rows_of(file) if path.endswith(".parquet") else None
        if path == "README.md":
            card = file.read_text(encoding="utf-8", errors="replace")
        if path == RELEASE and _version_in(file) != str(version):
            yield f"{RELEASE} tells of another version than {version}"
        if path == MANIFEST:
            yield from _as_built(file, sums)
        file.unlink()
    yield from card_problems(card, rows)
