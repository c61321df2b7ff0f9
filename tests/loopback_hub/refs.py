"""Tags and branches."""

from loopback_hub.serving import REPO, Handler, route
from loopback_hub.store import HubError


@route("POST", REPO + "/tag/(?P<revision>.+)")
def tag(handler: Handler, kind: str, name: str, revision: str) -> None:
    """Tag a revision."""
    repo = handler.store.repo(kind, name)
    _set(handler, repo.tags, handler.read_json()["tag"], repo.resolve(revision))


@route("POST", REPO + "/branch/(?P<branch>.+)")
def branch(handler: Handler, kind: str, name: str, branch: str) -> None:
    """Begin a branch."""
    repo = handler.store.repo(kind, name)
    _set(handler, repo.branches, branch, repo.resolve(handler.read_json().get("startingPoint") or "main"))


@route("DELETE", REPO + "/(?P<what>tag|branch)/(?P<ref>.+)")
def delete(handler: Handler, kind: str, name: str, what: str, ref: str) -> None:
    """Remove a tag or branch."""
    repo = handler.store.repo(kind, name)
    if (repo.tags if what == "tag" else repo.branches).pop(ref, None) is None:
        raise HubError(404, f"no {what} {ref}", "RevisionNotFound")
    handler.read_body()
    handler.reply({})


def _set(handler: Handler, names: dict[str, str], name: str, sha: str) -> None:
    if name in names:
        raise HubError(409, f"Reference {name} already exists")
    names[name] = sha
    handler.reply({})
