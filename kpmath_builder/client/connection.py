"""The way to one or more servers of the same model: a request is sent until it is answered, refused or given up.

A request holds a place at an endpoint only while it is under way; others use the place while it waits to be sent again.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import aiohttp

from kpmath_builder.client.bodies import LONGEST_ERROR, read_body
from kpmath_builder.client.endpoints import Endpoint, EndpointPool, State
from kpmath_builder.client.faults import CallError, Owner, RefusedError, Weight
from kpmath_builder.client.rate_limits import RateLimit
from kpmath_builder.client.retries import Patience, RetryBudget, call_timeout
from kpmath_builder.client.sessions import Sessions, no_answer
from kpmath_builder.client.statuses import fault_of, user_error
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.stopping import Stop
from kpmath_builder.text import shown

__all__ = ["Connection", "ServerCall", "Stats", "Verify"]

T = TypeVar("T")
Verify = Callable[[Endpoint], Awaitable[None]]
"""Checks the identity of a server that was out of reach; raises `CallError` if it does not answer yet."""
Probe = Callable[[Endpoint], Awaitable[bool]]
"""Whether a server answers something that it answered before."""

SECONDS_BETWEEN_MESSAGES = 5.0
_BYTES_PER_TOKEN = 4
"""Of a prompt, roughly; only for a rate limit's estimate."""


@dataclass
class Stats:
    """Counters for a progress display: requests under way now, requests sent so far, and how many of those were retries."""

    in_flight: int = 0
    calls: int = 0
    retries: int = 0


@dataclass(frozen=True)
class ServerCall(Generic[T]):
    """What is sent, and how the answer is read.

    Parameters
    ----------
    path
        Below the base URL, e.g. "/chat/completions".
    body
        Makes the body for an endpoint, whose dialect it may need.
    read
        Makes the result of an answer's bytes; raises `ValueError` for one that is cut off, malformed or of the wrong shape.
    longest_body
        Bytes of the longest answer.
    tokens, samples
        Tokens of the longest reply, 0 if there are none, and how many replies come with one answer.
    weight
        How much an answer that `read` cannot read counts towards giving up.
    used
        Tokens of prompt and replies that an answer says were used; None if it does not say.
    key, steps
        As of `EndpointPool.enter`.
    """

    path: str
    body: Callable[[Endpoint], Mapping[str, Any]]
    read: Callable[[bytes, Endpoint], T]
    longest_body: int
    tokens: int = 0
    samples: int = 1
    weight: Callable[[ValueError], Weight] = lambda _: Weight.MALFORMED
    used: Callable[[T], int | None] = lambda _: None
    key: str = ""
    steps: int = 0


async def _trust(_: Endpoint) -> None:
    """Verify nothing."""


async def _alive(_: Endpoint) -> bool:
    """Hold every server for well."""
    return True


