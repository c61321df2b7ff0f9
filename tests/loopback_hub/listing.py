"""What is in a repository: files, references, commits."""

import hashlib

from loopback_hub.serving import REPO, Handler, route
from loopback_hub.store import Commit, HubError


@route("GET", REPO + "/tree/(?P<revision>[^/]+)/?(?P<path>.*)")
def tree(handler: Handler, kind: str, name: str, revision: str, path: str) -> None:
    """List a folder, or everything below it."""
    repo = handler.store.repo(kind, name)
    sha = repo.resolve(revision)
    commit = repo.commits[sha]
    folder = path.strip("/") + "/" if path.strip("/") else ""
    everything = _yes(handler, "recursive")
    items, folders = [], set()
    for file, entry in sorted(commit.tree.items()):
        if not file.startswith(folder):
            continue
        parts = file.removeprefix(folder).split("/")
        folders |= {
            folder + "/".join(parts[:depth])
            for depth in range(1, len(parts) if everything else min(2, len(parts)))
        }
        if everything or len(parts) == 1:
            items.append(entry.as_json(file))
    if folder and not items and not folders:
        raise HubError(404, f"{path} does not exist on {revision}", "EntryNotFound")
    items = [*map(_folder, sorted(folders)), *items]
    if _yes(handler, "expand"):
        items = [{**item, "lastCommit": _last(sha, commit)} for item in items]
    handler.reply(items, headers={"X-Repo-Commit": sha})


@route("POST", REPO + "/paths-info/(?P<revision>.+)")
def paths_info(handler: Handler, kind: str, name: str, revision: str) -> None:
    """Tell about single paths."""
    asked = handler.read_json().get("paths") or []
    files = handler.store.repo(kind, name).tree(revision)
    items = []
    for path in (path.strip("/") for path in ([asked] if isinstance(asked, str) else asked)):
        if path in files:
            items.append(files[path].as_json(path))
        elif any(file.startswith(path + "/") for file in files):
            items.append(_folder(path))
    handler.reply(items)


@route("GET", REPO + "/refs")
def refs(handler: Handler, kind: str, name: str) -> None:
    """List branches, tags and pull requests."""
    repo = handler.store.repo(kind, name)

    def told(names: dict[str, str], prefix: str) -> list[dict]:
        return [{"name": ref, "ref": prefix + ref, "targetCommit": sha} for ref, sha in names.items()]

    handler.reply(
        {
            "branches": told(repo.branches, "refs/heads/"),
            "tags": told(repo.tags, "refs/tags/"),
            "converts": [],
            "pullRequests": told(repo.pulls, ""),
        }
    )


@route("GET", REPO + "/commits/(?P<revision>.+)")
def commits(handler: Handler, kind: str, name: str, revision: str) -> None:
    """List the commits that led to a revision."""
    repo = handler.store.repo(kind, name)
    sha: str | None = repo.resolve(revision)
    told = []
    while sha:
        commit = repo.commits[sha]
        told.append({**_last(sha, commit), "message": commit.message, "authors": [{"user": "tester"}]})
        sha = commit.parent
    handler.reply(told, headers={"X-Total-Count": str(len(told))})


def _yes(handler: Handler, name: str) -> bool:
    return handler.query.get(name, "").lower() in {"true", "1"}


def _folder(path: str) -> dict:
    return {"type": "directory", "path": path, "oid": hashlib.sha1(path.encode()).hexdigest(), "size": 0}


def _last(sha: str, commit: Commit) -> dict:
    return {"id": sha, "title": commit.title, "date": commit.date}


@route("GET", REPO + "/discussions")
def discussions(handler: Handler, kind: str, name: str) -> None:
    """List the open pull requests; one is merged, and closed, when `main` stands on its commit."""
    repo = handler.store.repo(kind, name)
    found = [
        {
            "num": int(ref.rpartition("/")[2]),
            "title": repo.commits[sha].title,
            "author": {"name": "org"},
            "createdAt": "2026-01-01T00:00:00.000Z",
            "status": "open",
            "isPullRequest": True,
            "repo": {"name": name, "type": kind},
        }
        for ref, sha in repo.pulls.items()
        if repo.branches["main"] != sha
    ]
    handler.reply({"discussions": found, "count": len(found), "start": 0})
