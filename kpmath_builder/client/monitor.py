"""Watching the servers while they work: how many requests each should be given, whether one hangs, what they did in all.

The numbers come from `/metrics`, which vLLM has; a server without it is given the most requests that the recipe allows.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from kpmath_builder.client.connection import Connection
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.metrics import Metrics, read_metrics
from kpmath_builder.errors import BuildError

__all__ = ["Load", "Monitor", "fitting_limit"]

SECONDS_BETWEEN_LOOKS = 2.0
LOOK = aiohttp.ClientTimeout(total=10.0)
CROWDED_LOOKS = 5
"""Looks in a row with a queue at the server before it is given fewer requests: a full prompt queue at the start is none."""
SILENT_SECONDS = 30.0
"""Time without a token, with requests under way, after which the user is told."""


NOTHING = Metrics()


@dataclass(frozen=True, slots=True)
class Load:
    """What the servers of one model do now and did since the build began."""

    servers: int = 0
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

    last: Metrics | None = None
    total: Metrics = NOTHING
    speed: float = 0.0
    looked_at: float = 0.0
    crowded: int = 0
    moved_at: float = field(default_factory=time.monotonic)
    told_at: float = 0.0


def fitting_limit(limit: int, seen: Metrics, preempted: float, crowded: int, under_way: int) -> float:
    """Return how many requests should be under way at a server that was given at most `limit`.

    More while all that is sent is taken into the batch at once; as many as run and a few more where a queue has built up;
    a little less than run where the server had to throw requests out of its cache.
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
        Seconds without a token, with requests under way, after which `on_hang` is called, and again after as long.

    Attributes
    ----------
    on_hang
        What to do with a server that hangs; by default the build goes on without it, or ends.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        least: int,
        most: int,
        patience: float,
    ) -> None:
        self.on_hang: Callable[[Endpoint], None] = self._give_up
        self._connection = connection
        self._bounds = (min(least, most), most)
        self._patience = patience
        self._seen = {endpoint.url: _Observed() for endpoint in connection.pool.all}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look; a second call does nothing."""
        if self._task is None:
            for seen in self._seen.values():
                seen.moved_at = time.monotonic()  # the time that a server took to start is no silence
            self._task = asyncio.create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Look once more, for the totals, and end."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await self._look_at_all()

    @property
    def load(self) -> Load:
        """All servers together."""
        seen = [it for it in self._seen.values() if it.last is not None]
        return Load(
            servers=len(seen),
            now=sum((it.last for it in seen if it.last is not None), NOTHING),
            total=sum((it.total for it in seen), NOTHING),
            tokens_per_second=sum(it.speed for it in seen),
        )

    async def _look_for_ever(self) -> None:
        while True:
            await self._look_at_all()
            self._connection.pool.refill()
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def _look_at_all(self) -> None:
        pool = self._connection.pool.all
        await asyncio.gather(*(self._look(endpoint, self._seen[endpoint.url]) for endpoint in pool))

    async def _look(self, endpoint: Endpoint, seen: _Observed) -> None:
        if endpoint.down:
            seen.moved_at = time.monotonic()  # a server that starts is no server that hangs
            return
        try:
            metrics = await self._gauges(endpoint)
        except (aiohttp.ClientError, OSError, TimeoutError):
            self._mind_silence(endpoint, seen)
            return
        if metrics is None:
            seen.moved_at = time.monotonic()  # it says nothing of itself: no silence can be told
            return
        # What was done before the first look was done for others.
        grown = metrics.since(seen.last if seen.last is not None else metrics)
        self._note(seen, metrics, grown)
        self._fit(endpoint, seen, metrics, grown.preemptions)
        if grown.generated_tokens or grown.prompt_tokens or not endpoint.in_flight:
            seen.moved_at = time.monotonic()
        self._mind_silence(endpoint, seen)

    async def _gauges(self, endpoint: Endpoint) -> Metrics | None:
        if not self._connection.addresses[endpoint.url].metrics:
            return None
        async with self._connection.call("GET", endpoint.url, "/metrics", timeout=LOOK) as reply:
            return read_metrics(await reply.text(errors="replace")) if reply.status == 200 else None

    def _note(self, seen: _Observed, metrics: Metrics, grown: Metrics) -> None:
        now = time.monotonic()
        seen.speed = grown.generated_tokens / (now - seen.looked_at) if seen.last is not None else 0.0
        seen.total += grown
        seen.last, seen.looked_at = metrics, now

    def _fit(self, endpoint: Endpoint, seen: _Observed, metrics: Metrics, preempted: float) -> None:
        seen.crowded = seen.crowded + 1 if metrics.waiting > max(8.0, metrics.running / 4) else 0
        wish = fitting_limit(endpoint.limit, metrics, preempted, seen.crowded, endpoint.in_flight)
        least, most = self._bounds
        endpoint.limit = round(min(max(wish, least), most))

    def _mind_silence(self, endpoint: Endpoint, seen: _Observed) -> None:
        now = time.monotonic()
        silent = now - seen.moved_at
        if not endpoint.in_flight or silent < SILENT_SECONDS:
            return
        if silent >= self._patience:
            seen.moved_at = now
            self.on_hang(endpoint)
        elif now - seen.told_at >= SILENT_SECONDS:
            seen.told_at = now
            self._connection.notify(f"{endpoint.url} has not made a token for {silent:.0f} s, waiting")

    def _give_up(self, endpoint: Endpoint) -> None:
        """Go on without a server that hangs; without the last one the build ends."""
        endpoint.down = True
        hangs = f"The server at {endpoint.url} has not made a token for {self._patience:g} s although requests are under way"
        if all(other.down for other in self._connection.pool.all):
            self._connection.pool.give_up(
                BuildError(f"{hangs}: look after it and run the same command again to go on.")
            )
        else:
            self._connection.notify(f"{hangs}: going on without it")
        endpoint.break_off()
