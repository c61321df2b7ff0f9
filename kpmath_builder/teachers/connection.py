"""The way to one or more servers of the same model: a pool of slots over aiohttp, with retries and no time limit on answers.

A request holds a slot only while it is under way; while it waits to be sent again others use the slot. Each attempt goes to
the address with the fewest requests in flight, and an address that has just failed rests, or its instant failures would
look like idleness and draw all traffic.
"""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp

from kpmath_builder.errors import InputError
from kpmath_builder.teachers.retrying import LONGEST_CONNECT, PassingError, Trouble
from kpmath_builder.teachers.statuses import fault_of

__all__ = ["Connection", "Stats"]

T = TypeVar("T")

SECONDS_BETWEEN_MESSAGES = 5.0
LONGEST_REST = 30.0
NO_TIME_LIMIT = aiohttp.ClientTimeout(total=None, sock_connect=LONGEST_CONNECT)
"""A slow answer is a healthy one; that the machine at the other end has died is noticed by TCP keep-alive."""


@dataclass
class Stats:
    """Counters for a progress display: requests under way now, requests sent so far, and how many of those were retries."""

    in_flight: int = 0
    calls: int = 0
    retries: int = 0


@dataclass
class _Address:
    url: str
    in_flight: int = 0
    faults: int = 0
    rests_until: float = 0.0

    def failed(self, fault: PassingError) -> None:
        now = time.monotonic()
        if now < self.rests_until:
            return  # requests that fail together are one fault of the address
        rest = max(2.0 ** min(self.faults, 5), fault.retry_after or 0.0)
        self.faults += 1
        self.rests_until = now + min(rest, LONGEST_REST)

    def answered(self) -> None:
        self.faults, self.rests_until = 0, 0.0


class Connection:
    """Sends JSON to whichever address is least busy until it is answered.

    Parameters
    ----------
    addresses
        `http://host:port`, with or without `/v1`; all serve the same model.
    in_flight
        The most requests under way at any time, over all addresses.
    patience
        Seconds without any answer from any address after which a failing request ends the build.
    on_wait
        Is told, at most once in five seconds, what is being waited for.

    Raises
    ------
    InputError
        When an address is not an http address or there is none.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        api_key: str | None = None,
        in_flight: int = 256,
        patience: float = 900.0,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        if not addresses:
            raise InputError("No address of a server is given: set teacher.addresses.")
        self.stats = Stats()
        self._addresses = [_Address(_base_url(address)) for address in addresses]
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key.strip()}"
        self._in_flight = in_flight
        self._patience = patience
        self._on_wait = on_wait
        self._told_at = float("-inf")
        self._answers = 0
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(in_flight)

    @property
    def urls(self) -> list[str]:
        """The addresses, each ending in `/v1`."""
        return [address.url for address in self._addresses]

    def session(self) -> aiohttp.ClientSession:
        """Return the one session of the running event loop, opened when first used."""
        if self._session is None:
            self._slots = asyncio.Semaphore(self._in_flight)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, socket_factory=_keep_alive_socket),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=NO_TIME_LIMIT,
            )
        return self._session

    async def close(self) -> None:
        """Close the session; a later request would open a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def post(self, path: str, body: Mapping[str, Any], read: Callable[[bytes], T]) -> T:
        """Send `body` to `path` below `/v1` until it is answered, and return what `read` makes of the answer.

        `read` raises `ValueError` for an answer that is cut off, malformed or of the wrong shape; it is asked for again.

        Raises
        ------
        RefusedError
            When the server says that it will never answer this request.
        InputError
            When the server does not accept the key, the model or the address.
        BuildError
            When no address has answered anything for `patience` seconds.
        """
        session, data = self.session(), json.dumps(body).encode()
        trouble = Trouble(self._patience, self._answers)
        while True:
            async with self._slots:
                started = time.monotonic()
                try:
                    return await self._attempt(session, path, data, read)
                except PassingError as error:
                    fault, took = error, time.monotonic() - started
            pause = trouble.pause(fault, self._answers, took)  # the slot is free while this request waits
            self.tell(f"{fault}, waiting {round(pause, 1):g} s")
            await asyncio.sleep(pause)
            self.stats.retries += 1

    def tell(self, message: str) -> None:
        """Pass `message` on to `on_wait`, unless it has been told something a moment ago."""
        now = time.monotonic()
        if self._on_wait is not None and now - self._told_at >= SECONDS_BETWEEN_MESSAGES:
            self._told_at = now
            self._on_wait(message)

    async def _attempt(
        self, session: aiohttp.ClientSession, path: str, data: bytes, read: Callable[[bytes], T]
    ) -> T:
        now = time.monotonic()
        address = min(self._addresses, key=lambda a: (max(a.rests_until - now, 0.0), a.in_flight))
        address.in_flight += 1
        self.stats.in_flight += 1
        self.stats.calls += 1
        try:
            answer = await _send(session, address.url, path, data, read)
        except PassingError as fault:
            address.failed(fault)
            raise
        finally:
            address.in_flight -= 1
            self.stats.in_flight -= 1
        address.answered()
        self._answers += 1
        return answer


async def _send(
    session: aiohttp.ClientSession, url: str, path: str, data: bytes, read: Callable[[bytes], T]
) -> T:
    try:
        async with session.post(url + path, data=data, allow_redirects=False) as reply:
            body = await reply.read()
    except (aiohttp.ClientError, OSError) as error:
        raise PassingError(f"no answer from {url} ({str(error) or type(error).__name__})") from error
    if reply.status != 200:
        raise fault_of(url, reply.status, body, reply.headers.get("Retry-After"))
    try:
        return read(body)
    except ValueError as error:
        why = " ".join(str(error).split())[:200]
        raise PassingError(f"malformed answer from {url}: {why}", may_be_the_request=True) from error


def _base_url(address: str) -> str:
    try:
        parts = urlsplit(address.strip())
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise InputError(f"'{address}' is not an address of a server: write it like http://localhost:8000.")
    return address.strip().rstrip("/").removesuffix("/v1").rstrip("/") + "/v1"


def _keep_alive_socket(info: tuple[Any, ...]) -> socket.socket:
    """Open a socket that notices within about two minutes that the machine at the other end is gone."""
    sock = socket.socket(*info[:3])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):  # macOS names them differently
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock
