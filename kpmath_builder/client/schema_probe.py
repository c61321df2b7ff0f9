"""Whether a server really constrains a reply to the JSON schema that it is sent; some ignore it without a word."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from kpmath_builder.client.bodies import longest_answer, read_json
from kpmath_builder.client.completions import read_completion
from kpmath_builder.client.connection import Connection
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.faults import CallError
from kpmath_builder.client.statuses import server_words

__all__ = ["PROBE", "Probed", "fault_of_reply", "probe", "probe_body"]

LONGEST = longest_answer(1024, 1)
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
    """The server's own name of itself; vLLM's is its version and a hash over model and settings."""
    answered: bool = False
    """Whether there was a whole answer, whatever it says."""
    silence: str = ""
    """Why there was none."""


async def probe(
    connection: Connection, endpoint: Endpoint, model: str, extra: Mapping[str, Any], seconds: float
) -> Probed:
    """Ask for "hello" under a schema that forbids it.

    A server that does not answer now, or does not come to an end, is not judged.
    """
    try:
        status, answer = await connection.send(
            endpoint, "/chat/completions", probe_body(model, extra), limit=LONGEST, seconds=seconds
        )
    except CallError as fault:
        return Probed(silence=str(fault))
    if status in {400, 422}:
        return Probed(
            f"The server at {endpoint.url} refuses a request with a JSON schema ({server_words(answer)})",
            answered=True,
        )
    return (
        Probed(
            fault_of_reply(f"The server at {endpoint.url}", answer), _fingerprint(answer), _is_whole(answer)
        )
        if status == 200
        else Probed(silence=f"{status} from {endpoint.url} ({server_words(answer)})")
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
        obeys = read_json(response.text) == ANSWER
    except ValueError:
        obeys = False
    if obeys:
        return ""
    if not response.text.strip() and response.reasoning:
        return f"{who} gives its whole reply as reasoning: switch thinking on or off in teacher.extra's chat_template_kwargs"
    said = " ".join(response.text.split())[:60]
    return f"{who} ignores the JSON schema of a request (it said '{said}')"


def _is_whole(answer: bytes) -> bool:
    try:
        return bool(read_completion(answer, 1))
    except ValueError:
        return False


def _fingerprint(answer: bytes) -> str:
    try:
        return read_completion(answer, 1)[0].fingerprint
    except ValueError:
        return ""
