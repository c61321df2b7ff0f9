"""The body of a chat completion request, as OpenAI defined it and vLLM serves it, in the dialect of a server."""

from collections.abc import Mapping, Sequence
from typing import Any

from kpmath_builder.client.dialects import PLAIN, Dialect
from kpmath_builder.client.patterns import OWN_FORMS, pattern_fields
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import Message, Request

__all__ = ["chat_body"]


def chat_body(request: Request, first: int, count: int, dialect: Dialect = PLAIN) -> dict[str, Any]:
    """Return the body that asks for `count` samples of a request from sample `first` on.

    Raises
    ------
    InputError
        When the request's `extra` sets a field of ours, or a server cannot be told its pattern.
    """
    assert count == 1 or dialect.takes_n, f"this server takes one sample a call, got {count}"
    messages = _messages(request.messages, dialect)
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
        **_pattern_fields(request, dialect),
        **_further_fields(request.extra, dialect),
    }


def _messages(messages: Sequence[Message], dialect: Dialect) -> list[dict[str, str]]:
    sent = [{"role": message.role, "content": message.content} for message in messages]
    if dialect.system_role or len(sent) < 2 or sent[0]["role"] != "system":
        return sent
    system, user, *rest = sent
    return [{"role": user["role"], "content": f"{system['content']}\n\n{user['content']}"}, *rest]


def _pattern_fields(request: Request, dialect: Dialect) -> dict[str, Any]:
    if not request.pattern or OWN_FORMS & request.extra.keys():
        return {}
    return pattern_fields(request.pattern, dialect.pattern_form)


def _further_fields(extra: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    if clash := sorted((dialect.names - {"stop"}) & extra.keys()):
        raise InputError(
            f"Extra fields may not set {', '.join(clash)}: use the recipe's own settings for that."
        )
    return dict(extra)
