"""The teacher behind any OpenAI-compatible server: vLLM on one's own GPUs, or a hosted model."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from kpmath_builder.client.calls import Stats
from kpmath_builder.client.chat_call import ChatCall
from kpmath_builder.client.completions import EmptyAnswerError
from kpmath_builder.client.connection import Connection
from kpmath_builder.client.dialects import PatternForm
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.faults import CallError, GivenUpError, RefusedError, Weight
from kpmath_builder.client.handshake import Expectations, Handshake
from kpmath_builder.client.metrics import COUNTERS
from kpmath_builder.client.monitor import Monitor
from kpmath_builder.client.readiness import Wanted, check_ready
from kpmath_builder.client.refusals import Refusals
from kpmath_builder.protocol import Request, Response
from kpmath_builder.stopping import Stop

__all__ = ["OpenAITeacher"]


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
    patterns
        The regular expressions that requests will have; the check puts each as the servers take them.
    revision
        Of the model, noted with each response.
    must_fit
        Whether a server that the probe finds unfit for the recipe ends the build.
    parameters, structured_outputs
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
        patterns: Sequence[str] = (),
        revision: str = "",
        must_fit: bool = False,
        parameters: Mapping[str, str | bool] | None = None,
        structured_outputs: Literal["auto"] | PatternForm = "auto",
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        on_hang: Callable[[Endpoint], None] | None = None,
        stop: Stop | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.model = model
        self.revision = revision
        self.samples_per_request = samples_per_request
        self._began = time.monotonic()
        self._refusals = Refusals()
        self._wanted = Wanted(model, longest_reply)
        self.connection = Connection(
            addresses,
            verify=self._verify,
            probe=self._is_well,
            api_key=api_key,
            in_flight=in_flight,
            patience=patience,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            stop=stop,
            notify=notify,
        )
        expected = Expectations(
            extras or ({},), samples_per_request, parameters, structured_outputs, patterns, must_fit
        )
        self._handshake = Handshake(self.connection, self._wanted, expected, patience=patience)
        self.monitor = Monitor(
            self.connection,
            least=least_in_flight,
            most=in_flight,
            patience=patience,
            is_alive=self._is_well,
            on_hang=on_hang,
        )

    async def _verify(self, endpoint: Endpoint) -> None:
        await self._handshake.verify(endpoint)

    async def _is_well(self, endpoint: Endpoint) -> bool:
        return await self._handshake.is_well(endpoint)

    @property
    def stats(self) -> Stats:
        """Counters for a progress display."""
        return self.connection.stats

    def load(self) -> str:
        """Return what the servers do at this moment, if they publish it; else ""."""
        load = self.monitor.load
        return str(load) if load.servers else ""

    async def check(self, patience: float = 30.0) -> None:
        """Make sure that a server answers, accepts the key and serves the model, and find out how it takes a regular expression.

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
        await self._handshake.negotiate()
        if not self._handshake.takes_n:
            self.samples_per_request = 1
        self.monitor.start()

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
        call = ChatCall.of(
            request, first, count, revision=self.revision, ignores_seeds=self._handshake.ignores_seeds
        )
        try:
            responses = await self.connection.post(call)
        except RefusedError as refusal:
            self._refusals.refused(request, str(refusal))
            return self._without_answer("refused", refusal, count)
        except GivenUpError as error:
            if (empty := _empty_answer(error)) is not None:
                return empty
            if count > 1 and _is_malformed(error):  # perhaps one bad sample, which takes no others along
                return [response for sample in samples for response in await self.answer(request, [sample])]
            self._refusals.given_up(request, str(error))
            return self._without_answer("given_up", error, count)
        self._refusals.answered(request.task)
        return responses

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


def _is_malformed(error: GivenUpError) -> bool:
    return isinstance(error.__cause__, CallError) and error.__cause__.weight is Weight.MALFORMED


def _empty_answer(error: GivenUpError) -> list[Response] | None:
    """Return the answer if it was empty again; then it is the model's, and no fault that passed."""
    last = error.__cause__.__cause__ if error.__cause__ else None
    return last.responses if isinstance(last, EmptyAnswerError) else None
