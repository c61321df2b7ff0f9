"""The handshake with servers: how each wants its requests, and after an absence whether it is still the same one."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from kpmath_builder.client.bodies import longest_answer
from kpmath_builder.client.chat import chat_body
from kpmath_builder.client.completions import read_completion
from kpmath_builder.client.connection import Connection
from kpmath_builder.client.dialects import Dialect, PatternForm, read_parameters
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.faults import CallError
from kpmath_builder.client.patterns import pattern_fields
from kpmath_builder.client.probe import OPEN_PROMPT, Negotiated, negotiate
from kpmath_builder.client.readiness import Wanted, check_again
from kpmath_builder.client.statuses import server_words, user_error
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import Message, Request, Sampling

__all__ = ["Expectations", "Handshake"]

PROBE_SECONDS = 60.0
SLOW_SECONDS = 30.0
LONGEST_PROBE_ANSWER = longest_answer(1024, 2)


@dataclass(frozen=True)
class Expectations:
    """What requests to the servers will be like.

    Parameters
    ----------
    extras
        Further fields that requests will have, one mapping for each of the roles that share the servers.
    samples
        The most samples that one call shall carry.
    parameters, structured_outputs
        As of `negotiate`.
    patterns
        The regular expressions that requests will have.
    must_fit
        Whether a server that the probe finds unfit for the recipe ends the build.
    """

    extras: Sequence[Mapping[str, Any]] = ({},)
    samples: int = 1
    parameters: Mapping[str, str | bool] | None = None
    structured_outputs: Literal["auto"] | PatternForm = "auto"
    patterns: Sequence[str] = ()
    must_fit: bool = False


class Handshake:
    """Negotiates with the servers of a connection, and verifies those that were out of reach.

    Parameters
    ----------
    connection
        The way to them.
    wanted, expected
        What they must serve, and how they will be asked.
    patience
        Seconds for which the first test request may take.
    """

    def __init__(
        self, connection: Connection, wanted: Wanted, expected: Expectations, *, patience: float
    ) -> None:
        self._connection, self._wanted, self._expected, self._patience = (
            connection,
            wanted,
            expected,
            patience,
        )
        self._known: dict[str, Negotiated] = {}
        self._took: dict[str, float] = {}
        """Seconds of the slowest test request that was answered, by the URL."""
        self._silence: dict[str, str] = {}
        """Why a server did not answer a test request, by its URL."""
        self._declined: dict[str, str] = {}
        """Status and words of the last test request that was answered by no completion, by the URL."""

    @property
    def takes_n(self) -> bool:
        """Whether every server takes several samples in one call."""
        return all(known.dialect.takes_n for known in self._known.values())

    def ignores_seeds(self, endpoint: Endpoint) -> bool:
        """Whether a server was found to give one reply to different seeds."""
        known = self._known.get(endpoint.url)
        return bool(known and known.repeats_itself)

    async def negotiate(self) -> None:
        """Find each server's dialect, and report what is not as it should be.

        Raises
        ------
        InputError
            When a server would refuse every request, or cannot be told an expression of the recipe's prompts.
        """
        endpoints = self._connection.pool.all
        for endpoint in endpoints:
            endpoint.dialect = self._unprobed
        found = await asyncio.gather(*(self._probe(endpoint, self._patience) for endpoint in endpoints))
        for endpoint, probed in zip(endpoints, found, strict=True):
            if probed.fault and not probed.known_good:
                raise InputError(f"{probed.fault}. Every request would be refused alike: correct that first.")
            if probed.fault and self._expected.must_fit:
                raise InputError(f"{probed.fault}: correct teacher.arguments or teacher.extra.")
            self._take_over(endpoint, probed)
            for pattern in self._expected.patterns:
                pattern_fields(pattern, endpoint.dialect.pattern_form)
            silent = "" if probed.known_good or probed.fault else self._unjudged(endpoint)
            for note in filter(None, [*probed.notes, probed.fault, silent]):
                self._connection.notify(note, now=True)
        names = sorted({probed.fingerprint for probed in found} - {""})
        if len(names) > 1:
            self._connection.notify(
                f"The servers have different fingerprints ({', '.join(names)}): make sure that all serve the same model",
                now=True,
            )

    @property
    def _unprobed(self) -> Dialect:
        """How a server is asked as long as it is not judged: as the recipe says, without what it may refuse."""
        wish = self._expected.structured_outputs
        return read_parameters(self._expected.parameters or {}, "none" if wish == "auto" else wish)

    def _unjudged(self, endpoint: Endpoint) -> str:
        """Return what is to be said of a server that is there and answers no test request; one that is not is spoken of elsewhere."""
        words = self._declined.get(endpoint.url, "")
        if not words:
            return ""
        return (
            f"The server at {endpoint.url} did not answer the test requests ({words}): it is asked as the recipe says, and "
            "replies have their form from the prompts alone"
        )

    def _take_over(self, endpoint: Endpoint, probed: Negotiated) -> None:
        before = self._known.get(endpoint.url)
        self._known[endpoint.url] = probed if probed.known_good or before is None else before
        if probed.known_good:
            endpoint.answered()
            endpoint.dialect = probed.dialect

    async def _probe(self, endpoint: Endpoint, seconds: float) -> Negotiated:
        """Ask as each role would; a server that does not answer now is not judged.

        Raises
        ------
        InputError
            When it does not accept the key, or wants to be paid first.
        """
        async with self._notified_if_slow(endpoint):
            return await negotiate(
                partial(self._send_probe, endpoint, seconds),
                self._wanted.model,
                who=f"The server at {endpoint.url}",
                extras=self._expected.extras,
                parameters=self._expected.parameters,
                structured_outputs=self._expected.structured_outputs,
                samples=self._expected.samples,
            )

    async def _send_probe(
        self, endpoint: Endpoint, seconds: float, body: dict[str, Any]
    ) -> tuple[int, bytes]:
        try:
            began = time.monotonic()
            status, answer = await self._connection.send(
                endpoint, "/chat/completions", body, limit=LONGEST_PROBE_ANSWER, seconds=seconds
            )
            took = time.monotonic() - began
            self._took[endpoint.url] = max(took, self._took.get(endpoint.url, 0.0))
        except CallError as fault:
            self._silence[endpoint.url] = str(fault)
            raise OSError(str(fault)) from fault
        if status != 200:
            self._declined[endpoint.url] = f"{status} {server_words(answer)}"
            self._silence[endpoint.url] = f"{status} from {endpoint.url} ({server_words(answer)})"
        if status in {401, 402, 403} and not any(each.answers for each in self._connection.pool.all):
            raise user_error(endpoint.url, status, answer) or AssertionError
        return status, answer

    @asynccontextmanager
    async def _notified_if_slow(self, endpoint: Endpoint) -> AsyncIterator[None]:
        """Say so if a server is slow to answer the test requests."""
        sentence = f"{endpoint.url} has been asked short test requests for {SLOW_SECONDS:g} s and has not answered all, waiting"
        later = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._connection.notify, sentence)
        try:
            yield
        finally:
            later.cancel()

    async def is_well(self, endpoint: Endpoint) -> bool:
        """Whether a server answers what it answered before."""
        known = self._known.get(endpoint.url)
        good = dict(known.known_good) if known and known.known_good else self._short_request(endpoint)
        try:
            status, answer = await self._connection.send(
                endpoint,
                "/chat/completions",
                _varied(good),
                limit=LONGEST_PROBE_ANSWER,
                seconds=self._seconds(endpoint),
            )
            return status == 200 and bool(
                read_completion(answer, good.get(endpoint.dialect.rename.get("n", "n"), 1))
            )
        except (CallError, ValueError):
            return False

    def _seconds(self, endpoint: Endpoint) -> float:
        """Return how long a test request may take: several times as long as the slowest that was answered."""
        return max(PROBE_SECONDS, 4.0 * self._took.get(endpoint.url, 0.0))

    def _short_request(self, endpoint: Endpoint) -> dict[str, Any]:
        """Return a body that any server should answer, for one that was never probed."""
        prompt = (Message("user", OPEN_PROMPT),)
        return chat_body(
            Request("solve", self._wanted.model, prompt, Sampling(1.0, 1.0, 64), 0), 0, 1, endpoint.dialect
        )

    async def verify(self, endpoint: Endpoint) -> None:
        """Check that a server that was out of reach is still the one that was checked before."""
        await check_again(self._connection, self._wanted, endpoint)
        before = self._known.get(endpoint.url, Negotiated())
        now = await self._probe(endpoint, self._seconds(endpoint))
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
                f"{now.dialect.description or 'in the plain protocol'}. Start it as it was, then run the same command again."
            )
        if before.fingerprint and now.fingerprint not in {"", before.fingerprint}:
            self._connection.notify(
                f"The server at {endpoint.url} has come back with another fingerprint ({now.fingerprint}, before "
                f"{before.fingerprint}): make sure that it is the same model",
                now=True,
            )


def _varied(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body with a number that no cache has seen: an answer must come from the model itself."""
    *before, last = body["messages"]
    marked = {**last, "content": f"{last['content']}\n\n({random.randrange(10**9)})"}  # noqa: S311 - no secret
    return {**body, "messages": [*before, marked]}
