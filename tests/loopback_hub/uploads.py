"""From bytes to a commit: preupload, LFS, Xet tokens, commit."""

import base64
import hashlib
import json
import threading
import time

from loopback_hub.repos import LARGE
from loopback_hub.serving import REPO, Handler, route
from loopback_hub.store import Entry, HubError, Repo, blob_id
from loopback_hub.xet import xet_hash

LARGE_SIZE = 10 << 20


@route("POST", REPO + "/preupload/(?P<revision>.+)")
def preupload(handler: Handler, kind: str, name: str, revision: str) -> None:
    """Tell how each file is to be sent, and what is there under its name."""
    repo = handler.store.repo(kind, name)
    files = []
    for file in handler.read_json()["files"]:
        large = file["path"].endswith(LARGE) or file["size"] > LARGE_SIZE
        there = repo.tree(revision).get(file["path"])
        mode = {"uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
        files.append({"path": file["path"], **mode, "oid": there.key if there else None})
    handler.reply({"files": files, "commitOid": repo.resolve(revision)})


@route("POST", r"/(?:(?:dataset|space)s/)?(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch")
def lfs_batch(handler: Handler, name: str) -> None:
    """Tell which large objects are missing and where to send them."""
    told = []
    for wanted in handler.read_json()["objects"]:
        item = {"oid": wanted["oid"], "size": wanted["size"]}
        if not (handler.store.objects / wanted["oid"]).exists():
            upload = {"href": f"{handler.base}/_lfs/{wanted['oid']}", "header": {}}
            item["actions"] = {"upload": upload, "verify": {"href": f"{handler.base}/_verify", "header": {}}}
        told.append(item)
    handler.reply({"transfer": "basic", "objects": told})


@route("PUT", "/_lfs/(?P<oid>[0-9a-f]{64})")
def lfs_put(handler: Handler, oid: str) -> None:
    """Take a large object."""
    data = handler.read_body()
    if hashlib.sha256(data).hexdigest() != oid:
        raise HubError(400, "sha256 mismatch")
    target = handler.store.objects / oid
    staged = target.with_name(f"{oid}.{threading.get_ident()}")
    staged.write_bytes(data)
    staged.replace(target)
    handler.reply({}, headers={"ETag": f'"{oid}"'})


@route("POST", "/_verify")
def verify(handler: Handler) -> None:
    """Confirm that a large object arrived."""
    asked = handler.read_json()
    target = handler.store.objects / asked["oid"]
    if not (target.exists() and target.stat().st_size == asked["size"]):
        raise HubError(404, "not uploaded")
    handler.reply({})


@route("GET", REPO + "/xet-(?P<what>read|write)-token/(?P<revision>.+)")
def xet_token(handler: Handler, kind: str, name: str, what: str, revision: str) -> None:
    """Send hf_xet to the content store."""
    cas = handler.hub.xet_cas
    if cas is None:
        raise HubError(404, "Xet is not served here: set HF_HUB_DISABLE_XET=1")
    expiry = int(time.time()) + 3600
    headers = {"X-Xet-Cas-Url": cas, "X-Xet-Access-Token": "t", "X-Xet-Token-Expiration": str(expiry)}
    handler.reply({"casUrl": cas, "accessToken": "t", "exp": expiry}, headers=headers)


@route("POST", REPO + "/commit/(?P<revision>.+)")
def commit(handler: Handler, kind: str, name: str, revision: str) -> None:
    """Make one commit of all operations, or none."""
    lines = [json.loads(line) for line in handler.read_body().splitlines() if line.strip()]
    repo = handler.store.repo(kind, name)
    pull = handler.query.get("create_pr", "").lower() in {"1", "true"}
    if not pull and revision not in repo.branches and revision not in repo.pulls:
        raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    parent = repo.resolve(revision)
    head = next(line["value"] for line in lines if line["key"] == "header")
    if head.get("parentCommit") and not parent.startswith(head["parentCommit"]):
        raise HubError(412, "The expected parent commit is not the head of the branch")
    files = dict(repo.commits[parent].tree)
    for line in lines:
        _apply(handler, files, line["key"], line["value"])
    sha = repo.commit(files, parent, head.get("summary", ""), head.get("description", ""))
    url = f"{handler.base}/{'' if kind == 'model' else kind + 's/'}{name}"
    told = {"success": True, "commitOid": sha, "commitUrl": f"{url}/commit/{sha}", "hookOutput": ""}
    if pull:
        number = len(repo.pulls) + 1
        repo.pulls[f"refs/pr/{number}"] = sha
        told["pullRequestUrl"] = f"{url}/discussions/{number}"
    else:
        _move(repo, revision, sha)
    handler.reply(told)


def _move(repo: Repo, revision: str, sha: str) -> None:
    (repo.pulls if revision in repo.pulls else repo.branches)[revision] = sha


def _apply(handler: Handler, files: dict[str, Entry], what: str, value: dict) -> None:
    if what == "file":
        encoded = value.get("encoding") == "base64"
        data = base64.b64decode(value["content"]) if encoded else value["content"].encode()
        files[value["path"]] = handler.store.put(data)
    elif what == "lfsFile":
        files[value["path"]] = _large(handler, value)
    elif what == "deletedFile":
        if files.pop(value["path"], None) is None:
            raise HubError(404, "A file with this name doesn't exist", "EntryNotFound")
    elif what == "deletedFolder":
        for path in [path for path in files if path.startswith(value["path"].rstrip("/") + "/")]:
            del files[path]


def _large(handler: Handler, value: dict) -> Entry:
    target = handler.store.objects / value["oid"]
    xet = xet_hash(handler.hub.xet_cas, value["oid"]) if handler.hub.xet_cas else ""
    if not xet and not target.exists():
        raise HubError(400, f"LFS object {value['oid']} was not uploaded")
    size = value.get("size") or target.stat().st_size
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{value['oid']}\nsize {size}\n".encode()
    return Entry(blob_id(pointer), size, value["oid"], len(pointer), xet)
