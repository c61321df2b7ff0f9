"""EndpointPool to servers of one model: which request goes to which server, and how many are under way there at once.

The samples of one request share their prompt, and each server has a prefix cache of its own: so each request has a home, chosen by
its key, unless another server is much less busy. A server with room and nobody waiting takes from the longest queue, so that none
idles. Of those who wait, the one that most steps follow on goes first: when no blueprint is left to be begun, no long chain of
steps is left either, and the servers stay full to the end. A server that has just failed rests, or its instant failures would look
like idleness and draw all traffic. One that fails again and again is broken: until it answers, one request at a time looks whether
it is back, instead of all of them (a circuit breaker).
"""

import asyncio
import heapq
import itertools
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kpmath_builder.errors import KpmathError

__all__ = ["Endpoint", "EndpointPool"]

LONGEST_REST = 10.0
FIRST_REST = 1.0
BROKEN = 16
"""Faults in a row after which a server gets one request at a time."""


class Waiting(NamedTuple):
    """A place in a queue; the least is served first."""

    rank: int
    """Minus the steps that follow on this request."""
    number: int
    """Of equals whoever came first."""
    ticket: "asyncio.Future[Endpoint]"


@dataclass(eq=False)
class Endpoint:
    """The way to one server; `limit` is the most requests under way there, `down` says that it is known not to run."""

    url: str
    limit: int
    in_flight: int = 0
    down: bool = False
    queue: list[Waiting] = field(default_factory=list)
    """A heap."""
    calls: set[asyncio.Timeout] = field(default_factory=set)
    """One scope for each request under way, by which it can be broken off."""
    away: bool = False
    """Whether it has been out of reach and nobody has looked since who it is."""
    look: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while somebody looks."""
    lost: float = 0.0
    """Seconds that went by with faults and rests since the last answer."""
    _in_a_row: int = 0
    _faults: int = 0
    _rests_until: float = 0.0

    @property
    def busy(self) -> int:
        """Requests under way or waiting for this server."""
        return self.in_flight + len(self.queue)

    @property
    def has_room(self) -> bool:
        """Whether one more request may be sent."""
        if self.is_broken and (self.rests or self.in_flight):
            return False
        return not self.down and self.in_flight < self.limit

    @property
    def is_broken(self) -> bool:
        """Whether it has failed again and again since its last answer."""
        return self._in_a_row >= BROKEN

    @property
    def rests(self) -> bool:
        """Whether it has failed a moment ago."""
        return self.rest > 0

    @property
    def rest(self) -> float:
        """Seconds that it still rests."""
        return max(0.0, self._rests_until - time.monotonic())

    def failed(self, retry_after: float | None, took: float = 0.0) -> None:
        """Rest, the longer the more faults there were in a row; `took` are the seconds of the failed request."""
        self._in_a_row += 1
        if self.rests:
            return  # requests that fail together are one fault of the server
        rest = min(max(FIRST_REST * 2.0 ** min(self._faults, 5), retry_after or 0.0), LONGEST_REST)
        self.lost += took + rest if self._faults else rest
        self._faults += 1
        self._rests_until = time.monotonic() + rest

    def break_off(self) -> None:
        """End the requests under way with a `TimeoutError`; they are sent again elsewhere, or here."""
        for call in list(self.calls):
            call.reschedule(0.0)

    def answered(self) -> None:
        """Forget the faults."""
        self.lost, self._in_a_row, self._faults, self._rests_until = 0.0, 0, 0, 0.0


class EndpointPool:
    """All endpoints of a connection; `endpoint = await endpoints.enter(key)` … `endpoints.leave(endpoint)`."""

    def __init__(self, urls: Sequence[str], limit: int) -> None:
        self.all = [Endpoint(url, limit) for url in urls]
        self._lost: KpmathError | None = None
        self._numbers = itertools.count()

    async def enter(self, key: str, steps: int = 0) -> Endpoint:
        """Wait for a place at a server; equal keys go to the same one where that costs nothing.

        Of those who wait, the one that the most `steps` follow on is served first.

        Raises
        ------
        KpmathError
            What `give_up` was called with.
        """
        if self._lost is not None:
            raise self._lost
        endpoint = self._home(key)
        if not endpoint.has_room:
            endpoint = min(
                (other for other in self._open() if other.has_room), key=lambda at: at.busy, default=endpoint
            )
        if endpoint.has_room:
            endpoint.in_flight += 1
            return endpoint
        return await self._wait(endpoint, steps)

    def leave(self, endpoint: Endpoint) -> None:
        """Give the place back."""
        endpoint.in_flight -= 1
        if endpoint.is_broken and endpoint.rests:
            asyncio.get_running_loop().call_later(endpoint.rest, self.refill)
        if any(other.queue for other in self.all):
            self.refill()

    @property
    def lost(self) -> float:
        """Seconds that all servers have been broken for; 0 where one is not."""
        return min((endpoint.lost if endpoint.is_broken else 0.0 for endpoint in self.all), default=0.0)

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return sum(len(endpoint.queue) for endpoint in self.all)

    def refill(self) -> None:
        """Let those who wait into every endpoint that has room; to be called when a limit, a rest or a endpoint's state changed."""
        for endpoint in self._open():
            while endpoint.has_room and (ticket := self._next(endpoint)):
                if not ticket.done():
                    endpoint.in_flight += 1
                    ticket.set_result(endpoint)

    def give_up(self, error: KpmathError) -> None:
        """Raise `error` to all who wait or come later."""
        self._lost = error
        for endpoint in self.all:
            for _, _, ticket in endpoint.queue:
                if not ticket.done():
                    ticket.set_exception(error)
            endpoint.queue.clear()

    async def _wait(self, endpoint: Endpoint, steps: int) -> Endpoint:
        ticket: asyncio.Future[Endpoint] = asyncio.get_running_loop().create_future()
        heapq.heappush(endpoint.queue, Waiting(-steps, next(self._numbers), ticket))
        try:
            return await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled() and ticket.exception() is None:
                self.leave(ticket.result())  # the place came in the same moment
            raise

    def _next(self, endpoint: Endpoint) -> "asyncio.Future[Endpoint] | None":
        queue = endpoint.queue or max(self.all, key=lambda at: len(at.queue)).queue
        return heapq.heappop(queue).ticket if queue else None

    def _open(self) -> list[Endpoint]:
        up = [endpoint for endpoint in self.all if not endpoint.down]
        return [endpoint for endpoint in up if not endpoint.rests] or up

    def _home(self, key: str) -> Endpoint:
        pool = self.all if len(self.all) == 1 else self._open() or self.all
        if len(pool) == 1:
            return pool[0]
        home = pool[zlib.crc32(key.encode()) % len(pool)]
        least = min(pool, key=lambda endpoint: endpoint.busy)
        return home if home.busy <= 1.25 * least.busy + 8 else least
