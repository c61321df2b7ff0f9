"""The way to one or more servers of the same model: endpoints over aiohttp, with retries and no time limit on answers.

A request holds a place in a endpoint only while it is under way; while it waits to be sent again others use the place.
"""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from kpmath_builder.client.addresses import read_address
from kpmath_builder.client.endpoints import Endpoint, EndpointPool
from kpmath_builder.client.retries import LONGEST_CONNECT, PassingError, Trouble, no_answer
from kpmath_builder.client.statuses import fault_of
from kpmath_builder.errors import InputError
from kpmath_builder.stopping import Stop

__all__ = ["Connection", "Stats"]

T = TypeVar("T")

SECONDS_BETWEEN_MESSAGES = 5.0
NO_TIME_LIMIT = aiohttp.ClientTimeout(total=None, sock_connect=LONGEST_CONNECT)
"""A slow answer is a healthy one; that the machine at the other end has died is noticed by TCP keep-alive."""


@dataclass
class Stats:
    """Counters for a progress display: requests under way now, requests sent so far, and how many of those were retries."""

    in_flight: int = 0
    calls: int = 0
    retries: int = 0


class Connection:
    """Sends JSON to whichever address is least busy until it is answered.

    Parameters
    ----------
    addresses
        `http://host:port`, with or without `/v1`; all serve the same model.
    in_flight
        The most requests under way at any time at each address.
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
        notify: Callable[[str], None] | None = None,
    ) -> None:
        if not addresses:
            raise InputError("No address of a server is given: set teacher.addresses.")
        self.stats = Stats()
        self.addresses = {address.base: address for address in map(read_address, addresses)}
        self.pool = EndpointPool(list(self.addresses), in_flight)
        self._headers = {
            base: {"Content-Type": "application/json"} | address.headers(api_key)
            for base, address in self.addresses.items()
        }
        self._patience = patience
        self._on_wait = notify
        self._told_at = float("-inf")
        self._answers = 0
        self._session: aiohttp.ClientSession | None = None
        self.stop = Stop()
        """Once it is asked, nothing is sent any more."""
        self.on_return: Callable[[str], Awaitable[None]] | None = None
        """Looks at a server that was out of reach, before anything is sent to it again: another may stand there now."""

    @property
    def urls(self) -> list[str]:
        """The base URLs of the addresses."""
        return [endpoint.url for endpoint in self.pool.all]

    def session(self) -> aiohttp.ClientSession:
        """Return the one session of the running event loop, opened when first used."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, socket_factory=_keep_alive_socket),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=NO_TIME_LIMIT,
            )
        return self._session

    async def close(self) -> None:
        """Close the session; a later request would open a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        read: Callable[[bytes], T],
        *,
        key: str = "",
        steps: int = 0,
    ) -> T:
        """Send `body` to `path` below `/v1` until it is answered, and return what `read` makes of the answer.

        Equal keys go to the same address where that costs nothing; of requests that wait, the one that the most `steps`
        follow on is sent first. `read` raises `ValueError` for an answer that is cut off, malformed or of the wrong shape;
        it is asked for again.

        Raises
        ------
        RefusedError
            When the server says that it will never answer this request.
        InputError
            When the server does not accept the key, the model or the address.
        BuildError
            When no address has answered anything for `patience` seconds.
        StoppedError
            When the build is stopping and this request is not under way.
        """
        trouble = Trouble(self._patience, self._answers)
        while True:
            self.stop.check()
            endpoint = await self.pool.enter(key, steps)
            started = time.monotonic()
            try:
                self.stop.check()
                return await self._attempt(endpoint, path, json.dumps(body).encode(), read)
            except PassingError as error:
                fault, took = error, time.monotonic() - started
            finally:
                self.pool.leave(endpoint)
            trouble.waited = max(trouble.waited, min(self.pool.lost, self._patience))
            pause = trouble.pause(fault, self._answers, took)  # the place is free while this request waits
            self.notify(f"{fault}, {self._outlook(endpoint, pause)}")
            await self.stop.sleep(pause)
            self.stats.retries += 1

    def notify(self, message: str, *, now: bool = False) -> None:
        """Pass `message` on to `on_wait`, unless it has been told something a moment ago; with `now` in any case."""
        time_now = time.monotonic()
        if self._on_wait is not None and (now or time_now - self._told_at >= SECONDS_BETWEEN_MESSAGES):
            self._told_at = time_now
            self._on_wait(message)

    def _outlook(self, endpoint: Endpoint, pause: float) -> str:
        if not endpoint.is_broken:
            return f"waiting {round(pause, 1):g} s"
        return f"looking again in {round(max(endpoint.rest, pause), 1):g} s; {self.pool.waiting + 1} requests wait"

    async def _attempt(
        self,
        endpoint: Endpoint,
        path: str,
        data: bytes,
        read: Callable[[bytes], T],
    ) -> T:
        self.stats.in_flight += 1
        self.stats.calls += 1
        call, started = asyncio.timeout(None), time.monotonic()
        endpoint.calls.add(call)
        try:
            async with call:
                await self._meet_again(endpoint)
                answer = await self._send(endpoint.url, path, data, read)
                await self._meet_again(
                    endpoint
                )  # it was restarted just before this was sent, as others have noticed
        except (PassingError, TimeoutError) as error:
            fault = (
                error if isinstance(error, PassingError) else PassingError(f"broken off at {endpoint.url}")
            )
            endpoint.away |= fault.away
            endpoint.failed(fault.retry_after, min(time.monotonic() - started, LONGEST_CONNECT))
            raise fault from error
        finally:
            endpoint.calls.discard(call)
            self.stats.in_flight -= 1
        endpoint.answered()
        self._answers += 1
        return answer

    async def _meet_again(self, endpoint: Endpoint) -> None:
        if not endpoint.away or self.on_return is None:
            return
        async with endpoint.look:
            if endpoint.away:  # nobody else has looked meanwhile
                await self.on_return(endpoint.url)
                endpoint.away = False

    def call(
        self,
        method: str,
        url: str,
        path: str,
        **options: Any,  # noqa: ANN401 - of aiohttp
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Return one request to an operation of the server at the base `url`, with its query and its credentials."""
        address, headers = self.addresses[url], self._headers[url]
        target = address.metrics if path == "/metrics" else address.url(path)
        return self.session().request(method, target, headers=headers, allow_redirects=False, **options)

    async def _send(self, url: str, path: str, data: bytes, read: Callable[[bytes], T]) -> T:
        try:
            async with self.call("POST", url, path, data=data) as reply:
                body = await reply.read()
        except (aiohttp.ClientError, OSError) as error:
            raise no_answer(url, error) from error
        if reply.status != 200:
            raise fault_of(url, reply.status, body, reply.headers.get("Retry-After"))
        try:
            return read(body)
        except ValueError as error:
            why = " ".join(str(error).split())[:200]
            raise PassingError(f"malformed answer from {url}: {why}", may_be_the_request=True) from error


def _keep_alive_socket(info: tuple[Any, ...]) -> socket.socket:
    """Open a socket that notices within about two minutes that the machine at the other end is gone."""
    sock = socket.socket(*info[:3])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):  # macOS names them differently
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock
