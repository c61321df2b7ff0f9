"""What is sent to a server and how its answer is read, and one attempt to send it: bounded in bytes and in time."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import aiohttp

from kpmath_builder.client.bodies import LONGEST_ERROR, read_body
from kpmath_builder.client.endpoints import Endpoint, State
from kpmath_builder.client.faults import CallError, Owner, Weight
from kpmath_builder.client.rate_limits import RateLimit
from kpmath_builder.client.retries import call_timeout
from kpmath_builder.client.sessions import Sessions
from kpmath_builder.client.statuses import fault_of, user_error

__all__ = ["Sender", "ServerCall", "Stats"]

T = TypeVar("T")

_BYTES_PER_TOKEN = 4
"""Of a prompt, roughly; only for a rate limit's estimate."""
_SHORTEST_PACED = 64
"""Tokens for which any call may take its time: the pace of shorter replies is the pace of the way there and back."""


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
    bytes
        Of the prompt, roughly; for the estimate of a rate limit.
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
    bytes: int = 0
    key: str = ""
    steps: int = 0


class _DroppedError(Exception):
    """A connection broke before the first byte of an answer."""

    def __init__(self, error: aiohttp.ServerDisconnectedError) -> None:
        super().__init__(str(error))
        self.error = error


class Sender:
    """Sends a call once.

    Parameters
    ----------
    sessions, rate_limit
        The way to the servers, and what may be sent over it.
    patience
        As of `retries.call_timeout`, in seconds.
    verified
        Checks the identity of an endpoint that was out of reach, before a request is sent there.
    keys
        What the recipe's keys for these servers begin with, for messages.
    """

    def __init__(
        self,
        sessions: Sessions,
        rate_limit: RateLimit,
        *,
        patience: float,
        verified: Callable[[Endpoint], Awaitable[None]],
        keys: str,
    ) -> None:
        self.stats = Stats()
        self._sessions, self._rate_limit = sessions, rate_limit
        self._patience, self._verified, self._keys = patience, verified, keys
        self._pace = 0.0
        """Seconds per token of the slowest answer so far."""

    async def send(self, endpoint: Endpoint, call: ServerCall[T]) -> T:
        """Send a call and return its result.

        Raises
        ------
        CallError
            When that fails in a way that may pass.
        RefusedError
            When the server says that it will never answer this request.
        InputError
            When a server that never answered yet does not accept the key, the model or the address.
        """
        estimate = call.bytes // _BYTES_PER_TOKEN + call.tokens * call.samples
        await self._rate_limit.acquire(estimate)
        seconds = call_timeout(call.tokens, self._patience, self._pace)
        began = time.monotonic()
        scope = asyncio.timeout(seconds)
        self.stats.in_flight += 1
        self.stats.calls += 1
        endpoint.calls.add(scope)
        try:
            async with scope:
                if not endpoint.verified:
                    await self._verified(endpoint)
                # Only now it is known how this server wants the request.
                data = json.dumps(call.body(endpoint)).encode()
                answer = await self._exchange(endpoint, call, data, estimate)
        except TimeoutError:
            if endpoint.state is State.DOWN or scope.when() == 0.0:
                raise CallError(f"broken off at {endpoint.url}", broke_off=True) from None
            raise CallError(
                f"no answer from {endpoint.url} for {seconds:.0f} s", Owner.UNCLEAR, weight=Weight.NO_ANSWER
            ) from None
        finally:
            endpoint.calls.discard(scope)
            self.stats.in_flight -= 1
        if call.tokens:
            self._pace = max(self._pace, (time.monotonic() - began) / max(call.tokens, _SHORTEST_PACED))
        return answer

    async def _exchange(self, endpoint: Endpoint, call: ServerCall[T], data: bytes, estimate: int) -> T:
        status, headers, body = await self._received(endpoint, call, data, estimate)
        if status != HTTPStatus.OK:
            self._rate_limit.settle(estimate, 0, headers)
            wrong = None if endpoint.answers else user_error(endpoint.url, status, body, self._keys)
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
        """Return status, headers and body of the answer, without our secrets."""
        received = False
        try:
            try:
                answer = await self._post(endpoint, call, data)
            except (
                _DroppedError
            ) as dropped:  # the server had closed a kept connection in this moment: nobody's fault
                answer = await self._again(endpoint, call, data, dropped)
            received = True
        except (aiohttp.ClientError, OSError) as error:  # before ValueError: a bad certificate is both
            raise self._sessions.no_answer(endpoint.url, error) from error
        except ValueError as error:
            raise _malformed(endpoint, error) from error
        finally:
            if not received:
                self._rate_limit.settle(estimate, None, {})
        return answer

    async def _again(
        self, endpoint: Endpoint, call: ServerCall[T], data: bytes, dropped: "_DroppedError"
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            return await self._post(endpoint, call, data, reuse=False)
        except (
            aiohttp.ClientConnectorError
        ):  # the server has ended, perhaps by this request: that is the fault
            raise dropped.error from None

    async def _post(
        self, endpoint: Endpoint, call: ServerCall[T], data: bytes, *, reuse: bool = True
    ) -> tuple[int, Mapping[str, str], bytes]:
        answering = False
        try:
            async with self._sessions.request(endpoint.url, call.path, data, reuse=reuse) as reply:
                answering = True
                ok = reply.status == HTTPStatus.OK
                body = await read_body(reply, call.longest_body if ok else LONGEST_ERROR, cut=not ok)
                return reply.status, reply.headers, self._sessions.secrets.hide_bytes(body)
        except aiohttp.ServerDisconnectedError as error:
            if reuse and not answering:
                raise _DroppedError(error) from error
            raise


def _malformed(endpoint: Endpoint, error: ValueError, weight: Weight = Weight.MALFORMED) -> CallError:
    why = " ".join(str(error).split())[:200]
    return CallError(f"malformed answer from {endpoint.url}: {why}", Owner.UNCLEAR, weight=weight)
