"""Asking servers, before any token is paid for, whether they are there, accept the key and serve the model."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

import aiohttp

from kpmath_builder.client.connection import Connection
from kpmath_builder.client.model_lists import read_models, served_as
from kpmath_builder.client.retries import LONGEST_CONNECT, PassingError, no_answer
from kpmath_builder.client.statuses import server_words
from kpmath_builder.errors import InputError

__all__ = ["Wanted", "check_again", "check_serving"]

SECONDS_BETWEEN_LOOKS = 1.0
LOOK = aiohttp.ClientTimeout(total=LONGEST_CONNECT)


class Wanted(NamedTuple):
    """What a server must serve."""

    model: str
    longest_reply: int = 0
    """The largest `max_tokens` that requests will have."""
    keys: str = "teacher."
    """What the recipe's keys for model and addresses begin with, for messages."""


async def check_serving(connection: Connection, wanted: Wanted, patience: float) -> None:
    """Return when at least one address answers and all that answer serve what is wanted.

    A server that is there and says "not yet" (5xx, 429) is asked again for up to `patience` seconds. A server that has
    no list of models passes.

    Raises
    ------
    InputError
        When no address answers, or one does not accept the key, does not serve the model, or with too short a context.
    """
    found = await asyncio.gather(
        *(_look_until_ready(connection, url, wanted, patience) for url in connection.urls)
    )
    faults = [fault for fault in found if fault]
    if len(faults) == len(found):
        raise InputError(f"{'; '.join(faults)}: start it or change {wanted.keys}addresses.")
    if faults:
        connection.notify(f"{'; '.join(faults)}: going on without it")


async def check_again(connection: Connection, wanted: Wanted, url: str) -> None:
    """Look at a server that was out of reach: it may be another one.

    Raises
    ------
    InputError
        When it is none that `check_serving` would accept.
    PassingError
        When it does not answer yet.
    """
    try:
        status, body = await _look(connection, url)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise no_answer(url, error) from error
    if status == 429 or status >= 500:
        raise PassingError(f"{status} from {url} ({server_words(body)})", away=True)
    _judge(url, status, body, wanted)


async def _look_until_ready(connection: Connection, url: str, wanted: Wanted, patience: float) -> str:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            status, body = await _look(connection, url)
        except (aiohttp.ClientError, OSError):
            return f"No server answers at {url}"
        if status != 429 and status < 500:
            _judge(url, status, body, wanted)
            return ""
        if loop.time() >= deadline:
            return f"The server at {url} is not ready ({status} {server_words(body)})"
        connection.notify(f"{status} from {url}, waiting until it is ready")
        await asyncio.sleep(min(SECONDS_BETWEEN_LOOKS, max(deadline - loop.time(), 0.0)))


async def _look(connection: Connection, url: str) -> tuple[int, bytes]:
    async with connection.call("GET", url, "/models", timeout=LOOK) as reply:
        return reply.status, await reply.read()


def _judge(url: str, status: int, body: bytes, wanted: Wanted) -> None:
    if status != 200:
        return  # many proxies have no list of models, or want another key for it: the probe is asked next
    served = read_models(body)
    if served is None:
        raise InputError(
            f"What answers at {url} is no OpenAI-compatible server: change {wanted.keys}addresses."
        )
    name = served_as(wanted.model, served)
    if name is None:
        raise InputError(
            f"{url} does not serve '{wanted.model}' but {_some(served)}: serve it there, or change {wanted.keys}model."
        )
    context = served[name]  # some say it
    if context is not None and wanted.longest_reply >= context:
        raise InputError(
            f"{url} serves '{wanted.model}' with {context} tokens for prompt and reply together, and the recipe asks for replies of up to "
            f"{wanted.longest_reply}: lower max_tokens, or serve it with a larger --max-model-len."
        )


def _some(names: Iterable[str]) -> str:
    """Return a few of many names: a proxy may list hundreds."""
    names = sorted(names)
    return (", ".join(names[:8]) + (f" and {len(names) - 8} others" if len(names) > 8 else "")) or "nothing"
