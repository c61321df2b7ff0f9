"""Watching the servers while they work: how many requests each should be given, whether one hangs, what they did in all.

The numbers come from `/metrics`, which vLLM has; a server without it is given the most requests that the recipe allows.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from kpmath_builder.errors import BuildError
from kpmath_builder.teachers.connection import Connection
from kpmath_builder.teachers.gauges import Gauges, read_gauges
from kpmath_builder.teachers.lanes import Lane

__all__ = ["Load", "Watch", "fitting_limit"]

SECONDS_BETWEEN_LOOKS = 2.0
LOOK = aiohttp.ClientTimeout(total=10.0)
CROWDED_LOOKS = 5
"""Looks in a row with a queue at the server before it is given fewer requests: a full prompt queue at the start is none."""
SILENT_SECONDS = 30.0
"""Time without a token, with requests under way, after which the user is told."""


NOTHING = Gauges()


@dataclass(frozen=True, slots=True)
class Load:
    """What the servers of one model do now and did since the build began."""

    servers: int = 0
    now: Gauges = NOTHING
    total: Gauges = NOTHING
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
class _Seen:
    """What was seen of one server so far."""

    last: Gauges | None = None
    total: Gauges = NOTHING
    speed: float = 0.0
    looked_at: float = 0.0
    crowded: int = 0
    moved_at: float = field(default_factory=time.monotonic)
    told_at: float = 0.0


def fitting_limit(limit: int, seen: Gauges, preempted: float, crowded: int, under_way: int) -> float:
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


class Watch:
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
        self.on_hang: Callable[[Lane], None] = self._give_up
        self._connection = connection
        self._bounds = (min(least, most), most)
        self._patience = patience
        self._seen = {lane.url: _Seen() for lane in connection.lanes.all}
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
            self._connection.lanes.refill()
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def _look_at_all(self) -> None:
        lanes = self._connection.lanes.all
        await asyncio.gather(*(self._look(lane, self._seen[lane.url]) for lane in lanes))

    async def _look(self, lane: Lane, seen: _Seen) -> None:
        if lane.down:
            seen.moved_at = time.monotonic()  # a server that starts is no server that hangs
            return
        try:
            gauges = await self._gauges(lane)
        except (aiohttp.ClientError, OSError, TimeoutError):
            self._mind_silence(lane, seen)
            return
        if gauges is None:
            seen.moved_at = time.monotonic()  # it says nothing of itself: no silence can be told
            return
        # What was done before the first look was done for others.
        grown = gauges.since(seen.last if seen.last is not None else gauges)
        self._note(seen, gauges, grown)
        self._fit(lane, seen, gauges, grown.preemptions)
        if grown.generated_tokens or grown.prompt_tokens or not lane.in_flight:
            seen.moved_at = time.monotonic()
        self._mind_silence(lane, seen)

    async def _gauges(self, lane: Lane) -> Gauges | None:
        url = lane.url.removesuffix("/v1") + "/metrics"
        async with self._connection.session().get(url, timeout=LOOK, allow_redirects=False) as reply:
            return read_gauges(await reply.text(errors="replace")) if reply.status == 200 else None

    def _note(self, seen: _Seen, gauges: Gauges, grown: Gauges) -> None:
        now = time.monotonic()
        seen.speed = grown.generated_tokens / (now - seen.looked_at) if seen.last is not None else 0.0
        seen.total += grown
        seen.last, seen.looked_at = gauges, now

    def _fit(self, lane: Lane, seen: _Seen, gauges: Gauges, preempted: float) -> None:
        seen.crowded = seen.crowded + 1 if gauges.waiting > max(8.0, gauges.running / 4) else 0
        wish = fitting_limit(lane.limit, gauges, preempted, seen.crowded, lane.in_flight)
        least, most = self._bounds
        lane.limit = round(min(max(wish, least), most))

    def _mind_silence(self, lane: Lane, seen: _Seen) -> None:
        now = time.monotonic()
        silent = now - seen.moved_at
        if not lane.in_flight or silent < SILENT_SECONDS:
            return
        if silent >= self._patience:
            seen.moved_at = now
            self.on_hang(lane)
        elif now - seen.told_at >= SILENT_SECONDS:
            seen.told_at = now
            self._connection.tell(f"{lane.url} has not made a token for {silent:.0f} s, waiting")

    def _give_up(self, lane: Lane) -> None:
        """Go on without a server that hangs; without the last one the build ends."""
        lane.down = True
        hangs = f"The server at {lane.url} has not made a token for {self._patience:g} s although requests are under way"
        if all(other.down for other in self._connection.lanes.all):
            self._connection.lanes.give_up(
                BuildError(f"{hangs}: look after it and run the same command again to go on.")
            )
        else:
            self._connection.tell(f"{hangs}: going on without it")
        lane.break_off()
