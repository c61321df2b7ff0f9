"""Rate limits of paid APIs, respected before the server has to say 429.

Budgets per minute come from the recipe; what the server says about its own limits comes from the headers of its
answers. Both are token buckets, one for requests and one for tokens. A request takes its estimate (prompt and
`max_tokens`) before it is sent, and the difference is given back once the real usage is known.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf

from kpmath_builder.client.allowances import MINUTE, Allowance, read_allowances
from kpmath_builder.client.retry_after import LONGEST_WAIT
from kpmath_builder.client.wait_notes import WaitNotes

__all__ = ["RateLimit"]

SHORTEST_STEP, STEP = 0.001, 1.0
"""Seconds between two looks at the buckets; only the request at the head of the queue looks."""
WORTH_SAYING = 5.0
"""Seconds of waiting that are reported."""
SAME_WINDOW = 2.0
"""Seconds by which two reports of the same reset may differ."""
ROUNDING = 1e-6
BURST = 10
"""A tenth of a minute's budget may be sent at once, so that no second gets more than it can take."""


@dataclass
class _Bucket:
    """What may still be sent; `level` is below zero after a request that was larger than the bucket."""

    capacity: float
    rate: float
    """Per second."""
    level: float
    at: float
    """The clock's time of `level`."""
    full_at: float = inf
    """The clock's time at which the bucket is full at once, as a window that begins anew."""

    def wait(self, amount: float, now: float) -> float:
        """Return the seconds until `amount`, or all that the bucket can hold, is there."""
        self.advance(now)
        missing = min(amount, self.capacity) - self.level
        if missing <= ROUNDING:
            return 0.0
        return min(missing / self.rate if self.rate else inf, self.full_at - now)

    def take(self, amount: float, now: float) -> None:
        """Take `amount`, or give it back if it is negative; the debt is never more than a minute's worth."""
        self.advance(now)
        debt = max(self.capacity, MINUTE * self.rate)
        self.level = min(max(self.level - amount, -debt), self.capacity)

    def advance(self, now: float) -> None:
        """Let in what has come since."""
        self.level = min(self.capacity, self.level + self.rate * max(0.0, now - self.at))
        self.at = now
        if now >= self.full_at:
            self.level, self.full_at = self.capacity, inf


class _Limit:
    """One kind of limit (requests or tokens): the recipe's budget and what the server says."""

    def __init__(self, per_minute: int | None, now: float) -> None:
        self._budget = _budget(per_minute, now) if per_minute else None
        self._server: _Bucket | None = None
        self._forget_at = 0.0

    @property
    def unlimited(self) -> bool:
        """Whether there is no limit of this kind."""
        return self._budget is None and self._server is None

    def wait(self, amount: float, now: float, waited: float) -> float:
        """Return the seconds to wait; what a server says counts for `LONGEST_WAIT` in all."""
        if self._server and now >= self._forget_at:
            self._server = None
        own = self._budget.wait(amount, now) if self._budget else 0.0
        told = self._server.wait(amount, now) if self._server else 0.0
        return max(own, min(told, LONGEST_WAIT - waited))

    def waits_for_server(self, amount: float, now: float) -> bool:
        """Whether the server's words, not the recipe's budget, are what is waited for."""
        own = self._budget.wait(amount, now) if self._budget else 0.0
        return self._server is not None and self._server.wait(amount, now) > own

    def take(self, amount: float, now: float) -> None:
        """Take `amount`, or give it back if it is negative."""
        for bucket in (self._budget, self._server):
            if bucket:
                bucket.take(amount, now)

    def learn(self, said: Allowance | None, now: float) -> None:
        """Take over what the server says; of what is sent meanwhile it cannot know."""
        if said is None or not (said.reset or said.refills):
            return  # a window that has ended says nothing about the present one
        told, before = _told(said, now), self._server
        if before and not _is_later_window(told, before):
            before.advance(now)
            told.level = min(before.level, told.level)
        self._server = told
        self._forget_at = now + min(said.reset, LONGEST_WAIT) + MINUTE


