"""The way to one or more servers of the same model: a request is sent until it is answered, refused or given up.

A request holds a place at an endpoint only while it is under way; others use the place while it waits to be sent again.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import aiohttp

from kpmath_builder.client.bodies import read_body
from kpmath_builder.client.calls import Sender, ServerCall, Stats
from kpmath_builder.client.endpoints import Endpoint, EndpointPool, State
from kpmath_builder.client.faults import CallError, Owner, RefusedError
from kpmath_builder.client.health import Health, Probe, Verify
from kpmath_builder.client.rate_limits import RateLimit
from kpmath_builder.client.retries import LONGEST_OWN_PAUSE, Patience, RetryBudget
from kpmath_builder.client.sessions import Sessions
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.stopping import Stop
from kpmath_builder.text import shown

__all__ = ["Connection"]

T = TypeVar("T")

SECONDS_BETWEEN_MESSAGES = 5.0


class _TryAgain(Exception):  # noqa: N818 - no error: the request is sent again
    """A try that failed in a way that may pass; `pause` are the seconds to wait."""

    def __init__(self, pause: float) -> None:
        super().__init__()
        self.pause = pause


class Connection:
    """Sends JSON to whichever server is least busy until it is answered.

    Parameters
    ----------
    addresses
        `http://host:port` or `unix:/path/to/socket`; all serve the same model.
    verify, probe
        How a server that was out of reach is verified, and how to find out whether it answers at all.
    api_key
        Sent as a bearer token.
    in_flight
        The most requests under way at any time at each server.
    patience
        Seconds without any answer from any server after which a failing request ends the build.
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
        verify: Verify,
        probe: Probe,
        api_key: str | None = None,
        in_flight: int = 256,
        patience: float = 900.0,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        keys: str = "teacher.",
        stop: Stop | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        if not addresses:
            raise InputError(f"No address of a server is given: set {keys}addresses.")
        self.keys = keys
        self.stop = stop or Stop()
        self.sessions = Sessions(addresses, api_key=api_key)
        self.pool = EndpointPool(self.sessions.urls, in_flight)
        self.patience = Patience(patience)
        self._health = Health(verify, probe, self.patience)
        rate_limit = RateLimit(
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            notify=self.notify,
            sleep=self.stop.sleep,
        )
        self._sender = Sender(
            self.sessions, rate_limit, patience=patience, verified=self._health.verified, keys=keys
        )
        self._isolation = asyncio.Lock()
        self._notify = notify
        self._notified_at = float("-inf")
        self._latest = ""
        """A sentence that was held back because another had just been reported."""
        self._later: asyncio.TimerHandle | None = None

    @property
    def stats(self) -> Stats:
        """Counters for a progress display."""
        return self._sender.stats

    async def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
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
            try:
                if not budget.suspected:
                    return await self._try(call, budget)
                async with self._isolation:
                    return await self._try(call, budget)
            except _TryAgain as failed:
                pause = failed.pause
            await self.stop.sleep(pause)
            self.stats.retries += 1

    async def _try(self, call: ServerCall[T], budget: RetryBudget) -> T:
        """Send a call once, to the endpoint that has room for it; raises `_TryAgain` for a fault that may pass."""
        self.stop.check()
        endpoint = await self.pool.enter(call.key, call.steps)
        number, before = endpoint.begin(), endpoint.answers
        try:
            self.stop.check()
            answer = await self._sender.send(endpoint, call)
        except RefusedError as refusal:
            doubt = CallError(f"{endpoint.url} refuses a request ({refusal})", Owner.UNCLEAR)
            if await self._health.owner(endpoint, doubt, number, before) is Owner.REQUEST:
                if not endpoint.verified:
                    await self._confirm(endpoint)
                self._answered(endpoint, number)
                raise
            # It refuses what it answered before as well: out of credit, started anew otherwise.
            raise self._again(endpoint, doubt, Owner.SERVER, budget) from refusal
        except CallError as fault:
            owner = await self._health.owner(endpoint, fault, number, before)
            raise self._again(endpoint, fault, owner, budget) from fault
        else:
            if not endpoint.verified:
                await self._confirm(endpoint)
            self._answered(endpoint, number)
            return answer
        finally:
            self.pool.leave(endpoint)

    def _again(self, endpoint: Endpoint, fault: CallError, owner: Owner, budget: RetryBudget) -> "_TryAgain":
        """Count a fault before the place is free: whoever waits would try the same dead server at once."""
        pause = self._count(endpoint, fault, owner, budget)
        self.notify(f"{fault}, {self._outlook(endpoint, pause)}")
        return _TryAgain(pause)

    async def send(
        self,
        endpoint: Endpoint,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        limit: int,
        seconds: float,
    ) -> tuple[int, bytes]:
        """Send one request outside the retries, GET if there is no body, and return the status and the body without our secrets.

        Raises
        ------
        CallError
            When there is no answer within `seconds`, or one longer than `limit` bytes.
        """
        data = None if body is None else json.dumps(body).encode()
        try:
            request = self.sessions.request(endpoint.url, path, data, reuse=False)
            async with asyncio.timeout(seconds), request as reply:
                return reply.status, self.sessions.secrets.hide_bytes(await read_body(reply, limit))
        except TimeoutError:
            raise CallError(f"no answer from {endpoint.url} for {seconds:g} s", away=True) from None
        except (aiohttp.ClientError, OSError) as error:  # before ValueError: a bad certificate is both
            raise self.sessions.no_answer(endpoint.url, error) from error
        except ValueError as error:
            raise CallError(f"malformed answer from {endpoint.url}: {error}") from error

    def notify(self, message: str, *, now: bool = False) -> None:
        """Report a sentence: at once with `now` or if none was reported of late, else soon, if none more recent follows."""
        if self._notify is None:
            return
        early = SECONDS_BETWEEN_MESSAGES - (time.monotonic() - self._notified_at)
        if now or early <= 0:
            self._report(message)
        else:
            self._latest = message
            if self._later is None:
                self._later = asyncio.get_running_loop().call_later(early, self._report_latest)

    def _report(self, message: str) -> None:
        assert self._notify is not None
        self._notified_at, self._latest = time.monotonic(), ""
        self._notify(self.sessions.secrets.hide(shown(message)))

    def _report_latest(self) -> None:
        self._later = None
        if self._latest:
            self._report(self._latest)

    async def _confirm(self, endpoint: Endpoint) -> None:
        """Wait until a server that answered, but that others lost touch with meanwhile, is known to be the same one.

        The answer is paid for: it waits for that, rather than being asked for again. A server that is down does not answer the
        check: an engine of our own takes minutes to load again, and is known to be the one that we started.
        """
        budget = RetryBudget()
        while not endpoint.verified and endpoint.state is not State.DOWN:
            try:
                await self._health.verified(endpoint)
            except CallError as fault:
                pause = self._count(endpoint, fault, Owner.SERVER, budget)
                self.notify(f"{fault}, {self._outlook(endpoint, pause)}")
                await asyncio.sleep(min(pause, LONGEST_OWN_PAUSE))

    def _answered(self, endpoint: Endpoint, call: int) -> None:
        endpoint.answered(call)
        self.patience.answered()

    def _count(self, endpoint: Endpoint, fault: CallError, owner: Owner, budget: RetryBudget) -> float:
        """Book a fault on its owner and return the seconds to wait."""
        if owner is Owner.REQUEST:
            return budget.own(fault)
        if fault.broke_off:
            budget.broke_off(fault)
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
