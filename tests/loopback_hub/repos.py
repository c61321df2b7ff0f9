"""Repositories and who asks."""

import re
from collections.abc import Iterator

import yaml

from loopback_hub.serving import REPO, Handler, route
from loopback_hub.store import Repo

LARGE = (".parquet", ".arrow", ".zip", ".gz", ".zst", ".bin", ".safetensors", ".tar")


@route("GET", "/api/whoami-v2")
def whoami(handler: Handler) -> None:
    """Tell that everybody is the tester."""
    token = {"displayName": "t", "role": "write"}
    handler.reply(
        {
            "type": "user",
            "id": "u1",
            "name": "tester",
            "fullname": "Tester",
            "isPro": False,
            "orgs": [{"name": "org", "type": "org"}],
            "auth": {"type": "access_token", "accessToken": token},
        }
    )


@route("POST", "/api/repos/create")
def create(handler: Handler) -> None:
    """Make a repository with its first commit."""
    asked = handler.read_json()
    kind, name = asked.get("type") or "model", _name(asked)
    url = f"{handler.base}/{'' if kind == 'model' else kind + 's/'}{name}"
    if (kind, name) in handler.store.repos:
        handler.reply({"error": "You already created this repo", "url": url}, 409)
        return
    repo = Repo(kind, name, private=bool(asked.get("private")) or asked.get("visibility") == "private")
    attributes = b"".join(b"*%s filter=lfs diff=lfs merge=lfs -text\n" % ending.encode() for ending in LARGE)
    first = repo.commit({".gitattributes": handler.store.put(attributes)}, None, "initial commit")
    repo.branches["main"] = first
    handler.store.repos[kind, name] = repo
    handler.reply({"url": url, "name": name, "id": name})


@route("DELETE", "/api/repos/delete")
def delete(handler: Handler) -> None:
    """Forget a repository."""
    asked = handler.read_json()
    kind, name = asked.get("type") or "model", _name(asked)
    handler.store.repo(kind, name)
    del handler.store.repos[kind, name]
    handler.reply({})


def _name(asked: dict) -> str:
    return f"{asked.get('organization') or 'tester'}/{asked['name']}"


@route("POST", "/api/validate-yaml")
def validate_yaml(handler: Handler) -> None:
    """Refuse a card that the Hub would refuse; a rough guess at its rules."""
    asked = handler.read_json()
    errors = list(_mistakes(asked["content"]))
    told = [{"message": error} for error in errors]
    handler.reply({"errors": told, "warnings": []}, 400 if errors else 200)


def _mistakes(content: str) -> Iterator[str]:
    found = re.match(r"---\n(.*?)\n---", content, re.DOTALL)
    front = yaml.safe_load(found[1]) if found else {}
    if not isinstance(front, dict):
        yield "the front matter is no mapping"
        return
    licence = front.get("license")
    if licence is not None and not re.fullmatch(r"[a-z0-9.-]+", str(licence)):
        yield f'"license" must be a known licence, got {licence}'
    for size in front.get("size_categories") or []:
        if not re.fullmatch(r"n[<>]1[KT]|\d+[KMBT]<n<\d+[KMBT]", size):
            yield f'"size_categories" has no {size}'
    if sum(bool(config.get("default")) for config in front.get("configs") or []) > 1:
        yield "several default configs"


@route("GET", REPO + "/revision/(?P<revision>.+)")
def info_at(handler: Handler, kind: str, name: str, revision: str) -> None:
    """Tell about a revision."""
    _info(handler, kind, name, revision)


@route("GET", REPO)
def info(handler: Handler, kind: str, name: str) -> None:
    """Tell about the head."""
    _info(handler, kind, name, "main")


def _info(handler: Handler, kind: str, name: str, revision: str) -> None:
    repo = handler.store.repo(kind, name)
    sha = repo.resolve(revision)
    blobs = "blobs" in handler.query
    siblings = [
        {"rfilename": path, **({"size": entry.size, "blobId": entry.oid} if blobs else {})}
        for path, entry in sorted(repo.commits[sha].tree.items())
    ]
    about = {"author": name.partition("/")[0], "private": repo.private, "gated": False, "disabled": False}
    dates = {"createdAt": repo.created, "lastModified": repo.commits[sha].date}
    counts = {"downloads": 0, "likes": 0, "tags": []}
    handler.reply({"_id": "x", "id": name, "sha": sha, "siblings": siblings, **about, **dates, **counts})
