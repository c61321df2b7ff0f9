"""Reading the body of a chat completion: from bytes to one `Response` for each sample."""

from collections.abc import Mapping
from typing import Annotated, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from kpmath_builder.answers.ending import split_thinking
from kpmath_builder.client.probabilities import yes_probabilities
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


_STRICT = ConfigDict(strict=True, extra="ignore")
"""A number where text belongs is malformed; fields that nobody here reads may be anything."""


@with_config(_STRICT)
class _Message(TypedDict, total=False):
    content: str | None
    reasoning: str | None
    reasoning_content: str | None
    refusal: str | None


@with_config(_STRICT)
class _Choice(TypedDict):
    index: NotRequired[Annotated[int, Field(ge=0)]]
    message: _Message
    finish_reason: str
    logprobs: NotRequired[object]


@with_config(_STRICT)
class _Completion(TypedDict):
    """`usage` and the names are for the account and for provenance: whatever they hold, the answer is worth more."""

    choices: list[_Choice]
    usage: NotRequired[object]
    model: NotRequired[object]
    system_fingerprint: NotRequired[object]


_COMPLETION = TypeAdapter(_Completion)


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
        completion = _COMPLETION.validate_json(body)
    except ValidationError as error:
        raise ValueError(_first_fault(error)) from None
    choices = completion["choices"]
    if len(choices) > 1:
        choices = sorted(choices, key=_index)
    reasons = [_FINISH_REASONS.get(choice["finish_reason"].casefold()) for choice in choices]
    if len(choices) != samples or None in reasons:
        raise ValueError(
            f"expected {samples} whole choices, got {len(choices)} with finish reasons "
            f"{[choice['finish_reason'][:40] for choice in choices[:8]]}"
        )
    if samples > 1 and len({_index(choice) for choice in choices}) not in {1, samples}:
        raise ValueError(f"choices share an index: {[_index(choice) for choice in choices][:8]}")
    usage = _mapping(completion.get("usage"))
    prompt_tokens = usage.get("prompt_tokens")
    cached_tokens = _mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
    share, rest = divmod(token_count(usage.get("completion_tokens")), samples)
    thought = _mapping(usage.get("completion_tokens_details")).get("reasoning_tokens")
    thought = thought or usage.get("reasoning_tokens")  # SGLang
    model, fingerprint = _name(completion.get("model")), _name(completion.get("system_fingerprint"))
    responses, empty = [], False
    for place, choice in enumerate(choices):
        message = choice["message"]
        refusal, reason = message.get("refusal"), reasons[place]
        text, reasoning = _text_and_reasoning(message)
        empty = empty or (reason == "stop" and not (text or reasoning or refusal))
        responses.append(
            Response(
                text=refusal or text,
                finish_reason="refused" if refusal else reason,
                prompt_tokens=0 if place else prompt_tokens,
                completion_tokens=share + (place < rest),
                cached_tokens=0 if place else cached_tokens,
                model=model,
                revision=revision,
                fingerprint=fingerprint,
                reasoning=reasoning,
                reasoning_tokens=thought if reasoning and samples == 1 else 0,
                dialect=dialect,
                seed_ignored=seed_ignored,
                yes_probabilities=yes_probabilities(choice.get("logprobs")),
            )
        )
    if empty:
        raise EmptyAnswerError(responses)
    return responses


def _index(choice: _Choice) -> int:
    return choice.get("index", 0)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _name(value: object) -> str:
    """Return a name for provenance, at a length that a log can bear; "" for whatever is none."""
    return value[:LONGEST_NAME] if isinstance(value, str) else ""


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def _text_and_reasoning(message: _Message) -> tuple[str, str]:
    text = message.get("content") or ""
    reasoning = message.get("reasoning") or message.get("reasoning_content")
    return (text.lstrip(), reasoning.strip()) if reasoning else split_reasoning(text)


def split_reasoning(text: str) -> tuple[str, str]:
    """Return answer and reasoning of a text that a server without a reasoning parser passes on whole.

    `answers.split_thinking` decides what is thinking, as it does for the text of a solution.
    """
    return split_thinking(text)
