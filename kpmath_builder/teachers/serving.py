"""Asking servers, before any token is paid for, whether they are there, accept the key and serve the model."""

import asyncio
import json

import aiohttp

from kpmath_builder.errors import InputError
from kpmath_builder.teachers.connection import Connection
from kpmath_builder.teachers.retrying import LONGEST_CONNECT
from kpmath_builder.teachers.statuses import server_words, wrong_key

__all__ = ["check_serving"]

SECONDS_BETWEEN_LOOKS = 1.0
LOOK = aiohttp.ClientTimeout(total=LONGEST_CONNECT)


async def check_serving(connection: Connection, model: str, patience: float, longest_reply: int = 0) -> None:
    """Return when at least one address answers and all that answer serve `model`, with room for `longest_reply` tokens.

    A server that is there and says "not yet" (5xx, 429) is asked again for up to `patience` seconds. A server that has
    no list of models passes.

    Raises
    ------
    InputError
        When no address answers, or one does not accept the key, does not serve the model, or with too short a context.
    """
    found = await asyncio.gather(
        *(_look_until_ready(connection, url, model, patience, longest_reply) for url in connection.urls)
    )
    faults = [fault for fault in found if fault]
    if len(faults) == len(found):
        raise InputError(f"{'; '.join(faults)}: start it or change teacher.addresses.")
    if faults:
        connection.tell(f"{'; '.join(faults)}: going on without it")


async def _look_until_ready(
    connection: Connection, url: str, model: str, patience: float, longest_reply: int
) -> str:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            status, body = await _look(connection, url)
        except (aiohttp.ClientError, OSError):
            return f"No server answers at {url}"
        if status != 429 and status < 500:
            _judge(url, status, body, model, longest_reply)
            return ""
        if loop.time() >= deadline:
            return f"The server at {url} is not ready ({status} {server_words(body)})"
        connection.tell(f"{status} from {url}, waiting until it is ready")
        await asyncio.sleep(min(SECONDS_BETWEEN_LOOKS, max(deadline - loop.time(), 0.0)))


async def _look(connection: Connection, url: str) -> tuple[int, bytes]:
    async with connection.session().get(f"{url}/models", timeout=LOOK) as reply:
        return reply.status, await reply.read()


def _judge(url: str, status: int, body: bytes, model: str, longest_reply: int) -> None:
    if status in {401, 403}:
        raise wrong_key(url, status, body)
    if status != 200:
        return  # many proxies have no list of models
    try:
        served = {str(entry["id"]): entry.get("max_model_len") for entry in json.loads(body)["data"]}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError(
            f"What answers at {url} is no OpenAI-compatible server: change teacher.addresses."
        ) from None
    if model not in served:
        raise InputError(
            f"{url} does not serve '{model}' but {', '.join(served) or 'nothing'}: change teacher.model."
        )
    context = served[model]  # vLLM says it, others do not
    if isinstance(context, int) and longest_reply >= context:
        raise InputError(
            f"{url} serves '{model}' with {context} tokens for prompt and reply together, and the recipe asks for replies of up to "
            f"{longest_reply}: lower max_tokens, or serve it with a larger --max-model-len."
        )
