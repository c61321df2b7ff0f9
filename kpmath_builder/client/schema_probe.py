"""Whether a server really constrains a reply to the JSON schema that it is sent; some ignore it without a word."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp

from kpmath_builder.client.completions import read_completion
from kpmath_builder.client.connection import Connection
from kpmath_builder.client.statuses import server_words

__all__ = ["PROBE", "Probed", "fault_of_reply", "probe", "probe_body"]

ANSWER = {"sum": 4321}
SCHEMA = {
    "type": "object",
    "properties": {"sum": {"type": "integer", "enum": [4321]}},
    "required": ["sum"],
    "additionalProperties": False,
}
"""What nobody would say who was asked for something else."""
PROBE = {
    "messages": [{"role": "user", "content": "Reply with the word hello."}],
    "temperature": 0.0,
    "top_p": 1.0,
    "max_tokens": 1024,
    "n": 1,
    "seed": 0,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "probe", "schema": SCHEMA, "strict": True},
    },
}


def probe_body(model: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the probe as a role with these further fields would send it, but for a form of its own: servers take one at a time."""
    others = {name: value for name, value in extra.items() if name != "structured_outputs"}
    return {**others, **PROBE, "model": model}


class Probed(NamedTuple):
    """What the probe told."""

    fault: str = ""
    """What is wrong with the reply; empty where nothing is known to be."""
    fingerprint: str = ""
    """What the server calls itself: vLLM its version and a hash over model and settings."""


async def probe(connection: Connection, url: str, model: str, extra: Mapping[str, Any]) -> Probed:
    """Ask for "hello" under a schema that forbids it.

    A server that does not answer now, or does not come to an end, is not judged.
    """
    body = json.dumps(probe_body(model, extra)).encode()
    try:
        session, base = connection.reach(url)
        async with session.post(f"{base}/v1/chat/completions", data=body, allow_redirects=False) as reply:
            status, answer = reply.status, await reply.read()
    except (aiohttp.ClientError, OSError):
        return Probed()
    if status in {400, 422}:
        return Probed(f"The server at {url} refuses a request with a JSON schema ({server_words(answer)})")
    return (
        Probed(fault_of_reply(f"The server at {url}", answer), _fingerprint(answer))
        if status == 200
        else Probed()
    )


def fault_of_reply(who: str, answer: bytes) -> str:
    """Return what is wrong with the reply to the probe; "" where nothing is, or where it did not come to its end."""
    try:
        (response,) = read_completion(answer, 1)
    except ValueError:
        return ""
    if response.finish_reason != "stop":
        return ""
    try:
        obeys = json.loads(response.text) == ANSWER
    except ValueError:
        obeys = False
    if obeys:
        return ""
    if not response.text.strip() and response.reasoning:
        return f"{who} gives its whole reply as reasoning: switch thinking on or off in teacher.extra's chat_template_kwargs"
    said = " ".join(response.text.split())[:60]
    return f"{who} ignores the JSON schema of a request (it said '{said}')"


def _fingerprint(answer: bytes) -> str:
    try:
        return read_completion(answer, 1)[0].fingerprint
    except ValueError:
        return ""
