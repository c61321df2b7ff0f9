"""One dataset repository on the Hub: its state, and the few calls that change it. Tokens stay inside the Hub's library."""

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile

from kpmath_builder.client.retry_after import parse_retry_after
from kpmath_builder.errors import BuildError, InputError, KpmathError

__all__ = ["Commit", "MovedError", "Remote", "RemoteFile", "UnavailableError"]

LONGEST_WAIT = 300.0
"""Seconds; the Hub counts its limits over five minutes."""


class MovedError(KpmathError):
    """Somebody else changed the repository in between: look again."""


class UnavailableError(KpmathError):
    """The Hub did not answer, or answered that it cannot now: what was asked may have happened or not."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait
        """Seconds that the Hub asks to wait."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the Hub lists it."""

    blob: str
    """Git's hash of the file, or of the pointer to it."""
    sha256: str | None
    """Hash of the content of a large file."""
    size: int


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit made."""

    sha: str
    pull_request: str = ""
    """Address of the pull request."""
    revision: str = ""
    """`refs/pr/N` of the pull request."""


class Remote:
    """A dataset repository.

    Parameters
    ----------
    repo
        `owner/name`.
    endpoint
        Address of the Hub; the usual one where not given.
    token
        The usual places where not given.
    """

    def __init__(self, repo: str, *, endpoint: str | None = None, token: str | None = None) -> None:
        if repo.count("/") != 1 or not all(repo.split("/")):
            raise InputError(f"{repo!r} is no dataset on the Hub: write it as owner/name, e.g. org/kpmath.")
        self.repo = repo
        self._api = HfApi(endpoint=endpoint, token=token)
        self._known: dict[str, Any] = {"repo_id": repo, "repo_type": "dataset"}

    def head(self, revision: str = "main") -> str | None:
        """Return the commit of a branch, tag or pull request; None where it, or the repository, is not there or not shown."""
        try:
            with self._asking(RepositoryNotFoundError, RevisionNotFoundError):
                sha: str | None = self._api.repo_info(**self._known, revision=revision).sha
                return sha
        except (RepositoryNotFoundError, RevisionNotFoundError):
            return None

    def tags(self) -> dict[str, str]:
        """Return the commit of each tag."""
        with self._asking():
            return {ref.name: ref.target_commit for ref in self._api.list_repo_refs(**self._known).tags}

    def files(self, revision: str) -> dict[str, RemoteFile]:
        """Return every file of a revision by its path."""
        with self._asking():
            tree = self._api.list_repo_tree(**self._known, revision=revision, recursive=True)
            return {
                item.path: RemoteFile(item.blob_id, item.lfs.sha256 if item.lfs else None, item.size)
                for item in tree
                if isinstance(item, RepoFile)
            }

    def download(self, path: str, revision: str, folder: Path) -> Path | None:
        """Bring a file of a commit to `folder/path` and return that; None where the commit has no such file."""
        try:
            with self._asking(EntryNotFoundError):
                here = self._api.hf_hub_download(
                    **self._known, filename=path, revision=revision, local_dir=folder
                )
                return Path(here)
        except EntryNotFoundError:
            return None

    def open_pull_requests(self) -> list[str]:
        """Return the addresses of the open pull requests; none where the Hub does not show them."""
        try:
            with self._asking():
                found = self._api.get_repo_discussions(
                    **self._known, discussion_type="pull_request", discussion_status="open"
                )
                return [pull.url for pull in found]
        except (KpmathError, KeyError, TypeError):  # they can be switched off, and nothing depends on them
            return []

    def create(self, *, private: bool) -> None:
        """Make the repository where it is not there yet."""
        with self._asking(to="write to"):
            self._api.create_repo(**self._known, private=private, exist_ok=True)

    def commit(
        self,
        title: str,
        parent: str,
        *,
        additions: Mapping[str, Path | bytes],
        deletions: Sequence[str],
        branch: str = "main",
        pull_request: bool = False,
        description: str = "",
    ) -> Commit:
        """Make one commit on top of `parent`; raises `MovedError` where that is not the branch's head any more."""
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            *(CommitOperationAdd(path, _source(content)) for path, content in sorted(additions.items())),
            *(CommitOperationDelete(path) for path in deletions),
        ]
        with self._asking(to="write to"):
            made = self._api.create_commit(
                **self._known,
                operations=operations,
                commit_message=title,
                commit_description=description,
                revision=branch,
                parent_commit=parent,
                create_pr=pull_request,
            )
        return Commit(made.oid, made.pr_url or "", made.pr_revision or "")

    def tag(self, name: str, commit: str) -> None:
        """Name a commit; raises `MovedError` where the name is taken."""
        with self._asking(to="write to"):
            self._api.create_tag(**self._known, tag=name, revision=commit)

    def branch(self, name: str, commit: str) -> None:
        """Begin a branch where it is not there yet."""
        with self._asking(to="write to"):
            self._api.create_branch(**self._known, branch=name, revision=commit, exist_ok=True)

    @contextmanager
    def _asking(self, *answers: type[Exception], to: str = "read") -> Iterator[None]:
        """Turn what the Hub's library raises into our errors, less `answers`: that a thing is not there is one too."""
        try:
            yield
        except LocalEntryNotFoundError as error:
            raise UnavailableError(_told(error)) from None
        except (RepositoryNotFoundError, RevisionNotFoundError, EntryNotFoundError) as error:
            status = getattr(getattr(error, "response", None), "status_code", 404)
            if isinstance(error, answers) and status in _NOT_SHOWN:
                raise
            raise self._refused(status, to) from None
        except HFValidationError as error:
            raise InputError(f"{error}: correct --repo.") from None
        except HfHubHTTPError as error:
            raise self._meant(error, to) from None
        except RuntimeError as error:  # of an upload
            raise self._meant(error.__cause__ or error, to) from None
        except ValueError as error:  # of the Hub's look at the card
            raise InputError(f"The Hub refuses this ({_told(error)}): correct what it names.") from None
        except _LOST as error:
            if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
                raise BuildError(
                    f"{_told(error)}: make room there, then run the same command again."
                ) from None
            raise UnavailableError(_told(error)) from None

    def _meant(self, error: BaseException, to: str) -> KpmathError:
        if not isinstance(error, HfHubHTTPError):
            return UnavailableError(_told(error))
        status = error.response.status_code
        if status in {409, 412}:
            return MovedError(_told(error))
        if status in {408, 425, 429} or status >= 500:
            wait = parse_retry_after(error.response.headers.get("Retry-After"), longest=LONGEST_WAIT)
            return UnavailableError(_told(error), wait or 0.0)
        if status in {401, 403}:
            return self._refused(status, to)
        return InputError(f"The Hub refuses this ({_told(error)}): correct what it names.")

    def _refused(self, status: int, to: str) -> InputError:
        return InputError(
            f"The Hub does not let you {to} {self.repo} ({status}): give a token that may, with `hf auth login` "
            "or in HF_TOKEN."
        )


def _source(content: Path | bytes) -> str | bytes:
    return str(content) if isinstance(content, Path) else content


def _told(error: BaseException) -> str:
    """Return the first line of an error; these lines hold addresses and status, never a token."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


_NOT_SHOWN = {401, 404}
"""401: a repository that is not there or private, asked for without a token."""


def _lost() -> tuple[type[Exception], ...]:
    """Name what is raised when a connection fails; the Hub's library changed its own twice (requests, httpx, httpx2)."""
    from huggingface_hub import utils

    client: Any = getattr(utils, "httpx", None)
    return (OSError,) if client is None else (OSError, client.TransportError)


_LOST = _lost()
