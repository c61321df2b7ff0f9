"""Files of a revision: HEAD, GET, and GET of a range."""

import re
from pathlib import Path

from loopback_hub.serving import Handler, route
from loopback_hub.store import Entry, HubError
from loopback_hub.xet import fetch


@route(
    "GET",
    r"/(?P<kind>(?:(?:dataset|space)s/)?)(?P<name>[^/]+/[^/]+|[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)",
)
def resolve(handler: Handler, kind: str, name: str, revision: str, path: str) -> None:
    """Send a file, or the part of it that is asked for."""
    repo = handler.store.repo(kind.rstrip("s/") or "model", name)
    sha = repo.resolve(revision)
    entry = repo.commits[sha].tree.get(path)
    if entry is None:
        raise HubError(404, "Entry not found", "EntryNotFound", {"X-Repo-Commit": sha})
    etag = f'"{entry.key}"'
    headers = {
        "X-Repo-Commit": sha,
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'inline; filename="{Path(path).name}"',
    }
    if entry.sha256:
        headers |= {"X-Linked-Size": str(entry.size), "X-Linked-Etag": etag}
    if entry.xet:
        token = f"{handler.base}/api/{repo.kind}s/{name}/xet-read-token/{sha}"
        headers |= {"X-Xet-Hash": entry.xet, "Link": f'<{token}>; rel="xet-auth"'}
    _send(handler, entry, headers)


def _send(handler: Handler, entry: Entry, headers: dict[str, str]) -> None:
    begin, end, status = 0, entry.size, 200
    if asked := re.fullmatch(r"bytes=(\d*)-(\d*)", handler.headers.get("Range") or ""):
        first, last = asked.groups()
        begin = int(first) if first else max(0, entry.size - int(last))
        end = min(int(last) + 1, entry.size) if first and last else entry.size
        status, headers = 206, {**headers, "Content-Range": f"bytes {begin}-{end - 1}/{entry.size}"}
    if handler.struck("after"):
        return
    handler.start(status, headers, end - begin)
    if handler.command == "HEAD":
        return
    with _file(handler, entry).open("rb") as file:
        file.seek(begin)
        while begin < end and (block := file.read(min(1 << 20, end - begin))):
            handler.wfile.write(block)
            begin += len(block)


def _file(handler: Handler, entry: Entry) -> Path:
    path = handler.store.objects / entry.key
    if not path.exists() and handler.hub.xet_cas:
        fetch(handler.hub.xet_cas, entry, path)
    return path
