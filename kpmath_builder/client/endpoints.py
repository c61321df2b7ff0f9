"""Endpoints of one model: the state of each server, which request goes to which, and how many are under way there at once.

The samples of one request share their prompt, and each server has a prefix cache of its own. So each request has a home, chosen
by its key, unless another server is much less busy; a server with room and an empty queue takes from the longest queue. Requests
with most remaining steps go first: when no blueprint is left to begin, no long chain of steps is left either, and the servers
stay full to the end.
"""

import asyncio
import heapq
import itertools
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from kpmath_builder.client.deadlines import Deadlines
from kpmath_builder.client.dialects import UNPROBED, Dialect
from kpmath_builder.client.faults import CallError
from kpmath_builder.errors import KpmathError

__all__ = ["Endpoint", "EndpointPool", "State"]

FIRST_COOL_DOWN = 1.0
LONGEST_COOL_DOWN = 10.0
FAULTS_TO_OPEN = 16
"""Faults in a row after which the circuit opens: one request at a time finds out whether the server is back."""


class State(Enum):
    """What may be sent to a server."""

    READY = auto()
    """Requests up to the limit."""
    UNVERIFIED = auto()
    """It was out of reach: its identity is checked before a request, and an answer counts only after that."""
    COOLING_DOWN = auto()
    """It failed a moment ago, and others are preferred: its instant failures would look like idleness and draw all traffic."""
    OPEN = auto()
    """It failed again and again: after each cool-down one request, and no other, tries it (a circuit breaker)."""
    DOWN = auto()
    """It is known not to run: nothing is sent."""


class _Waiting(NamedTuple):
    """A place in a queue; the least is served first."""

    rank: int
    """Minus the steps that follow on this request."""
    number: int
    """Among equals the first to come is the first served."""
    ticket: "asyncio.Future[Endpoint]"


@dataclass(eq=False)
class Endpoint:
    """One server. All changes of its state are the methods from `answered` on.

    Parameters
    ----------
    url
        Base URL, without a closing slash.
    limit
        The most requests under way; the monitor sets it.
    clock
        In seconds.
    """

    url: str
    limit: int
    clock: Callable[[], float] = time.monotonic
    dialect: Dialect = UNPROBED
    in_flight: int = 0
    answers: int = 0
    """Answers so far."""
    begun: int = 0
    """Calls so far; each has its number."""
    latest_answered: int = 0
    """The number of the last call, in the order in which they began, that was answered."""
    queue: list[_Waiting] = field(default_factory=list)
    """A heap."""
    calls: Deadlines = field(default_factory=Deadlines)
    """Of the requests under way."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while its identity or health is checked, so that one check serves all who wait for it."""
    absences: int = 0
    """How often it was out of reach."""
    _state: State = State.READY
    _verified: bool = True
    _faults: int = 0
    _cool_downs: int = 0
    _cool_until: float = 0.0

    @property
    def state(self) -> State:
        """The state at this moment; a cool-down ends by itself."""
        if self._state is State.COOLING_DOWN and self.cooling <= 0:
            return State.READY if self._verified else State.UNVERIFIED
        return self._state

    @property
    def cooling(self) -> float:
        """Seconds left of the cool-down; 0 or less if there is none."""
        return self._cool_until - self.clock()

    @property
    def verified(self) -> bool:
        """Whether its identity holds: it has not been out of reach since it was last checked."""
        return self._verified

    @property
    def has_room(self) -> bool:
        """Whether one more request may be sent."""
        if self._state is State.DOWN:
            return False
        if self._state is State.OPEN:
            return self.cooling <= 0 and not self.in_flight
        return self.in_flight < self.limit

    def begin(self) -> int:
        """Return the number of a call that begins now."""
        self.begun += 1
        return self.begun

    def answered(self, call: int = 0) -> None:
        """Forget the faults: the server answers; `call` is the number of what it answered, 0 for a check of its identity."""
        self.answers += 1
        self.latest_answered = max(self.latest_answered, call)
        self._faults, self._cool_downs, self._cool_until = 0, 0, 0.0
        if self._state is not State.DOWN:
            self._state = State.READY if self._verified else State.UNVERIFIED

    def failed(self, fault: CallError) -> None:
        """Cool down, the longer the more faults there were in a row; open the circuit after many."""
        if fault.away:
            self._lose()
        self._faults += 1
        if self._state is State.DOWN:
            return
        if self.cooling <= 0:  # requests that fail together are one fault of the server
            wish = max(FIRST_COOL_DOWN * 2.0 ** min(self._cool_downs, 5), fault.retry_after or 0.0)
            self._cool_until = self.clock() + min(wish, LONGEST_COOL_DOWN)
            self._cool_downs += 1
        self._state = State.OPEN if self._faults >= FAULTS_TO_OPEN else State.COOLING_DOWN

    def was_away(self) -> None:
        """Check the identity before the next request: the connection broke, and another server may stand there now."""
        self._lose()
        if self._state is State.READY:
            self._state = State.UNVERIFIED

    def was_verified(self, absences: int) -> None:
        """Trust it again, unless it has been out of reach since it had been so `absences` times: another may stand there now."""
        if self.absences != absences:
            return
        self._verified = True
        if self._state is State.UNVERIFIED:
            self._state = State.READY

    def set_running(self, *, running: bool) -> None:
        """Send requests again, or none at all; calls under way are broken off when it stops."""
        if running:
            self._faults, self._cool_downs, self._cool_until = 0, 0, 0.0
            self._state = State.READY if self._verified else State.UNVERIFIED
        else:
            self._state = State.DOWN

    def _lose(self) -> None:
        self.absences += 1
        self._verified = False

    def break_off(self) -> None:
        """End the requests under way with a `TimeoutError`; they are sent again elsewhere, or here."""
        self.calls.break_off()

    @property
    def busy(self) -> int:
        """Requests under way or waiting for this server."""
        return self.in_flight + len(self.queue)