class RateLimit:
    """The limits of one model at one account, for all its addresses together.

    Requests pass in the order in which they came. One that is larger than a whole budget passes when the budget is full.
    Within any minute no more than the budget is sent, but for the size of one request that exceeds a tenth of it.

    Parameters
    ----------
    requests_per_minute, tokens_per_minute
        Budgets of the recipe; None means unlimited.
    notify
        Called with a sentence when a request has to wait for more than a few seconds; seldom, if that goes on.
    clock, today, sleep
        The monotonic clock, the date (for headers that give one), and how to wait.
    """

    def __init__(
        self,
        *,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        notify: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._requests = _Limit(requests_per_minute, clock())
        self._tokens = _Limit(tokens_per_minute, clock())
        self._clock, self._today, self._sleep = clock, today, sleep
        self._notes = WaitNotes(notify, clock)
        self._turn = asyncio.Lock()
        self._queued = 0

    async def acquire(self, tokens: int) -> None:
        """Wait until a request of an estimated number of tokens (prompt and reply) may be sent.

        Whatever becomes of the request, `settle` must follow; a cancelled wait takes nothing.
        """
        if not self._queued and (not self.limited or self._wait(tokens, 0.0) <= 0.0):
            self._take(tokens)
            return
        self._queued += 1
        try:
            async with self._turn:  # served in order of arrival
                await self._wait_at_the_head(tokens)
                self._take(tokens)
        finally:
            self._queued -= 1

    @property
    def limited(self) -> bool:
        """Whether the recipe or the server has named a limit: otherwise there is nothing to keep account of."""
        return not (self._requests.unlimited and self._tokens.unlimited)

    def settle(self, estimated: int, used: int | None, headers: Mapping[str, str]) -> None:
        """Correct the estimate and learn from an answer.

        Parameters
        ----------
        estimated
            What `acquire` was called with.
        used
            Tokens of prompt and reply; 0 for a request that was refused or not sent, None if unknown.
        headers
            Of the answer; empty if there was none.
        """
        requests, tokens = read_allowances(headers, self._today())
        if requests is None and tokens is None and not self.limited:
            return
        now = self._clock()
        if used is not None and used >= 0:
            self._tokens.take(min(used, 10**9) - estimated, now)
        self._requests.learn(requests, now)
        self._tokens.learn(tokens, now)

    async def _wait_at_the_head(self, tokens: int) -> None:
        began = self._clock()
        wait = self._wait(tokens, 0.0)
        if wait >= WORTH_SAYING:
            self._say(wait, tokens)
        else:
            self._notes.eased()
        while wait > 0.0:
            await self._sleep(
                min(max(wait, SHORTEST_STEP), STEP)
            )  # in steps, for an answer may give something back
            wait = self._wait(tokens, self._clock() - began)

    def _say(self, wait: float, tokens: int) -> None:
        now = self._clock()
        is_tokens = self._tokens.wait(tokens, now, 0.0) > self._requests.wait(1.0, now, 0.0)
        kind, limit, amount = (
            ("tokens", self._tokens, float(tokens)) if is_tokens else ("requests", self._requests, 1.0)
        )
        self._notes.say(wait, kind, self._queued, by_server=limit.waits_for_server(amount, now))

    def _wait(self, tokens: int, waited: float) -> float:
        now = self._clock()
        return max(self._requests.wait(1.0, now, waited), self._tokens.wait(tokens, now, waited))

    def _take(self, tokens: int) -> None:
        if not self.limited:
            return
        now = self._clock()
        self._requests.take(1.0, now)
        self._tokens.take(tokens, now)


def _budget(per_minute: int, now: float) -> _Bucket:
    # A full bucket and what flows in during a minute make exactly the budget.
    burst = max(1, per_minute // BURST)
    return _Bucket(burst, (per_minute - burst + 1) / MINUTE, burst, now)


def _told(said: Allowance, now: float) -> _Bucket:
    if not said.refills:
        return _Bucket(said.limit, 0.0, said.remaining, now, now + said.reset)
    used = said.limit - said.remaining
    rate = used / said.reset if used and said.reset else said.limit / MINUTE
    return _Bucket(said.limit, rate, said.remaining, now)


def _is_later_window(one: _Bucket, other: _Bucket) -> bool:
    return other.full_at + SAME_WINDOW < one.full_at < inf
