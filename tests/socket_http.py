"""HTTP over a Unix socket without any client of ours."""

import http.client
import socket

__all__ = ["ask"]


def ask(address: str, path: str, body: bytes | None = None, *, seconds: float = 600.0) -> tuple[int, bytes]:
    """Send a GET, or a POST with a body of JSON, to `unix:/path/to/socket`; return status and body."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    try:
        connection.sock.settimeout(seconds)
        connection.sock.connect(address.removeprefix("unix:"))
        headers = {"Content-Type": "application/json"}
        connection.request("POST" if body is not None else "GET", path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()
