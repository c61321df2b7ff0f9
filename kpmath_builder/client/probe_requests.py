"""The requests of the probe, put as the recipe's own would be, and what their answers say."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kpmath_builder.client.chat import chat_body
from kpmath_builder.client.completions import read_completion
from kpmath_builder.client.dialects import Dialect
from kpmath_builder.client.error_bodies import parsed
from kpmath_builder.client.patterns import OWN_FORMS
from kpmath_builder.protocol import Message, Request, Response, Sampling

__all__ = [
    "OPEN_PROMPT",
    "PATTERN",
    "PATTERN_PROMPT",
    "REFUSED",
    "Asker",
    "Opened",
    "Send",
    "choices_in",
    "obeys",
    "quoted",
    "read",
]

Send = Callable[[dict[str, Any]], Awaitable[tuple[int, bytes]]]
"""Posts a chat completion body and returns status and body of the answer; raises `OSError`, or returns status 0, if none came."""

PATTERN_PROMPT = "Reply with the word hello."
OPEN_PROMPT = "Write down twenty random digits, then one surprising sentence."
PATTERN = r"Sum: [0-9]{4}(\n- [a-z][^\n]{2,9}){1,2}"
"""What nobody would say who was asked for something else, with all that the package's own expressions are made of."""
_BEGINNING = "Sum: "
SEED = 2**53 - 2**10
"""As large as seeds of requests are, so that a server that rounds or refuses large ones is found."""
STOP = ("\nYour problem:",)
OPEN_SAMPLING = Sampling(1.0, 1.0, 64)


REFUSED = frozenset({400, 422})


class Opened(NamedTuple):
    """What came of the open prompts."""

    replies: tuple[str, ...]
    """Those that came, but for empty ones."""
    refusal: bytes = b""
    """The body of a refusal, if there was one."""

    @property
    def are_one(self) -> bool:
        """Whether several replies came and all are the same."""
        return len(self.replies) > 1 and len(set(self.replies)) == 1


@dataclass(frozen=True)
class Asker:
    """Puts the probe's requests to one server."""

    send: Send
    model: str
    sampling: Sampling
    samples: int
    """The most samples that one call shall carry."""

    async def constrained(
        self, dialect: Dialect, extra: Mapping[str, Any]
    ) -> tuple[dict[str, Any], int, bytes]:
        """Ask for "hello" under an expression that forbids it; return what was sent, and status and body of the answer."""
        count = min(self.samples, 2) if dialect.takes_n else 1
        body = chat_body(self._request(PATTERN_PROMPT, extra, self.sampling, PATTERN), 0, count, dialect)
        return body, *await self._post(body)

    async def open(self, dialect: Dialect, extra: Mapping[str, Any]) -> Opened:
        """Ask an open prompt under two seeds."""
        request = self._request(OPEN_PROMPT, extra, OPEN_SAMPLING)
        answers = await asyncio.gather(
            *(self._post(chat_body(request, first, 1, dialect)) for first in (0, 1))
        )
        responses = [read(body, 1) for status, body in answers if status == 200]
        said = (f"{one.text}{one.reasoning}".strip() for one in responses if one is not None)
        refused = (body for status, body in answers if status in REFUSED)
        return Opened(tuple(text for text in said if text), next(refused, b""))

    def _request(
        self,
        prompt: str,
        extra: Mapping[str, Any],
        sampling: Sampling,
        pattern: str = "",
    ) -> Request:
        """Return a request as a role would send it, but for a form of its own: servers take one at a time."""
        messages = (Message("system", "You are a helpful assistant."), Message("user", prompt))
        others = {name: value for name, value in extra.items() if name not in OWN_FORMS}
        stop = () if "stop" in extra else STOP
        return Request("extract", self.model, messages, sampling, SEED, others, stop, pattern)

    async def _post(self, body: dict[str, Any]) -> tuple[int, bytes]:
        try:
            return await self.send(body)
        except OSError:
            return 0, b""


def read(body: bytes, samples: int) -> Response | None:
    """Return the first response of a completion; None if it is not whole."""
    try:
        return read_completion(body, samples)[0]
    except ValueError:
        return None


def choices_in(body: bytes) -> int | None:
    """Return how many choices a completion has; None if it has no list of them."""
    value = parsed(body)
    choices = value.get("choices") if isinstance(value, dict) else None
    return len(choices) if isinstance(choices, list) else None


def obeys(response: Response) -> bool:
    """Whether a reply is one that the probe's expression allows, or the beginning of one that was cut off."""
    if response.finish_reason != "stop":
        return response.text.startswith(_BEGINNING)
    return any(re.fullmatch(PATTERN, text) for text in (response.text, response.text.strip()))


def quoted(text: str) -> str:
    """Return the beginning of a reply as a message can show it."""
    words = "".join(sign if sign.isprintable() else " " for sign in text[:1000])
    return " ".join(words.split())[:60]
