"""The teacher behind any OpenAI-compatible server: vLLM on one's own GPUs, or a hosted model."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.teachers.completions import read_completion
from kpmath_builder.teachers.connection import Connection, Stats
from kpmath_builder.teachers.protocol import Request, Response
from kpmath_builder.teachers.retrying import RefusedError
from kpmath_builder.teachers.serving import check_serving

__all__ = ["OpenAITeacher"]

SEEDS = 2**63
"""vLLM takes a seed as a signed 64-bit integer."""

OWN_FIELDS = frozenset(
    {"model", "messages", "temperature", "top_p", "max_tokens", "n", "seed", "response_format", "stream"}
)


class OpenAITeacher:
    """A `Teacher` that sends each request to `/v1/chat/completions` and does not let go until it is answered.

    Parameters
    ----------
    model
        Name under which the servers serve it.
    addresses
        One or more servers of that model, `http://host:port` with or without `/v1`; one that dies is survived.
    api_key
        Sent as a bearer token.
    in_flight
        The most calls under way at any time, over all addresses.
    samples_per_request
        How many samples one call may carry.
    patience
        Seconds without any answer from any address after which the build ends.
    on_wait
        Is told, at most once in five seconds, what is being waited for.

    Raises
    ------
    InputError
        When an address is not an http address, or a request's `extra` sets a field of ours.
    """

    def __init__(
        self,
        model: str,
        addresses: Sequence[str],
        *,
        api_key: str | None = None,
        in_flight: int = 256,
        samples_per_request: int = 1,
        patience: float = 900.0,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        self.model = model
        self.samples_per_request = samples_per_request
        self._connection = Connection(
            addresses, api_key=api_key, in_flight=in_flight, patience=patience, on_wait=on_wait
        )

    @property
    def stats(self) -> Stats:
        """Counters for a progress display."""
        return self._connection.stats

    async def check(self, patience: float = 30.0) -> None:
        """Make sure that a server answers, accepts the key and serves the model.

        Parameters
        ----------
        patience
            Seconds for which a server that says "not yet" (5xx, 429) is asked again.

        Raises
        ------
        InputError
            When that is not so.
        """
        await check_serving(self._connection, self.model, patience)

    async def answer(self, request: Request, samples: Sequence[int]) -> list[Response]:
        """Answer consecutive samples of one request in one call, in their order, however long it takes.

        A request that the server will never answer (too long a prompt, a content filter) gives responses with
        `finish_reason` "refused" and the server's words as text.

        Raises
        ------
        BuildError
            When no address has answered anything for `patience` seconds.
        InputError
            When a server does not accept the key or the model.
        """
        first, count = samples[0], len(samples)
        assert list(samples) == list(range(first, first + count)), (
            f"samples must be consecutive, got {samples}"
        )
        read = partial(read_completion, samples=count)
        try:
            return await self._connection.post("/chat/completions", self._body(request, first, count), read)
        except RefusedError as refusal:
            return [Response(text=str(refusal), finish_reason="refused", model=request.model)] * count

    async def close(self) -> None:
        """Release connections."""
        await self._connection.close()

    def _body(self, request: Request, first: int, count: int) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "max_tokens": request.sampling.max_tokens,
            "n": count,
            "seed": (request.seed + first) % SEEDS,
        }
        if request.schema is not None:
            schema = {"name": request.task, "schema": request.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body | _further_fields(request.extra)


def _further_fields(extra: Mapping[str, Any]) -> dict[str, Any]:
    if clash := sorted(OWN_FIELDS & extra.keys()):
        raise InputError(
            f"Extra fields may not set {', '.join(clash)}: use the recipe's own settings for that."
        )
    return dict(extra)
