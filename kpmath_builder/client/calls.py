"""What is sent to a server and how its answer is read, and one attempt to send it: bounded in bytes and in time."""

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Generic, TypeVar

import aiohttp

from kpmath_builder.client.bodies import LONGEST_ERROR, read_body, write_json
from kpmath_builder.client.endpoints import Endpoint, State
from kpmath_builder.client.faults import CallError, Owner, Weight
from kpmath_builder.client.rate_limits import RateLimit
from kpmath_builder.client.retries import call_timeout
from kpmath_builder.client.sessions import Sessions
from kpmath_builder.client.statuses import fault_of, user_error

__all__ = ["Sender", "ServerCall", "Stats"]

T = TypeVar("T")
_Received = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body of an answer, without our secrets."""

_SHORTEST_PACED = 64
"""Tokens for which any call may take its time: the pace of shorter replies is the pace of the way there and back."""


@dataclass
class Stats:
    """Counters for a progress display: requests under way now, requests sent so far, and how many of those were retries."""

    in_flight: int = 0
    calls: int = 0
    retries: int = 0


@dataclass(slots=True, kw_only=True)
class ServerCall(ABC, Generic[T]):
    """What is sent, and how the answer is read.

    Parameters
    ----------
    longest_body
        Bytes of the longest answer.
    tokens, samples
        Tokens of the longest reply, 0 if there are none, and how many replies come with one answer.
    key, steps
        As of `EndpointPool.enter`.
    """

    path: ClassVar[str]
    """Below the base URL, e.g. "/chat/completions"."""
    longest_body: int
    tokens: int = 0
    samples: int = 1
    key: str = ""
    steps: int = 0

    @abstractmethod
    def body(self, endpoint: Endpoint) -> Mapping[str, Any]:
        """Return the body for an endpoint, whose dialect it may need."""

    @abstractmethod
    def read(self, body: bytes, endpoint: Endpoint) -> T:
        """Return what an answer's bytes hold; raise `ValueError` for one that is cut off, malformed or of the wrong shape."""

    def estimate(self) -> int:
        """Return the tokens of prompt and replies that a rate limit should expect."""
        return self.tokens * self.samples

    def used(self, answer: T) -> int | None:  # noqa: ARG002 - for others to say
        """Return the tokens of prompt and replies that an answer says were used; None if it does not say."""
        return None

    def weight(self, error: ValueError) -> Weight:  # noqa: ARG002 - for others to say
        """Return how much an answer that `read` cannot read counts towards giving up."""
        return Weight.MALFORMED


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
        estimate = 0
        if self._rate_limit.limited:
            estimate = call.estimate()
            await self._rate_limit.acquire(estimate)
        seconds = call_timeout(call.tokens, self._patience, self._pace)
        began = time.monotonic()
        self.stats.in_flight += 1
        self.stats.calls += 1
        used: int | None = 0
        headers: Mapping[str, str] = {}
        deadline = endpoint.calls.after(seconds)
        try:
            with deadline:
                if not endpoint.verified:
                    await self._verified(endpoint)
                # Only now it is known how this server wants the request.
                data = write_json(call.body(endpoint))
                used = None
                status, headers, body = await self._exchange(endpoint, call, data)
                if status != HTTPStatus.OK:
                    used = 0
                    raise self._fault(endpoint, status, headers, body)
                answer = _read(endpoint, call, body)
                used = call.used(answer)
        except TimeoutError:
            if endpoint.state is State.DOWN or deadline.broken_off:
                raise CallError(f"broken off at {endpoint.url}", broke_off=True) from None
            raise CallError(
                f"no answer from {endpoint.url} for {seconds:.0f} s", Owner.UNCLEAR, weight=Weight.NO_ANSWER
            ) from None
        finally:
            self.stats.in_flight -= 1
            self._rate_limit.settle(estimate, used, headers)
        if call.tokens:
            self._pace = max(self._pace, (time.monotonic() - began) / max(call.tokens, _SHORTEST_PACED))
        return answer

    async def _exchange(self, endpoint: Endpoint, call: ServerCall[T], data: bytes) -> _Received:
        try:
            return await self._post(endpoint, call, data)
        except (aiohttp.ClientError, OSError) as error:  # before ValueError: a bad certificate is both
            raise self._sessions.no_answer(endpoint.url, error) from error
        except ValueError as error:
            raise _malformed(endpoint, error) from error

    async def _post(
        self, endpoint: Endpoint, call: ServerCall[T], data: bytes, *, reuse: bool = True
    ) -> _Received:
        answering = False
        try:
            async with self._sessions.request(endpoint.url, call.path, data, reuse=reuse) as reply:
                answering = True
                ok = reply.status == HTTPStatus.OK
                body = await read_body(reply, call.longest_body if ok else LONGEST_ERROR, cut=not ok)
                return reply.status, reply.headers, self._sessions.secrets.hide_bytes(body)
        except aiohttp.ServerDisconnectedError as error:
            if answering or not reuse:
                raise
            dropped = error
        # The server had closed a kept connection in this moment, which is nobody's fault.
        try:
            return await self._post(endpoint, call, data, reuse=False)
        except aiohttp.ClientConnectorError:
            raise dropped from None  # the server has ended, perhaps by this request: that is the fault

    def _fault(self, endpoint: Endpoint, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
        wrong = None if endpoint.answers else user_error(endpoint.url, status, body, self._keys)
        return wrong or fault_of(endpoint.url, status, body, headers)


def _read(endpoint: Endpoint, call: ServerCall[T], body: bytes) -> T:
    try:
        return call.read(body, endpoint)
    except ValueError as error:
        raise _malformed(endpoint, error, call.weight(error)) from error


def _malformed(endpoint: Endpoint, error: ValueError, weight: Weight = Weight.MALFORMED) -> CallError:
    why = " ".join(str(error).split())[:200]
    return CallError(f"malformed answer from {endpoint.url}: {why}", Owner.UNCLEAR, weight=weight)
