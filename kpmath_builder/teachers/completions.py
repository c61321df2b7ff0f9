"""Reading the body of a chat completion: from bytes to one `Response` for each sample."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from kpmath_builder.answers.ending import split_thinking
from kpmath_builder.teachers.protocol import Response

__all__ = ["read_completion", "split_reasoning"]

BROKEN_OFF = frozenset({"abort", "error"})
"""vLLM's finish reasons for answers that it did not finish; they are asked for again."""

Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    """Strict, so that a number where text belongs is malformed; fields that nobody here reads may be anything."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Message(_Part):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None


class _Choice(_Part):
    index: Count = 0
    message: _Message
    finish_reason: str


class _PromptDetails(_Part):
    cached_tokens: Count | None = None


class _Usage(_Part):
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    prompt_tokens_details: _PromptDetails | None = None


class _Completion(_Part):
    choices: list[_Choice]
    usage: _Usage | None = None
    model: str = ""
    system_fingerprint: str | None = None


def read_completion(body: bytes, samples: int, revision: str = "") -> list[Response]:
    """Return the responses of a chat completion with `samples` choices, in the order of their index.

    `usage` is for the whole call: the prompt is charged to the first sample, the completion is shared out so that the
    sum stays exact.

    Raises
    ------
    ValueError
        When the body is no complete chat completion with exactly `samples` whole choices.
    """
    completion = _Completion.model_validate_json(body)
    choices = sorted(completion.choices, key=lambda choice: choice.index)
    if len(choices) != samples or any(choice.finish_reason in BROKEN_OFF for choice in choices):
        raise ValueError(
            f"expected {samples} whole choices, got {[choice.finish_reason for choice in choices]}"
        )
    usage = completion.usage or _Usage()
    share, rest = divmod(usage.completion_tokens, samples)
    details = usage.prompt_tokens_details or _PromptDetails()
    return [
        _response(
            choice,
            completion,
            prompt_tokens=0 if place else usage.prompt_tokens,
            cached_tokens=0 if place else details.cached_tokens or 0,
            completion_tokens=share + (place < rest),
            revision=revision,
        )
        for place, choice in enumerate(choices)
    ]


def _response(choice: _Choice, completion: _Completion, **fields: Any) -> Response:  # noqa: ANN401 - of the response
    message = choice.message
    text, reasoning = message.content or "", message.reasoning or message.reasoning_content or ""
    text, reasoning = (text.lstrip(), reasoning.strip()) if reasoning else split_reasoning(text)
    refused = message.refusal is not None or choice.finish_reason == "content_filter"
    return Response(
        text=(message.refusal or text) if refused else text,
        finish_reason="refused" if refused else choice.finish_reason,
        model=completion.model,
        fingerprint=completion.system_fingerprint or "",
        reasoning=reasoning,
        **fields,
    )


def split_reasoning(text: str) -> tuple[str, str]:
    """Return answer and reasoning of a text that a server without a reasoning parser passes on whole.

    What is thinking is decided by `answers.split_thinking`, as it is for the text of a solution.
    """
    return split_thinking(text)
