"""The body of a chat completion request, as OpenAI defined it and vLLM serves it, in the dialect of a server."""

from collections.abc import Mapping, Sequence
from typing import Any

from kpmath_builder.client.dialects import PLAIN, Dialect
from kpmath_builder.client.shape_words import shape_in_words
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import Message, Request

__all__ = ["chat_body"]


def chat_body(request: Request, first: int, count: int, dialect: Dialect = PLAIN) -> dict[str, Any]:
    """Return the body that asks for `count` samples of a request from sample `first` on.

    Raises
    ------
    InputError
        When the request's `extra` sets a field of ours.
    """
    assert count == 1 or dialect.takes_n, f"this server takes one sample a call, got {count}"
    messages = _messages(request.messages, dialect)
    format_ = _response_format(request, dialect)
    if request.schema is not None and dialect.schema_mode != "json_schema":
        _append(messages, shape_in_words(request.schema))
    settings = {
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
        "max_tokens": request.sampling.max_tokens,
        "n": count,
        "seed": (request.seed + first) % 2**dialect.seed_bits,
        **({"stop": list(request.stop)} if request.stop else {}),
    }
    omitted = dialect.omit if dialect.top_p_of_1 or settings["top_p"] != 1 else dialect.omit | {"top_p"}
    named = {dialect.rename.get(name, name): value for name, value in settings.items() if name not in omitted}
    return {
        "model": request.model,
        "messages": messages,
        **named,
        **format_,
        **_further_fields(request.extra, dialect),
    }


def _messages(messages: Sequence[Message], dialect: Dialect) -> list[dict[str, str]]:
    sent = [{"role": message.role, "content": message.content} for message in messages]
    if dialect.system_role or len(sent) < 2 or sent[0]["role"] != "system":
        return sent
    system, user, *rest = sent
    return [{"role": user["role"], "content": f"{system['content']}\n\n{user['content']}"}, *rest]


def _append(messages: list[dict[str, str]], words: str) -> None:
    """Add an instruction to the last message of the user."""
    last = next(message for message in reversed(messages) if message["role"] == "user")
    last["content"] = f"{last['content']}\n\n{words}"


def _response_format(request: Request, dialect: Dialect) -> dict[str, Any]:
    if request.schema is None or dialect.schema_mode == "none":
        return {}
    if dialect.schema_mode == "json_object":
        return {"response_format": {"type": "json_object"}}
    schema = {"name": request.task, "schema": request.schema, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _further_fields(extra: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    if clash := sorted((dialect.names - {"stop"}) & extra.keys()):
        raise InputError(
            f"Extra fields may not set {', '.join(clash)}: use the recipe's own settings for that."
        )
    return dict(extra)
