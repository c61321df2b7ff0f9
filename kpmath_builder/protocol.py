"""What passes between the builder and whoever answers: a `Request`, its `Response`, and the `Teacher` protocol.

A request is a value. Its key is a hash of everything that can change the answer; addresses, time limits and
concurrency stay out of it. Sample j of a request is asked with seed `request.seed + j`, which is how vLLM itself
numbers the `n` samples of one call, so that one call with n samples and n calls give the same answers.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from kpmath_builder.stopping import Stop

__all__ = [
    "FINAL",
    "OPTIONAL",
    "PROGRAM",
    "ROLE_OF",
    "UNANSWERED",
    "Message",
    "Request",
    "Response",
    "Role",
    "Sampling",
    "Task",
    "Teacher",
    "TeacherContext",
    "canonical_json",
    "player_name",
    "token_count",
]

Task = Literal["extract", "same_topic", "write", "work", "judge", "solve", "compare", "attempt", "harder"]
Role = Literal["extractor", "writer", "judge", "solver", "referee", "reference"]

ROLE_OF: Mapping[Task, Role] = {
    "extract": "extractor",
    "same_topic": "extractor",
    "write": "writer",
    "work": "judge",
    "judge": "judge",
    "solve": "solver",
    "compare": "referee",
    "attempt": "reference",
    "harder": "writer",
}
OPTIONAL: frozenset[Task] = frozenset({"compare", "attempt", "harder"})
"""Tasks that only some recipes have."""


def player_name(role: str, solver: str = "") -> str:
    """Return how one who is asked is called: by the role, and if several play it, by a name of its own as well."""
    return f"{role} {solver}" if solver else role


def canonical_json(value: object) -> str:
    """Return the one JSON text that equal values share: sorted keys, no spaces, no escapes that are not needed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


PROGRAM = "symbolic"
"""The model's name where the embedded program plays a role. It solves a question in few ways, and draws its errors anew for each
solution."""
UNANSWERED = frozenset({"refused", "given_up"})
"""How a request ends that got no answer; the response's text says why. It is asked again only if the user says so."""
FINAL = UNANSWERED | {"declined"}
"""Ends of a request that has no reply, however often it is asked."""

MOST_TOKENS = 10**9
"""No call has more; a larger count is a server's mistake, and sums of it would not fit the tables' 64-bit columns."""


def token_count(value: object) -> int:
    """Return a server's count of tokens, or 0 for whatever is no credible one."""
    credible = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS
    return value if credible else 0  # type: ignore[return-value]  # an int, as was checked


def encodable(text: str) -> str:
    r"""Return a text that a file can hold: a model's "\ud800" without its other half is replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


TokenCount = Annotated[int, BeforeValidator(token_count)]
"""Checked on reading too: a log may have been written before counts were checked."""
Text = Annotated[str, AfterValidator(encodable)]


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

    def after_loop(self) -> "Sampling":
        """Return how a request is asked once more whose reply ran in a loop: with half the tokens, and never greedily."""
        return Sampling(max(self.temperature, 0.5), self.top_p, max(self.max_tokens // 2, 1))


@dataclass(frozen=True)
class Request:
    """One question to a model, without the sample index.

    `extra` are further fields for this teacher, sent as they are. `stop` are texts at which the reply ends, for servers that
    take them. `pattern` is a regular expression that the reply has to match as a whole, sent to servers that hold replies to
    one; "" asks for free text. It is no part of the digest: it bounds the form of a reply, and a reply of that form is one
    whichever server gave it.
    """

    task: Task
    model: str
    messages: tuple[Message, ...]
    sampling: Sampling
    seed: int
    extra: Mapping[str, Any] = field(default_factory=dict)
    stop: tuple[str, ...] = ()
    pattern: str = ""

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
                "schema": None,  # a field of earlier versions, whose logs are still read
                "extra": self.extra,
                **({"stop": self.stop} if self.stop else {}),
            }
        )
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def key(self, sample: int) -> str:
        """Return the key under which the log stores the answer to sample `sample`."""
        return f"{self.digest}/{sample}"


class Response(BaseModel):
    """One answer, as it came; tokens are counted by the teacher that gave it.

    `finish_reason` is "stop" for a whole answer and "length" for one that was cut off at `max_tokens`. It is "refused" for an
    answer that the server will never give (too long a prompt, a content filter), with the server's words in `text`, and
    "given_up" for a request that alone kept failing while the server answered others, with the last fault in `text`. A program
    that plays the teacher says "declined" to what it cannot do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Text
    finish_reason: str
    prompt_tokens: TokenCount = 0
    completion_tokens: TokenCount = 0
    cached_tokens: TokenCount = 0
    model: str = ""
    revision: str = ""
    fingerprint: str = ""
    reasoning: Text = ""
    reasoning_tokens: TokenCount = 0
    """Those of the completion tokens that were thought; 0 also if the server does not say."""
    dialect: str = ""
    """How the server was asked, if not in the plain protocol."""
    seed_ignored: bool = False
    """Whether the server was found to give one reply to different seeds: equal samples are then copies."""
    yes_probabilities: tuple[tuple[int, float], ...] = ()
    """Line of the text and probability of `yes`, for lines with a yes or no, where the request asked for probabilities."""


class Teacher(Protocol):
    """Whatever can answer a request."""

    model: str
    """The model as requests name it."""
    samples_per_request: int
    """How many samples one call may carry."""

    async def check(self) -> None:
        """Raise `InputError` if the teacher cannot be reached or does not know the model."""

    async def answer(self, request: Request, samples: Sequence[int]) -> Sequence[Response]:
        """Answer the given samples of one request, in their order, however long it takes.

        Passing faults are retried inside; `BuildError` is raised when the teacher stays away.
        """

    async def close(self) -> None:
        """Release what the teacher holds: connections, processes."""

    def load(self) -> str:
        """Return what the servers do at this moment, for the progress display; "" if nothing is known."""

    def record(self) -> Mapping[str, Any] | None:
        """Return what was done in this run, for `engine/runs.jsonl`; None if there is nothing to record."""


@dataclass(frozen=True)
class TeacherContext:
    """What a teacher is given besides its settings when it is made."""

    logs: Path
    """Folder for the logs of processes that it starts; no other process of ours writes there."""
    notify: Callable[[str], None]
    """Reports a sentence to the user."""
    stop: Stop
    """Once it is asked for, nothing is sent any more."""
    longest_reply: int
    """The largest `max_tokens` that requests will have."""
    extras: Sequence[Mapping[str, Any]]
    """The further fields that requests will have, one mapping for each way in which the roles ask."""
    patterns: Sequence[str] = ()
    """The regular expressions that requests will have."""
