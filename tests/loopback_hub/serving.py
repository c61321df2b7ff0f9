"""The server: which function answers which request, and the faults in between."""

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from loopback_hub.faults import Fault, Faults
from loopback_hub.store import Entry, HubError, Repo, Store

__all__ = ["REPO", "Handler", "LoopbackHub", "route", "serve"]

REPO = r"/api/(?P<kind>dataset|model|space)s/(?P<name>[^/]+/[^/]+|[^/]+)"
ROUTES: list[tuple[str, re.Pattern[str], Callable[..., None]]] = []


def route(method: str, pattern: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare what answers a method and path; the pattern's groups become arguments."""

    def declare(answer: Callable[..., None]) -> Callable[..., None]:
        ROUTES.append((method, re.compile(f"^{pattern}$"), answer))
        return answer

    return declare


@dataclass
class LoopbackHub:
    """A running Hub: its address, its repositories, what was asked of it, and the faults to come."""

    url: str
    store: Store
    xet_cas: str | None = None
    faults: Faults = field(default_factory=Faults)
    log: list[tuple[str, str, int | None]] = field(default_factory=list)
    """Method, path and status of every request; None where the connection was reset."""

    def repo(self, name: str) -> Repo:
        """Return a dataset repository."""
        return self.store.repo("dataset", name)

    def tree(self, name: str, revision: str = "main") -> dict[str, Entry]:
        """Return the files of a dataset at a revision."""
        return self.repo(name).tree(revision)

    def fail(self, pattern: str = ".*", status: int | None = None, **fault: Any) -> None:
        """Order a fault for requests whose `METHOD /path` matches."""
        self.faults.add(Fault(pattern, status, **fault))

    def requests(self, method: str, pattern: str = "") -> list[str]:
        """Return the paths asked for with a method, where they match."""
        return [path for verb, path, _ in self.log if verb == method and re.search(pattern, path)]


class Handler(BaseHTTPRequestHandler):
    """Reads a request, finds its route, answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    hub: ClassVar[LoopbackHub]

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    @property
    def base(self) -> str:
        """The address that the client used."""
        return f"http://{self.headers['Host']}"

    @property
    def store(self) -> Store:
        """All repositories."""
        return self.hub.store

    def read_body(self) -> bytes:
        """Read the request's body once; further calls return it again."""
        if self._body is None:
            chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
            length = int(self.headers.get("Content-Length") or 0)
            self._body = b"".join(self._chunks()) if chunked else self.rfile.read(length)
        return self._body

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def read_json(self) -> dict[str, Any]:
        """Read the body as JSON, or as the form that older clients send."""
        body = self.read_body()
        if "urlencoded" in (self.headers.get("Content-Type") or ""):
            fields = parse_qs(body.decode())
            return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}
        return json.loads(body or b"{}")

    def reply(self, answer: object = None, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer with JSON."""
        if self.struck("after"):
            return
        data = b"" if answer is None else json.dumps(answer).encode()
        self.start(status, {"Content-Type": "application/json", **(headers or {})}, len(data))
        if self.command != "HEAD":
            self.wfile.write(data)

    def start(self, status: int, headers: dict[str, str], length: int) -> None:
        """Send status and headers."""
        self._status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def answer(self) -> None:
        """Answer any request."""
        url = urlsplit(self.path)
        self.query = {
            name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()
        }
        self._status: int | None = None
        self._body: bytes | None = None
        try:
            if not self.struck("before"):
                self._dispatch(url.path)
        except HubError as error:
            self.read_body()
            self.reply({"error": error.message}, error.status, error.headers)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.hub.log.append((self.command, self.path, self._status))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names that http.server calls

    def _dispatch(self, path: str) -> None:
        method = "GET" if self.command == "HEAD" else self.command
        for declared, pattern, answer in ROUTES:
            if declared == method and (match := pattern.match(path)):
                self._check_token(path)
                groups = {name: unquote(value) for name, value in match.groupdict(default="").items()}
                self._check_shown(groups)
                with self.store.lock if method != "PUT" else nullcontext():
                    answer(self, **groups)
                return
        raise HubError(404, f"no route {self.command} {path}")

    def _check_token(self, path: str) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token == "hf_invalid":
            raise HubError(401, "Invalid credentials in Authorization header")
        reads = self.command in {"GET", "HEAD"} or "/paths-info/" in path or path == "/api/validate-yaml"
        if not reads and not path.startswith(("/_lfs/", "/_verify")):
            if not token:
                raise HubError(401, "Invalid username or password.")
            if token.startswith("hf_readonly"):
                raise HubError(403, "Forbidden: this token may only read")

    def _check_shown(self, groups: dict[str, str]) -> None:
        """Without a token a private repository is as one that is not there, and that is a 401."""
        if "kind" in groups and not self.headers.get("Authorization"):
            kind = groups["kind"].rstrip("s/") or "model"
            repo = self.store.repos.get((kind, groups["name"]))
            if repo is None or repo.private:
                raise HubError(401, "Invalid username or password.", "RepoNotFound")

    def struck(self, when: Literal["before", "after"]) -> bool:
        """Let a fault strike, if one is ordered; return whether the request has thereby got its answer."""
        fault = self.hub.faults.strike(self.command, self.path, when)
        if fault and fault.then:
            fault.then()
        if fault is None or fault.proceed:
            return False
        self.read_body()
        if fault.status is not None:
            data = b'{"error": "ordered"}'
            self.start(fault.status, {"Content-Type": "application/json", **fault.headers}, len(data))
            self.wfile.write(data)
            return True
        # An RST instead of a FIN: the client sees a reset, as from a proxy that dies.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True
        return True


class Server(ThreadingHTTPServer):
    """Quiet about connections that clients drop."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Keep quiet; the log of requests tells."""


@contextmanager
def serve(root: Path | str, *, port: int = 0, xet_cas: str | None = None) -> Iterator[LoopbackHub]:
    """Run a Hub while the block runs.

    Parameters
    ----------
    root
        Folder for the objects.
    port
        0: a free one.
    xet_cas
        `local:///FOLDER`, the content store of hf_xet; without it uploads are LFS and clients need
        `HF_HUB_DISABLE_XET=1`.
    """
    handler = type("Bound", (Handler,), {})
    server = Server(("127.0.0.1", port), handler)
    hub = LoopbackHub(f"http://127.0.0.1:{server.server_address[1]}", Store(Path(root)), xet_cas)
    handler.hub = hub
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
