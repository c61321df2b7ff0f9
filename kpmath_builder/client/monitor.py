"""Watching the servers while they work: how many requests each should be given, whether one hangs, what they did in all.

The numbers come from `/metrics`, which vLLM has. A server without it is given the most requests that the recipe allows, and its
answers are its only signs of life.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from kpmath_builder.client.bodies import LONGEST_METRICS, read_body
from kpmath_builder.client.connection import Connection
from kpmath_builder.client.endpoints import Endpoint, State
from kpmath_builder.client.metrics import Metrics, read_metrics
from kpmath_builder.errors import BuildError

__all__ = ["Load", "Monitor", "fitting_limit"]

SECONDS_BETWEEN_LOOKS = 2.0
LOOK_SECONDS = 10.0
CROWDED_LOOKS = 5
"""Looks in a row with a queue at the server before it is given fewer requests; a full prompt queue at the start is normal."""
SILENT_SECONDS = 30.0
"""Time without a sign of life, with requests under way, after which the user is notified."""


NOTHING = Metrics()


@dataclass(frozen=True, slots=True)
class Load:
    """What the servers of one model do now and did since the build began."""

    servers: int = 0
    """That publish their numbers now; figures of a dead server are none of the server that came to its address."""
    now: Metrics = NOTHING
    total: Metrics = NOTHING
    tokens_per_second: float = 0.0
    """Generated, over the last look."""

    @property
    def hit_rate(self) -> float:
        """Share of the prompt tokens that the prefix cache spared."""
        return self.total.cache_hits / self.total.cache_queries if self.total.cache_queries else 0.0

    def __str__(self) -> str:
        return (
            f"{self.now.running:,.0f} running, {self.now.waiting:,.0f} waiting, {self.tokens_per_second:,.0f} tokens/s, "
            f"prefix cache {self.hit_rate:.0%}, {self.total.preemptions:,.0f} preemptions"
        )


@dataclass
class _Observed:
    """What was seen of one server so far."""

    current: Metrics | None = None
    """None while the server publishes none, or cannot be reached."""
    last: Metrics | None = None
    total: Metrics = NOTHING
    speed: float = 0.0
    looked_at: float = 0.0
    crowded: int = 0
    answers: int = 0
    alive_at: float = 0.0
    notified_at: float = float("-inf")


def fitting_limit(limit: int, seen: Metrics, preempted: float, crowded: int, under_way: int) -> float:
    """Return how many requests should be under way at a server that was given at most `limit`.

    More while the batch takes all that is sent; as many as run and a few more if a queue has built up; a little less than run
    if the server had to throw requests out of its cache.
    """
    if preempted:
        return 0.9 * seen.running
    if crowded >= CROWDED_LOOKS:
        return seen.running + max(8.0, seen.running / 8)
    if under_way >= limit and seen.waiting <= seen.running / 16:
        return 2.0 * limit
    return limit


class Monitor:
    """Looks at every server of a connection every two seconds, between `start` and `stop`.

    Parameters
    ----------
    least, most
        Bounds of the requests under way at each server.
    patience
        Seconds without a sign of life, with requests under way, after which `on_hang` is called, and again after as long.
    is_alive
        Asks a server that publishes no metrics for something that it answered before.
    on_hang
        What to do with a server that hangs; by default the build goes on without it, or ends.
    clock
        In seconds; by default the monotonic one.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        least: int,
        most: int,
        patience: float,
        is_alive: Callable[[Endpoint], Awaitable[bool]],
        on_hang: Callable[[Endpoint], None] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock or time.monotonic
        self._on_hang = on_hang or self._give_up
        self._is_alive = is_alive
        self._connection = connection
        self._bounds = (min(least, most), most)
        self._patience = patience
        self._observed = {endpoint.url: _Observed() for endpoint in connection.pool.all}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look; a second call does nothing."""
        if self._task is None:
            for observed in self._observed.values():
                observed.alive_at = self._clock()  # the time that a server took to start is not silence
            self._task = asyncio.create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Look once more, for the totals, and end."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.gather(*(self._read(endpoint) for endpoint in self._connection.pool.all))

    @property
    def load(self) -> Load:
        """All servers together."""
        observed = self._observed.values()
        current = [each.current for each in observed if each.current is not None]
        return Load(
            servers=len(current),
            now=sum(current, NOTHING),
            total=sum((each.total for each in observed), NOTHING),
            tokens_per_second=sum(each.speed for each in observed if each.current is not None),
        )

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.gather(*(self._look(endpoint) for endpoint in self._connection.pool.all))
            self._connection.pool.refill()
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def _look(self, endpoint: Endpoint) -> None:
        observed = self._observed[endpoint.url]
        if endpoint.state is State.DOWN:
            observed.current = None
            observed.alive_at = self._clock()  # a server that starts does not hang
            return
        grown = await self._read(endpoint)
        if grown is not None and observed.current is not None:
            self._fit(endpoint, observed, observed.current, grown.preemptions)
        moved = grown is not None and (grown.generated_tokens or grown.prompt_tokens)
        if moved or endpoint.answers != observed.answers or not endpoint.in_flight:
            observed.alive_at, observed.answers = self._clock(), endpoint.answers
        await self._mind_silence(endpoint, observed)

    async def _read(self, endpoint: Endpoint) -> Metrics | None:
        """Read the metrics of a server, if it has any, and return how far they have grown."""
        observed = self._observed[endpoint.url]
        metrics = await self._metrics(endpoint)
        observed.current = metrics
        if metrics is None:
            return None
        # What was done before the first look was done for others.
        grown = metrics.since(observed.last if observed.last is not None else metrics)
        now = self._clock()
        observed.speed = (
            grown.generated_tokens / (now - observed.looked_at) if observed.last is not None else 0.0
        )
        observed.total += grown
        observed.last, observed.looked_at = metrics, now
        return grown

    async def _metrics(self, endpoint: Endpoint) -> Metrics | None:
        request = self._connection.sessions.metrics(endpoint.url)
        if request is None:
            return None
        try:
            async with asyncio.timeout(LOOK_SECONDS), request as reply:
                if reply.status != 200:
                    return None
                body = await read_body(reply, LONGEST_METRICS)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return None
        return read_metrics(body.decode(errors="replace"))

    def _fit(self, endpoint: Endpoint, observed: _Observed, metrics: Metrics, preempted: float) -> None:
        observed.crowded = observed.crowded + 1 if metrics.waiting > max(8.0, metrics.running / 4) else 0
        wish = fitting_limit(endpoint.limit, metrics, preempted, observed.crowded, endpoint.in_flight)
        least, most = self._bounds
        endpoint.limit = round(min(max(wish, least), most))

    async def _mind_silence(self, endpoint: Endpoint, observed: _Observed) -> None:
        now = self._clock()
        silent = now - observed.alive_at
        if not endpoint.in_flight or silent < min(SILENT_SECONDS, self._patience):
            return
        if silent >= self._patience:
            if observed.current is None and await self._is_alive(endpoint):
                observed.alive_at = (
                    self._clock()
                )  # it answers: what hangs are single requests, which have limits
                return
            observed.alive_at = self._clock()
            self._on_hang(endpoint)
        elif now - observed.notified_at >= SILENT_SECONDS:
            observed.notified_at = now
            self._connection.notify(f"{endpoint.url} has not {_sign(observed)} for {silent:.0f} s, waiting")

    def _give_up(self, endpoint: Endpoint) -> None:
        """Go on without a server that hangs; without the last one the build ends."""
        observed = self._observed[endpoint.url]
        endpoint.set_running(running=False)
        hangs = f"The server at {endpoint.url} has not {_sign(observed)} for {self._patience:g} s although requests are under way"
        if all(other.state is State.DOWN for other in self._connection.pool.all):
            self._connection.pool.give_up(
                BuildError(f"{hangs}: look after it and run the same command again to go on.")
            )
        else:
            self._connection.notify(f"{hangs}: going on without it")
        endpoint.break_off()


def _sign(observed: _Observed) -> str:
    return "answered" if observed.last is None else "made a token"
