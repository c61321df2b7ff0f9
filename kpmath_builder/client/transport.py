"""How a server is reached: over TCP, or through a Unix socket of this machine."""

import asyncio
import os
import socket
import sys
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler

from kpmath_builder.errors import InputError

__all__ = ["LONGEST_SOCKET_PATH", "SOCKET_SCHEME", "Transport"]

SOCKET_SCHEME = "unix:"
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103
"""Bytes; the kernel's limit without the closing zero."""

SECONDS_BETWEEN_ATTEMPTS = 0.05


@dataclass(frozen=True, slots=True)
class Transport:
    """The way to one server; servers over TCP can share a session, a socket needs one of its own.

    Attributes
    ----------
    base
        What the URLs of requests begin with. For a socket it names a host that is never looked up.
    socket_path
        Empty for TCP.
    """

    base: str
    socket_path: str = ""

    @classmethod
    def to(cls, address: str) -> Self:
        """Return the way to `http://…`, `https://…` or `unix:/path/to/socket`.

        Raises
        ------
        InputError
            If the path of a socket is relative or too long.
        """
        if not address.startswith(SOCKET_SCHEME):
            return cls(address)
        path = address.removeprefix(SOCKET_SCHEME).removeprefix("//")
        if not path.startswith("/"):
            raise InputError(
                f"'{address}' is not the address of a socket: write it like unix:/run/vllm.sock."
            )
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
            raise InputError(
                f"The path of the socket in '{address}' has more than {LONGEST_SOCKET_PATH} bytes: let the server listen "
                "at a shorter one."
            )
        return cls("http://localhost", path)

    def connector(self, *, reuse: bool = True) -> aiohttp.BaseConnector:
        """Return a connector without a limit of its own, for the running event loop; without `reuse` it keeps no connection."""
        if self.socket_path:
            return _SocketConnector(self.socket_path, limit=0, force_close=not reuse)
        return aiohttp.TCPConnector(limit=0, force_close=not reuse, socket_factory=_keep_alive_socket)


class _SocketConnector(aiohttp.UnixConnector):
    """Waits while the queue of the socket is full, as TCP does by itself.

    The kernel answers EAGAIN then, which asyncio takes for a connection that is being made: the first write would fail. Kernels
    before 5.4 hold 128 connections in that queue, which a server that is busy for a moment does not empty.
    """

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own
    ) -> ResponseHandler:
        async with asyncio.timeout(timeout.sock_connect):
            while True:
                protocol = await super()._create_connection(req, traces, timeout)
                if _is_connected(protocol):
                    return protocol
                protocol.close()
                await asyncio.sleep(SECONDS_BETWEEN_ATTEMPTS)


def _is_connected(protocol: ResponseHandler) -> bool:
    assert protocol.transport is not None
    try:
        protocol.transport.get_extra_info("socket").getpeername()
    except OSError:
        return False
    return True


def _keep_alive_socket(info: tuple[Any, ...]) -> socket.socket:
    """Open a socket that notices within about two minutes that the machine at the other end is gone."""
    sock = socket.socket(*info[:3])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):  # macOS names them differently
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock
