"""Checking, before any token is paid for, that servers are there, accept the key and serve the model."""

import asyncio
from typing import NamedTuple

from kpmath_builder.client.bodies import LONGEST_LIST
from kpmath_builder.client.connection import Connection
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.faults import CallError
from kpmath_builder.client.model_lists import read_models, served_as
from kpmath_builder.client.retries import LONGEST_CONNECT
from kpmath_builder.client.statuses import server_words
from kpmath_builder.errors import InputError
from kpmath_builder.text import cut_list, shown

__all__ = ["Wanted", "check_again", "check_ready"]

SECONDS_BETWEEN_LOOKS = 1.0


class Wanted(NamedTuple):
    """What a server must serve."""

    model: str
    longest_reply: int = 0
    """The largest `max_tokens` that requests will have."""


async def check_ready(connection: Connection, wanted: Wanted, patience: float) -> list[Endpoint]:
    """Return the endpoints that answer, at least one, once all of them serve what is wanted.

    A server that is there and says "not yet" (5xx, 429) is asked again for up to `patience` seconds. A server that has
    no list of models passes.

    Raises
    ------
    InputError
        When no server answers, or one does not accept the key, does not serve the model, or with too short a context.
    """
    endpoints = connection.pool.all
    faults = await asyncio.gather(*(_until_ready(connection, each, wanted, patience) for each in endpoints))
    found = [fault for fault in faults if fault]
    if len(found) == len(endpoints):
        raise InputError(f"{'; '.join(found)}: start it or change {connection.keys}addresses.")
    if found:
        connection.notify(f"{'; '.join(found)}: going on without it")
    return [endpoint for endpoint, fault in zip(endpoints, faults, strict=True) if not fault]


async def check_again(connection: Connection, wanted: Wanted, endpoint: Endpoint) -> None:
    """Check a server that was out of reach: another may stand at its address.

    Raises
    ------
    InputError
        When `check_ready` would not accept it.
    CallError
        When it does not answer yet.
    """
    status, body = await _models(connection, endpoint)
    if _not_yet(status):
        raise CallError(f"{status} from {endpoint.url} ({server_words(body)})", away=True)
    _judge(connection, endpoint.url, status, body, wanted)


def _not_yet(status: int) -> bool:
    return status in {408, 425, 429} or status >= 500


async def _until_ready(connection: Connection, endpoint: Endpoint, wanted: Wanted, patience: float) -> str:
    """Return why a server is not ready; "" if it is."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            status, body = await _models(connection, endpoint)
        except CallError as fault:
            return f"No server answers at {endpoint.url} ({_reason(fault)})"
        if not _not_yet(status):
            _judge(connection, endpoint.url, status, body, wanted)
            return ""
        if loop.time() >= deadline:
            return f"The server at {endpoint.url} is not ready ({status} {server_words(body)})"
        connection.notify(f"{status} from {endpoint.url}, waiting until it is ready")
        await asyncio.sleep(min(SECONDS_BETWEEN_LOOKS, max(deadline - loop.time(), 0.0)))


def _reason(fault: CallError) -> str:
    cause = fault.__cause__
    return str(cause)[:200] if cause is not None and str(cause) else str(fault)


async def _models(connection: Connection, endpoint: Endpoint) -> tuple[int, bytes]:
    return await connection.send(endpoint, "/models", limit=LONGEST_LIST, seconds=LONGEST_CONNECT)


def _judge(connection: Connection, url: str, status: int, body: bytes, wanted: Wanted) -> None:
    if status != 200:
        return  # many proxies have no list of models, or want another key for it: the probe is asked next
    served = read_models(body)
    if served is None:
        raise InputError(
            f"{url} is not an OpenAI-compatible server (its list of models cannot be read): change {connection.keys}addresses."
        )
    name = served_as(wanted.model, served)
    if name is None:
        raise InputError(
            f"{url} does not serve '{shown(wanted.model[:200])}' but {cut_list(list(served))}: serve it there, or change "
            f"{connection.keys}model."
        )
    context = served[name]  # some servers report it
    if context is not None and wanted.longest_reply >= context:
        raise InputError(
            f"{url} serves '{wanted.model}' with {context} tokens for prompt and reply together, and the recipe asks for replies of up to "
            f"{wanted.longest_reply}: lower max_tokens, or serve it with a larger --max-model-len."
        )