class EndpointPool:
    """All servers of a connection; `endpoint = await pool.enter(key)` … `pool.leave(endpoint)`."""

    def __init__(self, urls: Sequence[str], limit: int) -> None:
        self.all = [Endpoint(url, limit) for url in urls]
        self._error: KpmathError | None = None
        self._numbers = itertools.count()

    async def enter(self, key: str, steps: int = 0) -> Endpoint:
        """Wait for a place at a server.

        Parameters
        ----------
        key
            Equal keys go to the same server if that costs nothing.
        steps
            How many steps follow on this request; requests with most steps are served first.

        Raises
        ------
        KpmathError
            What `give_up` was called with.
        """
        if self._error is not None:
            raise self._error
        endpoint = self.all[0] if len(self.all) == 1 else self._home(key)
        if not endpoint.has_room and len(self.all) > 1:
            endpoint = min(
                (other for other in self._open() if other.has_room), key=lambda at: at.busy, default=endpoint
            )
        if endpoint.has_room:
            endpoint.in_flight += 1
            return endpoint
        ticket: asyncio.Future[Endpoint] = asyncio.get_running_loop().create_future()
        heapq.heappush(endpoint.queue, _Waiting(-steps, next(self._numbers), ticket))
        try:
            return await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled() and ticket.exception() is None:
                self.leave(ticket.result())  # the place came in the same moment
            raise

    def leave(self, endpoint: Endpoint) -> None:
        """Give the place back."""
        endpoint.in_flight -= 1
        if endpoint.state is State.OPEN and endpoint.cooling > 0:
            self._refill_after(endpoint)
        if len(self.all) > 1:
            if any(other.queue for other in self.all):
                self.refill()
        elif endpoint.queue:
            self._let_in(endpoint)

    def _refill_after(self, endpoint: Endpoint) -> None:
        """Refill once a cool-down is over; a timer may fire a hair early, and then waits for the rest."""
        if endpoint.cooling > 0:
            asyncio.get_running_loop().call_later(endpoint.cooling, self._refill_after, endpoint)
        else:
            self.refill()

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return sum(len(endpoint.queue) for endpoint in self.all)

    def refill(self) -> None:
        """Let waiting requests in wherever there is room; to be called when a limit or a state changed."""
        for endpoint in self._open():
            self._let_in(endpoint)

    def _let_in(self, endpoint: Endpoint) -> None:
        while endpoint.has_room and (ticket := self._next(endpoint)):
            if not ticket.done():
                endpoint.in_flight += 1
                ticket.set_result(endpoint)

    def give_up(self, error: KpmathError) -> None:
        """Raise `error` to all who wait or come later."""
        self._error = error
        for endpoint in self.all:
            for _, _, ticket in endpoint.queue:
                if not ticket.done():
                    ticket.set_exception(error)
            endpoint.queue.clear()

    def _next(self, endpoint: Endpoint) -> "asyncio.Future[Endpoint] | None":
        queue = endpoint.queue or max(self.all, key=lambda at: len(at.queue)).queue
        return heapq.heappop(queue).ticket if queue else None

    def _open(self) -> list[Endpoint]:
        up = [endpoint for endpoint in self.all if endpoint.state is not State.DOWN]
        return [endpoint for endpoint in up if endpoint.cooling <= 0] or up

    def _home(self, key: str) -> Endpoint:
        endpoints = self._open() or self.all
        if len(endpoints) == 1:
            return endpoints[0]
        home = endpoints[zlib.crc32(key.encode()) % len(endpoints)]
        least = min(endpoints, key=lambda endpoint: endpoint.busy)
        return home if home.busy <= 1.25 * least.busy + 8 else least
