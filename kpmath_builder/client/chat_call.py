"""The call that asks for consecutive samples of one request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from kpmath_builder.client.bodies import longest_answer
from kpmath_builder.client.calls import ServerCall
from kpmath_builder.client.chat import chat_body
from kpmath_builder.client.completions import EmptyAnswerError, read_completion
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.faults import Weight
from kpmath_builder.protocol import Request, Response, Task

__all__ = ["ChatCall"]

_REMAINING_STEPS: Mapping[Task, int] = {"write": 3, "harder": 3, "work": 2, "judge": 1}
"""The steps of a blueprint that follow on this one; none on other tasks."""
_CHARACTERS_PER_TOKEN = 4
"""Of a prompt, roughly; only for a rate limit's estimate."""


@dataclass(slots=True, kw_only=True)
class ChatCall(ServerCall[list[Response]]):
    """Samples of a request, in their order.

    Parameters
    ----------
    request, first
        What is asked, and the number of its first sample.
    revision
        Of the model, noted with each response.
    ignores_seeds
        Whether an endpoint was found to give one reply to different seeds.
    """

    path = "/chat/completions"
    request: Request
    first: int
    revision: str
    ignores_seeds: Callable[[Endpoint], bool]

    @classmethod
    def of(
        cls,
        request: Request,
        first: int,
        count: int,
        *,
        revision: str,
        ignores_seeds: Callable[[Endpoint], bool],
    ) -> Self:
        """Return the call for `count` samples of a request from sample `first` on."""
        tokens = request.sampling.max_tokens
        return cls(
            request=request,
            first=first,
            revision=revision,
            ignores_seeds=ignores_seeds,
            longest_body=longest_answer(tokens, count, logprobs=bool(request.extra.get("logprobs"))),
            tokens=tokens,
            samples=count,
            key=request.digest,
            steps=_REMAINING_STEPS.get(request.task, 0),
        )

    def body(self, endpoint: Endpoint) -> Mapping[str, Any]:
        """Return the body in the endpoint's dialect."""
        return chat_body(self.request, self.first, self.samples, endpoint.dialect)

    def read(self, body: bytes, endpoint: Endpoint) -> list[Response]:
        """Return the responses of an answer; raises as `read_completion` does."""
        return read_completion(
            body,
            self.samples,
            revision=self.revision,
            dialect=endpoint.dialect.description,
            seed_ignored=self.ignores_seeds(endpoint),
        )

    def estimate(self) -> int:
        """Return the tokens of the prompt, roughly, and of the longest replies."""
        prompt = sum(len(message.content) for message in self.request.messages)
        return prompt // _CHARACTERS_PER_TOKEN + self.tokens * self.samples

    def used(self, answer: list[Response]) -> int | None:
        """Return the tokens of the call; None if the server did not count them."""
        return sum(response.prompt_tokens + response.completion_tokens for response in answer) or None

    def weight(self, error: ValueError) -> Weight:
        """Return that an empty answer weighs more than one that is broken."""
        return Weight.EMPTY if isinstance(error, EmptyAnswerError) else Weight.MALFORMED