class Connection:
    """Sends JSON to whichever server is least busy until it is answered.

    Parameters
    ----------
    addresses
        `http://host:port` or `unix:/path/to/socket`; all serve the same model.
    api_key
        Sent as a bearer token.
    in_flight
        The most requests under way at any time at each server.
    patience
        Seconds without any answer from any server after which a failing request ends the build.
    verify, probe
        How a server that was out of reach is verified, and how to find out whether it answers at all.
    requests_per_minute, tokens_per_minute
        Budgets for all servers together; None means unlimited.
    keys
        What the recipe's keys for these servers begin with, for messages.
    stop
        Nothing is sent any more once a stop is asked for.
    notify
        Receives sentences for the user, at most one in five seconds of those that repeat.

    Raises
    ------
    InputError
        When there is no address, one is not an address, or the key cannot be sent.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        api_key: str | None = None,
        in_flight: int = 256,
        patience: float = 900.0,
        verify: Verify = _trust,
        probe: Probe = _alive,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        keys: str = "teacher.",
        stop: Stop | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        if not addresses:
            raise InputError(f"No address of a server is given: set {keys}addresses.")
        self.sessions = Sessions(addresses, api_key=api_key)
        self.secrets = self.sessions.secrets
        self.stats = Stats()
        self.pool = EndpointPool(self.sessions.urls, in_flight)
        self.patience = Patience(patience)
        self.pace = 0.0
        """Seconds per token of the slowest answer so far."""
        self.stop = stop or Stop()
        self.keys = keys
        self._rate_limit = RateLimit(
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            notify=self.notify,
            sleep=self.stop.sleep,
        )
        self._verify, self._probe, self._notify = verify, probe, notify
        self._notified_at = float("-inf")
        self._health: dict[Endpoint, tuple[float, bool]] = {}

    async def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        await self.sessions.close()

    async def post(self, call: ServerCall[T]) -> T:
        """Send a call until it is answered, and return what `call.read` makes of the answer.

        Raises
        ------
        RefusedError
            When the server says that it will never answer this request.
        GivenUpError
            When this request alone keeps failing.
        InputError
            When a server that never answered yet does not accept the key, the model or the address.
        BuildError
            When no server has answered anything for `patience` seconds.
        StoppedError
            When the build is stopping and this request is not under way.
        """
        budget = RetryBudget()
        while True:
            self.stop.check()
            endpoint = await self.pool.enter(call.key, call.steps)
            before = endpoint.answers
            try:
                self.stop.check()
                data = json.dumps(call.body(endpoint)).encode()
                estimate = len(data) // _BYTES_PER_TOKEN + call.tokens * call.samples
                await self._rate_limit.acquire(estimate)
                return await self._attempt(endpoint, call, data, estimate)
            except CallError as error:
                fault = error
                owner = await self._owner(endpoint, fault, before)
            finally:
                self.pool.leave(endpoint)
            pause = self._count(endpoint, fault, owner, budget)
            self.notify(f"{fault}, {self._outlook(endpoint, pause)}")
            await self.stop.sleep(pause)
            self.stats.retries += 1

    def notify(self, message: str, *, now: bool = False) -> None:
        """Report a sentence, unless another was reported a moment ago; with `now` in any case."""
        time_now = time.monotonic()
        if self._notify is not None and (now or time_now - self._notified_at >= SECONDS_BETWEEN_MESSAGES):
            self._notified_at = time_now
            self._notify(self.secrets.hide(shown(message)))

    async def send(
        self,
        endpoint: Endpoint,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        limit: int,
        seconds: float,
        cut: bool = False,
    ) -> tuple[int, bytes]:
        """Send one request outside the retries, GET if there is no body, and return the status and the body without our secrets.

        Raises
        ------
        CallError
            When there is no answer within `seconds`, or, unless `cut`, one longer than `limit` bytes.
        """
        data = None if body is None else json.dumps(body).encode()
        try:
            async with asyncio.timeout(seconds), self.sessions.request(endpoint.url, path, data) as reply:
                read = await read_body(reply, limit, cut=cut)
                return reply.status, self.secrets.hide_bytes(read)
        except TimeoutError:
            raise CallError(f"no answer from {endpoint.url} for {seconds:g} s", away=True) from None
        except ValueError as error:
            raise CallError(f"malformed answer from {endpoint.url}: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise no_answer(endpoint.url, error) from error

    async def _attempt(self, endpoint: Endpoint, call: ServerCall[T], data: bytes, estimate: int) -> T:
        seconds = call_timeout(call.tokens, self.patience.seconds, self.pace)
        began = time.monotonic()
        self.stats.in_flight += 1
        self.stats.calls += 1
        scope = asyncio.timeout(seconds)
        endpoint.calls.add(scope)
        try:
            async with scope:
                await self._verified(endpoint)
                answer = await self._exchange(endpoint, call, data, estimate)
                await self._verified(
                    endpoint
                )  # others noticed that it was restarted just before this was sent
        except RefusedError:
            endpoint.answered()
            self.patience.answered()
            raise
        except TimeoutError:
            if endpoint.state is State.DOWN or scope.when() == 0.0:
                raise CallError(f"broken off at {endpoint.url}") from None
            raise CallError(
                f"no answer from {endpoint.url} for {seconds:.0f} s", Owner.UNCLEAR, weight=Weight.NO_ANSWER
            ) from None
        finally:
            endpoint.calls.discard(scope)
            self.stats.in_flight -= 1
        endpoint.answered()
        self.patience.answered()
        if call.tokens:
            self.pace = max(self.pace, (time.monotonic() - began) / max(call.tokens, 64))
        return answer

    async def _exchange(self, endpoint: Endpoint, call: ServerCall[T], data: bytes, estimate: int) -> T:
        status, headers, body = await self._received(endpoint, call, data, estimate)
        if status != HTTPStatus.OK:
            self._rate_limit.settle(estimate, 0, headers)
            wrong = None if endpoint.answers else user_error(endpoint.url, status, body, self.keys)
            raise wrong or fault_of(endpoint.url, status, body, headers)
        try:
            answer = call.read(body, endpoint)
        except ValueError as error:
            self._rate_limit.settle(estimate, None, headers)
            raise _malformed(endpoint, error, call.weight(error)) from error
        self._rate_limit.settle(estimate, call.used(answer), headers)
        return answer

    async def _received(
        self, endpoint: Endpoint, call: ServerCall[T], data: bytes, estimate: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a call and return status, headers and body of the answer, without our secrets."""
        received = False
        try:
            async with self.sessions.request(endpoint.url, call.path, data) as reply:
                ok = reply.status == HTTPStatus.OK
                body = await read_body(reply, call.longest_body if ok else LONGEST_ERROR, cut=not ok)
                received = True
                return reply.status, reply.headers, self.secrets.hide_bytes(body)
        except ValueError as error:
            raise _malformed(endpoint, error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise no_answer(endpoint.url, error) from error
        finally:
            if not received:
                self._rate_limit.settle(estimate, None, {})

    async def _verified(self, endpoint: Endpoint) -> None:
        """Verify an endpoint that was out of reach, once for all who wait for it."""
        if endpoint.verified:
            return
        async with endpoint.lock:
            if not endpoint.verified:
                await self._verify(endpoint)
                endpoint.was_verified()

    async def _owner(self, endpoint: Endpoint, fault: CallError, before: int) -> Owner:
        """Find out who causes a fault: a server that answers others while one request fails is well."""
        if fault.away:
            endpoint.was_away()
        if fault.owner is not Owner.UNCLEAR:
            return fault.owner
        if endpoint.answers > before and not fault.away:
            return Owner.REQUEST
        return Owner.REQUEST if await self._is_well(endpoint) else Owner.SERVER

    async def _is_well(self, endpoint: Endpoint) -> bool:
        """Whether a server answers, as found out after this moment; one probe serves all who ask meanwhile."""
        asked = time.monotonic()
        if not endpoint.verified:
            try:
                await self._verified(endpoint)
            except CallError:
                return False
        async with endpoint.lock:
            probed, well = self._health.get(endpoint, (float("-inf"), False))
            if probed < asked:
                began = time.monotonic()
                well = await self._probe(endpoint)
                self._health[endpoint] = began, well
                if well:
                    self.patience.answered()
        return well

    def _count(self, endpoint: Endpoint, fault: CallError, owner: Owner, budget: RetryBudget) -> float:
        """Book a fault on its owner and return the seconds to wait."""
        if owner is Owner.REQUEST:
            return budget.own(fault)
        endpoint.failed(fault)
        self.patience.failed()
        if self.patience.left <= 0:
            error = BuildError(
                f"The teacher has not answered for {round(self.patience.silent, 1):g} s (last fault: {fault}): "
                f"look after the server and run the same command again to go on."
            )
            self.pool.give_up(error)
            raise error
        return min(budget.pause(fault), self.patience.left)

    def _outlook(self, endpoint: Endpoint, pause: float) -> str:
        if endpoint.state is not State.OPEN:
            return f"waiting {round(pause, 1):g} s"
        return f"trying again in {round(max(endpoint.cooling, pause), 1):g} s; {self.pool.waiting + 1} requests wait"


def _malformed(endpoint: Endpoint, error: ValueError, weight: Weight = Weight.MALFORMED) -> CallError:
    why = " ".join(str(error).split())[:200]
    return CallError(f"malformed answer from {endpoint.url}: {why}", Owner.UNCLEAR, weight=weight)
