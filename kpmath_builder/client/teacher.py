"""The teacher behind any OpenAI-compatible server: vLLM on one's own GPUs, or a hosted model."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal

from kpmath_builder.client.bodies import LONGEST_ERROR, longest_answer
from kpmath_builder.client.chat import chat_body
from kpmath_builder.client.completions import EmptyAnswerError, read_completion
from kpmath_builder.client.connection import Connection, ServerCall, Stats
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.faults import CallError, GivenUpError, RefusedError, Weight
from kpmath_builder.client.metrics import COUNTERS
from kpmath_builder.client.monitor import Monitor
from kpmath_builder.client.probe import OPEN_PROMPT, Negotiated, negotiate
from kpmath_builder.client.readiness import Wanted, check_again, check_ready
from kpmath_builder.client.refusals import Refusals
from kpmath_builder.client.statuses import server_words, user_error
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import Message, Request, Response, Sampling, Task
from kpmath_builder.stopping import Stop

__all__ = ["OpenAITeacher"]

_REMAINING_STEPS: Mapping[Task, int] = {"write": 2, "judge": 1}
"""The steps of a blueprint that follow on this one; none on other tasks."""
PROBE_SECONDS = 60.0
SLOW_SECONDS = 30.0
LONGEST_PROBE_ANSWER = max(longest_answer(1024, 2), LONGEST_ERROR)


class OpenAITeacher:
    """A `Teacher` that sends each request to `/chat/completions` and does not let go until it is answered or given up.

    Parameters
    ----------
    model
        Name under which the servers serve it.
    addresses
        One or more servers of that model; the build survives one that dies.
    api_key
        Sent as a bearer token.
    in_flight, least_in_flight
        The most calls under way at any time at each server, and the fewest to which a server that publishes its load at
        `/metrics` may be reduced.
    samples_per_request
        How many samples one call may carry.
    patience
        Seconds without any answer from any server after which the build ends.
    longest_reply
        The largest `max_tokens` that requests will have; the check compares it with the served context.
    extras
        Further fields that requests will have, one mapping for each of the roles that share this teacher; the check sends
        each.
    revision
        Of the model, noted with each response.
    must_obey
        Whether a server that ignores JSON schemas ends the build.
    parameters, schema_mode
        As of `negotiate`.
    requests_per_minute, tokens_per_minute
        As of `Connection`.
    on_hang
        What to do with a server that hangs; by default the build goes on without it, or ends.
    stop
        Nothing is sent any more once a stop is asked for.
    notify
        Receives sentences for the user.

    Raises
    ------
    InputError
        When an address is not the address of a server, or a request's `extra` sets a field of ours.
    """

    def __init__(
        self,
        model: str,
        addresses: Sequence[str],
        *,
        api_key: str | None = None,
        in_flight: int = 256,
        least_in_flight: int = 16,
        samples_per_request: int = 1,
        patience: float = 900.0,
        longest_reply: int = 0,
        extras: Sequence[Mapping[str, Any]] = (),
        revision: str = "",
        must_obey: bool = False,
        parameters: Mapping[str, str | bool] | None = None,
        schema_mode: Literal["auto", "json_schema", "json_object", "none"] = "auto",
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        on_hang: Callable[[Endpoint], None] | None = None,
        stop: Stop | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.model = model
        self.revision = revision
        self.samples_per_request = samples_per_request
        self._wanted = Wanted(model, longest_reply)
        self._extras = extras or ({},)
        self._must_obey = must_obey
        self._patience = patience
        self._began = time.monotonic()
        self._refusals = Refusals()
        self._parameters, self._schema_mode = parameters or {}, schema_mode
        self._silence: dict[str, str] = {}
        """Why a server did not answer a test request, by its URL."""
        self._known: dict[str, Negotiated] = {}
        self.connection = Connection(
            addresses,
            api_key=api_key,
            in_flight=in_flight,
            patience=patience,
            verify=self._verify,
            probe=self._is_well,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            stop=stop,
            notify=notify,
        )
        self.monitor = Monitor(
            self.connection,
            least=least_in_flight,
            most=in_flight,
            patience=patience,
            is_alive=self._is_well,
            on_hang=on_hang,
        )

    @property
    def stats(self) -> Stats:
        """Counters for a progress display."""
        return self.connection.stats

    def load(self) -> str:
        """Return what the servers do at this moment, if they publish it; else ""."""
        load = self.monitor.load
        return str(load) if load.servers else ""

    async def check(self, patience: float = 30.0) -> None:
        """Make sure that a server answers, accepts the key and serves the model, and find out whether it obeys a JSON schema.

        Parameters
        ----------
        patience
            Seconds for which a server that says "not yet" (5xx, 429) is asked again.

        Raises
        ------
        InputError
            When that is not so.
        """
        await check_ready(self.connection, self._wanted, patience)
        await self._negotiate()
        self.monitor.start()

    async def _negotiate(self) -> None:
        """Find each server's dialect, and report what is not as it should be."""
        endpoints = self.connection.pool.all
        found = await asyncio.gather(*(self._probe(endpoint, self._patience) for endpoint in endpoints))
        for endpoint, probed in zip(endpoints, found, strict=True):
            if probed.fault and self._must_obey:
                raise InputError(f"{probed.fault}: correct teacher.arguments or teacher.extra.")
            self._take_over(endpoint, probed)
            for note in filter(None, [*probed.notes, probed.fault]):
                self.connection.notify(note, now=True)
        names = sorted({probed.fingerprint for probed in found} - {""})
        if len(names) > 1:
            self.connection.notify(
                f"The servers have different fingerprints ({', '.join(names)}): make sure that all serve the same model",
                now=True,
            )

    def _take_over(self, endpoint: Endpoint, probed: Negotiated) -> None:
        before = self._known.get(endpoint.url)
        self._known[endpoint.url] = probed if probed.known_good or before is None else before
        if probed.known_good:
            endpoint.answered()
            endpoint.dialect = probed.dialect
        if not probed.dialect.takes_n:
            self.samples_per_request = 1

    async def _probe(self, endpoint: Endpoint, seconds: float = PROBE_SECONDS) -> Negotiated:
        """Ask as each role would; a server that does not answer now is not judged.

        Raises
        ------
        InputError
            When it does not accept the key, or wants to be paid first.
        """
        return await negotiate(
            partial(self._send_probe, endpoint, seconds),
            self.model,
            who=f"The server at {endpoint.url}",
            extras=self._extras,
            parameters=self._parameters,
            schema_mode="json_schema" if self._must_obey else self._schema_mode,
            samples=self.samples_per_request,
        )

    async def _send_probe(
        self, endpoint: Endpoint, seconds: float, body: dict[str, Any]
    ) -> tuple[int, bytes]:
        try:
            async with self._notified_if_slow(endpoint):
                status, answer = await self.connection.send(
                    endpoint, "/chat/completions", body, limit=LONGEST_PROBE_ANSWER, seconds=seconds
                )
        except CallError as fault:
            self._silence[endpoint.url] = str(fault)
            raise OSError(str(fault)) from fault
        if status != 200:
            self._silence[endpoint.url] = f"{status} from {endpoint.url} ({server_words(answer)})"
        if status in {401, 402, 403} and not endpoint.answers:
            raise user_error(endpoint.url, status, answer) or AssertionError
        return status, answer

    @asynccontextmanager
    async def _notified_if_slow(self, endpoint: Endpoint) -> AsyncIterator[None]:
        """Say so while a server lets a short request wait."""
        sentence = f"{endpoint.url} has not answered a short test request for {SLOW_SECONDS:g} s, waiting"
        later = asyncio.get_running_loop().call_later(SLOW_SECONDS, self.connection.notify, sentence)
        try:
            yield
        finally:
            later.cancel()

    async def _is_well(self, endpoint: Endpoint) -> bool:
        """Whether a server answers what it answered before."""
        known = self._known.get(endpoint.url)
        good = dict(known.known_good) if known and known.known_good else self._short_request(endpoint)
        try:
            status, answer = await self.connection.send(
                endpoint, "/chat/completions", good, limit=LONGEST_PROBE_ANSWER, seconds=PROBE_SECONDS
            )
            return status == 200 and bool(read_completion(answer, good.get("n", 1)))
        except (CallError, ValueError):
            return False

    def _short_request(self, endpoint: Endpoint) -> dict[str, Any]:
        """Return a body that any server should answer, for one that was never probed."""
        prompt = (Message("user", OPEN_PROMPT),)
        return chat_body(
            Request("solve", self.model, prompt, Sampling(1.0, 1.0, 64), 0), 0, 1, endpoint.dialect
        )

    async def _verify(self, endpoint: Endpoint) -> None:
        """Check that a server that was out of reach is still the one that was checked before."""
        await check_again(self.connection, self._wanted, endpoint)
        before, now = self._known.get(endpoint.url, Negotiated()), await self._probe(endpoint)
        if now.fault and not before.fault:
            raise InputError(
                f"{now.fault}, and did not before it was restarted: start it as it was, then run the same command again."
            )
        if not now.known_good:
            silence = self._silence.get(endpoint.url, f"malformed answer from {endpoint.url}")
            raise CallError(silence, away=True)
        self._take_over(endpoint, now)
        if before.known_good and now.dialect != before.dialect:
            raise InputError(
                f"The server at {endpoint.url} has come back as another: it now wants requests so: "
                f"{now.dialect.describe() or 'in the plain protocol'}. Start it as it was, then run the same command again."
            )
        if before.fingerprint and now.fingerprint not in {"", before.fingerprint}:
            self.connection.notify(
                f"The server at {endpoint.url} has come back with another fingerprint ({now.fingerprint}, before "
                f"{before.fingerprint}): make sure that it is the same model",
                now=True,
            )

    async def answer(self, request: Request, samples: Sequence[int]) -> list[Response]:
        """Answer consecutive samples of one request in one call, in their order, however long it takes.

        A request that the server will never answer (too long a prompt, a content filter) gives responses with
        `finish_reason` "refused" and the server's words as text; one that alone kept failing, "given_up" and the last fault.

        Raises
        ------
        BuildError
            When no server has answered anything for `patience` seconds.
        InputError
            When a server does not accept the key or the model, or refuses one request after the other.
        """
        first, count = samples[0], len(samples)
        assert list(samples) == list(range(first, first + count)), (
            f"samples must be consecutive, got {samples}"
        )
        call = ServerCall(
            "/chat/completions",
            lambda endpoint: chat_body(request, first, count, endpoint.dialect),
            lambda body, endpoint: self._read(body, endpoint, count),
            longest_body=longest_answer(request.sampling.max_tokens, count),
            tokens=request.sampling.max_tokens,
            samples=count,
            weight=_weight,
            used=_used,
            key=request.digest,
            steps=_REMAINING_STEPS.get(request.task, 0),
        )
        try:
            responses = await self.connection.post(call)
        except RefusedError as refusal:
            self._refusals.refused(request, str(refusal))
            return self._without_answer("refused", refusal, count)
        except GivenUpError as error:
            if (empty := _empty_answer(error)) is not None:
                return empty
            self._refusals.given_up(request, str(error))
            return self._without_answer("given_up", error, count)
        self._refusals.answered(request.task)
        return responses

    def _read(self, body: bytes, endpoint: Endpoint, count: int) -> list[Response]:
        known = self._known.get(endpoint.url)
        return read_completion(
            body,
            count,
            revision=self.revision,
            dialect=endpoint.dialect.describe(),
            seed_ignored=bool(known and known.repeats_itself),
        )

    def _without_answer(self, finish_reason: str, why: Exception, count: int) -> list[Response]:
        return [Response(text=str(why), finish_reason=finish_reason, model=self.model)] * count

    async def close(self) -> None:
        """Release connections."""
        await self.monitor.stop()
        await self.connection.close()

    def record(self) -> dict[str, Any]:
        """Return what the servers did in this run, for the build's record; counters of servers that have no `/metrics` are 0."""
        load = self.monitor.load
        seconds = time.monotonic() - self._began
        return {
            "model": self.model,
            "servers": len(self.connection.pool.all),
            "seconds": round(seconds, 1),
            "calls": self.stats.calls,
            "retries": self.stats.retries,
            **{name: round(getattr(load.total, name)) for name in COUNTERS},
            "generated_tokens_per_second": round(load.total.generated_tokens / seconds, 1),
            "prefix_cache_hit_rate": round(load.hit_rate, 4),
        }


def _weight(error: ValueError) -> Weight:
    return Weight.EMPTY if isinstance(error, EmptyAnswerError) else Weight.MALFORMED


def _empty_answer(error: GivenUpError) -> list[Response] | None:
    """Return the answer if it was empty again; then it is the model's, and no fault that passed."""
    last = error.__cause__.__cause__ if error.__cause__ else None
    return last.responses if isinstance(last, EmptyAnswerError) else None


def _used(responses: Sequence[Response]) -> int | None:
    """Return the tokens of a call; None if the server did not count them."""
    return sum(response.prompt_tokens + response.completion_tokens for response in responses) or None
