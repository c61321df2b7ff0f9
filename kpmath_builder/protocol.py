"""What passes between the builder and whoever answers: a `Request`, its `Response`, and the `Teacher` protocol.

A request is a value. Its key is a hash of everything that can change the answer; addresses, time limits and
concurrency stay out of it. Sample j of a request is asked with seed `request.seed + j`, which is how vLLM itself
numbers the `n` samples of one call, so that one call with n samples and n calls give the same answers.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, field_validator

__all__ = [
    "ROLE_OF",
    "Message",
    "Request",
    "Response",
    "Role",
    "Sampling",
    "Task",
    "Teacher",
    "canonical_json",
]

Task = Literal["extract", "same_topic", "write", "judge", "solve"]
Role = Literal["extractor", "writer", "judge", "solver"]

ROLE_OF: Mapping[Task, Role] = {
    "extract": "extractor",
    "same_topic": "extractor",
    "write": "writer",
    "judge": "judge",
    "solve": "solver",
}


def canonical_json(value: object) -> str:
    """Return the one JSON text that equal values share: sorted keys, no spaces, no escapes that are not needed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """Every sampling field that is sent, so that no server default can slip in."""

    temperature: float
    top_p: float
    max_tokens: int


@dataclass(frozen=True)
class Request:
    """One question to a model, without the sample index.

    `schema` is the JSON schema that the reply must satisfy; None asks for free text. `extra` are further fields for
    this teacher, sent as they are.
    """

    task: Task
    model: str
    messages: tuple[Message, ...]
    sampling: Sampling
    seed: int
    schema: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Tagged hash of the canonical JSON of all fields."""
        text = canonical_json(
            {
                "task": self.task,
                "model": self.model,
                "messages": [[m.role, m.content] for m in self.messages],
                "sampling": [self.sampling.temperature, self.sampling.top_p, self.sampling.max_tokens],
                "seed": self.seed,
                "schema": self.schema,
                "extra": self.extra,
            }
        )
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def key(self, sample: int) -> str:
        """Return the key under which the log stores the answer to sample `sample`."""
        return f"{self.digest}/{sample}"


class Response(BaseModel):
    """One answer, as it came; tokens are counted by the teacher that gave it.

    `finish_reason` is "stop" for a whole answer, "length" for one that was cut off at `max_tokens`, "refused" for one
    that the server will never give (too long a prompt, a content filter), with the server's words in `text`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    finish_reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    model: str = ""
    revision: str = ""
    fingerprint: str = ""
    reasoning: str = ""
    dialect: str = ""
    """How the server was asked, if not in the plain protocol."""

    @field_validator("text", "reasoning")
    @classmethod
    def _encodable(cls, text: str) -> str:
        # A model's "\\ud800" without its other half is text that no file can hold.
        if text.isascii():
            return text
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Teacher(Protocol):
    """Whatever can answer a request."""

    samples_per_request: int
    """How many samples one call may carry."""

    async def check(self) -> None:
        """Raise `InputError` where the teacher cannot be reached or does not know the model."""

    async def answer(self, request: Request, samples: Sequence[int]) -> Sequence[Response]:
        """Answer the given samples of one request, in their order, however long it takes.

        Passing faults are retried inside; `BuildError` is raised when the teacher stays away.
        """

    async def close(self) -> None:
        """Release connections."""
