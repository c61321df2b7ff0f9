"""The body of a chat completion request, as OpenAI defined it and vLLM serves it."""

from collections.abc import Mapping
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.protocol import Request

__all__ = ["chat_body"]

SEEDS = 2**63
"""vLLM takes a seed as a signed 64-bit integer."""

OWN_FIELDS = frozenset(
    {"model", "messages", "temperature", "top_p", "max_tokens", "n", "seed", "response_format", "stream"}
)


def chat_body(request: Request, first: int, count: int) -> dict[str, Any]:
    """Return the body that asks for `count` samples of a request from sample `first` on.

    Raises
    ------
    InputError
        When the request's `extra` sets a field of ours.
    """
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
