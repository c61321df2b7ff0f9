"""Reading the body of a chat completion: from bytes to one `Response` for each sample."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kpmath_builder.answers.ending import split_thinking
from kpmath_builder.protocol import Response, token_count

__all__ = ["EmptyAnswerError", "read_completion", "split_reasoning"]

_FINISH_REASONS: Mapping[str, str] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "end_turn", "stop_sequence", "stop_token"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "model_length", "max_output_tokens"), "length"),
    **dict.fromkeys(
        ("content_filter", "refusal", "safety", "recitation", "blocklist", "prohibited_content", "spii"),
        "refused",
    ),
}
"""Words of servers for a whole answer, one that was cut off, and one that is withheld. Any other word is not understood: the
answer is asked for again."""


LONGEST_NAME = 200


class EmptyAnswerError(ValueError):
    """A whole answer without a word, which may be a fault that passes; `responses` is what there was."""

    def __init__(self, responses: list[Response]) -> None:
        super().__init__("an answer without a word")
        self.responses = responses


class _Part(BaseModel):
    """Strict, so that a number where text belongs is malformed; fields that nobody here reads may be anything."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Message(_Part):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None


class _Choice(_Part):
    index: Annotated[int, Field(ge=0)] = 0
    message: _Message
    finish_reason: str


class _Completion(_Part):
    """`usage` and the names are for the account and for provenance: whatever they hold, the answer is worth more."""

    choices: list[_Choice]
    usage: object = None
    model: object = None
    system_fingerprint: object = None


def read_completion(
    body: bytes, samples: int, *, revision: str = "", dialect: str = "", seed_ignored: bool = False
) -> list[Response]:
    """Return the responses of a chat completion with `samples` choices, in the order of their index.

    `usage` is for the whole call: the prompt is charged to the first sample, the completion is shared out so that the
    sum stays exact. The keywords are noted in each response.

    Raises
    ------
    EmptyAnswerError
        When a choice that ended by itself holds neither text nor reasoning.
    ValueError
        When the body is no complete chat completion with exactly `samples` whole choices.
    """
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError as error:
        raise ValueError(_first_fault(error)) from None
    choices = sorted(completion.choices, key=lambda choice: choice.index)
    unknown = [choice.finish_reason for choice in choices if _finish_reason(choice) is None]
    if len(choices) != samples or unknown:
        raise ValueError(
            f"expected {samples} whole choices, got {len(choices)} with finish reasons "
            f"{[choice.finish_reason[:40] for choice in choices[:8]]}"
        )
    if len({choice.index for choice in choices}) not in {1, samples}:
        raise ValueError(f"choices share an index: {[choice.index for choice in choices][:8]}")
    usage = _mapping(completion.usage)
    prompt_tokens = token_count(usage.get("prompt_tokens"))
    cached_tokens = token_count(_mapping(usage.get("prompt_tokens_details")).get("cached_tokens"))
    share, rest = divmod(token_count(usage.get("completion_tokens")), samples)
    responses = [
        _response(
            choice,
            prompt_tokens=0 if place else prompt_tokens,
            cached_tokens=0 if place else cached_tokens,
            completion_tokens=share + (place < rest),
            model=_name(completion.model),
            fingerprint=_name(completion.system_fingerprint),
            revision=revision,
            dialect=dialect,
            seed_ignored=seed_ignored,
        )
        for place, choice in enumerate(choices)
    ]
    if any(each.finish_reason == "stop" and not each.text and not each.reasoning for each in responses):
        raise EmptyAnswerError(responses)
    return responses


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _name(value: object) -> str:
    """Return a name for provenance, at a length that a log can bear; "" for whatever is none."""
    return value[:LONGEST_NAME] if isinstance(value, str) else ""


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def _finish_reason(choice: _Choice) -> str | None:
    return _FINISH_REASONS.get(choice.finish_reason.casefold())


def _response(choice: _Choice, **fields: Any) -> Response:  # noqa: ANN401 - of the response
    message = choice.message
    text, reasoning = message.content or "", message.reasoning or message.reasoning_content or ""
    text, reasoning = (text.lstrip(), reasoning.strip()) if reasoning else split_reasoning(text)
    finish_reason = "refused" if message.refusal else _finish_reason(choice)
    assert finish_reason is not None, "unknown finish reasons were refused before"
    # All fields were validated on the way here; JSON from pydantic's parser has no lone surrogates.
    return Response.model_construct(
        text=message.refusal or text, finish_reason=finish_reason, reasoning=reasoning, **fields
    )


def split_reasoning(text: str) -> tuple[str, str]:
    """Return answer and reasoning of a text that a server without a reasoning parser passes on whole.

    `answers.split_thinking` decides what is thinking, as it does for the text of a solution.
    """
    return split_thinking(text)
