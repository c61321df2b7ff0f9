"""The teacher behind any OpenAI-compatible server: vLLM on one's own GPUs, or a hosted model."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import aiohttp

from kpmath_builder.client.chat import chat_body
from kpmath_builder.client.completions import read_completion
from kpmath_builder.client.connection import Connection, Stats
from kpmath_builder.client.dialects import PLAIN
from kpmath_builder.client.metrics import COUNTERS
from kpmath_builder.client.monitor import Load, Monitor
from kpmath_builder.client.probe import Negotiated, negotiate
from kpmath_builder.client.readiness import Wanted, check_again, check_serving
from kpmath_builder.client.refusals import Refusals
from kpmath_builder.client.retries import RefusedError
from kpmath_builder.client.statuses import wrong_key
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import Request, Response, Task

__all__ = ["OpenAITeacher"]

_STEPS_BEHIND: Mapping[Task, int] = {"write": 2, "judge": 1}
"""The steps of a blueprint that follow on this one; on other tasks none."""


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
    in_flight, least_in_flight
        The most calls under way at any time at each address, and the fewest to which a server that says at `/metrics` how
        it fares may be reduced.
    samples_per_request
        How many samples one call may carry.
    patience
        Seconds without any answer from any address after which the build ends.
    longest_reply
        The largest `max_tokens` that requests will have; the check compares it with the served context.
    extras
        Further fields that requests will have, one mapping for each of the roles that share this teacher; the check sends
        each.
    revision
        Of the model, noted with each response.
    must_obey
        Whether a server that ignores JSON schemas ends the build.
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
        least_in_flight: int = 16,
        samples_per_request: int = 1,
        patience: float = 900.0,
        longest_reply: int = 0,
        extras: Sequence[Mapping[str, Any]] = (),
        revision: str = "",
        must_obey: bool = False,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.model = model
        self.revision = revision
        self.samples_per_request = samples_per_request
        self._wanted = Wanted(model, longest_reply)
        self._extras = extras or ({},)
        self._must_obey = must_obey
        self._began = time.monotonic()
        self._refusals = Refusals()
        self._known: dict[str, Negotiated] = {}
        self._dialect = PLAIN
        self.connection = Connection(
            addresses, api_key=api_key, in_flight=in_flight, patience=patience, notify=notify
        )
        self.watch = Monitor(self.connection, least=least_in_flight, most=in_flight, patience=patience)

    @property
    def stats(self) -> Stats:
        """Counters for a progress display."""
        return self.connection.stats

    @property
    def load(self) -> Load:
        """What the servers do, where they say it."""
        return self.watch.load

    async def check(self, patience: float = 30.0) -> None:
        """Make sure that a server answers, accepts the key, serves the model and obeys a JSON schema (else it is told).

        Parameters
        ----------
        patience
            Seconds for which a server that says "not yet" (5xx, 429) is asked again.

        Raises
        ------
        InputError
            When that is not so.
        """
        await check_serving(self.connection, self._wanted, patience)
        await self._check_obedience()
        self.connection.on_return = self._meet_again
        self.watch.start()

    async def _check_obedience(self) -> None:
        urls = self.connection.urls
        for url, found in zip(urls, await asyncio.gather(*map(self._probe, urls)), strict=True):
            self._known[url] = found
            if found.fault and self._must_obey:
                raise InputError(f"{found.fault}: correct teacher.arguments or teacher.extra.")
            for note in [*found.notes, *([found.fault] if found.fault else [])]:
                self.connection.notify(note, now=True)
        self._dialect = self._known[urls[0]].dialect
        if not self._dialect.takes_n:
            self.samples_per_request = 1
        names = sorted({known.fingerprint for known in self._known.values()} - {""})
        if len(names) > 1:
            self.connection.notify(
                f"The servers call themselves differently ({', '.join(names)}): make sure that all serve the same model",
                now=True,
            )

    async def _probe(self, url: str) -> Negotiated:
        """Ask as each role would."""

        async def send(body: dict[str, Any]) -> tuple[int, bytes]:
            try:
                async with self.connection.call(
                    "POST", url, "/chat/completions", data=json.dumps(body).encode()
                ) as reply:
                    answer = await reply.read()
            except aiohttp.ClientError as error:
                raise OSError(str(error)) from error
            if reply.status in {401, 403}:
                raise wrong_key(url, reply.status, answer)
            return reply.status, answer

        return await negotiate(
            send,
            self.model,
            who=f"The server at {url}",
            extras=self._extras,
            schema_mode="json_schema" if self._must_obey else "auto",
            samples=self.samples_per_request,
        )

    async def _meet_again(self, url: str) -> None:
        """Look whether a server that was out of reach is still the one that was checked."""
        await check_again(self.connection, self._wanted, url)
        before, now = self._known.get(url, Negotiated()), await self._probe(url)
        self._known[url] = now if now.fingerprint else before
        if now.fault and not before.fault:
            raise InputError(
                f"{now.fault}, and did not before it was restarted: start it as it was, then run the same command again."
            )
        if before.fingerprint and now.fingerprint not in {"", before.fingerprint}:
            self.connection.notify(
                f"The server at {url} has come back as another ({now.fingerprint}, before {before.fingerprint}): make sure that "
                "it is the same model",
                now=True,
            )

    async def answer(self, request: Request, samples: Sequence[int]) -> list[Response]:
        """Answer consecutive samples of one request in one call, in their order, however long it takes.

        A request that the server will never answer (too long a prompt, a content filter) gives responses with
        `finish_reason` "refused" and the server's words as text.

        Raises
        ------
        BuildError
            When no address has answered anything for `patience` seconds.
        InputError
            When a server does not accept the key or the model, or refuses one request after the other.
        """
        first, count = samples[0], len(samples)
        assert list(samples) == list(range(first, first + count)), (
            f"samples must be consecutive, got {samples}"
        )
        read = partial(read_completion, samples=count, revision=self.revision)
        try:
            responses = await self.connection.post(
                "/chat/completions",
                chat_body(request, first, count, self._dialect),
                read,
                key=request.digest,
                steps=_STEPS_BEHIND.get(request.task, 0),
            )
        except RefusedError as refusal:
            self._refusals.refused(request, str(refusal))
            return [Response(text=str(refusal), finish_reason="refused", model=request.model)] * count
        self._refusals.answered(request.task)
        how = self._dialect.describe()
        return [one.model_copy(update={"dialect": how}) for one in responses] if how else responses

    async def close(self) -> None:
        """Release connections."""
        await self.watch.stop()
        await self.connection.close()

    def record(self) -> dict[str, Any]:
        """Return what the servers did in this run, for the build's record; counters of servers that have no `/metrics` are 0."""
        load = self.load
        seconds = time.monotonic() - self._began
        return {
            "model": self.model,
            "servers": len(self.connection.urls),
            "seconds": round(seconds, 1),
            "calls": self.stats.calls,
            "retries": self.stats.retries,
            **{name: round(getattr(load.total, name)) for name in COUNTERS},
            "generated_tokens_per_second": round(load.total.generated_tokens / seconds, 1),
            "prefix_cache_hit_rate": round(load.hit_rate, 4),
        }
