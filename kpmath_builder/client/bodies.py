"""Reading what a server sends: never more than a limit, never a structure deeper than a parser can take.

aiohttp decompresses a body piece by piece, so that a compressed bomb meets the same limit as a long plain body.
"""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from pydantic_core import PydanticSerializationError, to_json

__all__ = [
    "LONGEST_ERROR",
    "LONGEST_LIST",
    "LONGEST_METRICS",
    "longest_answer",
    "read_body",
    "read_json",
    "write_json",
]

LONGEST_ERROR = 2**16
"""Bytes read of the body of an error: enough for any message."""
LONGEST_LIST = 2**22
"""Bytes of a list of models; a router of hosted models lists hundreds of them with their descriptions."""
LONGEST_METRICS = 2**24
"""Bytes of a Prometheus page."""
_BYTES_PER_TOKEN = 256
_BYTES_PER_LOGPROBS = 2048
_OVERHEAD = 2**18


def longest_answer(tokens: int, samples: int, *, logprobs: bool = False) -> int:
    """Return the bytes that an answer of so many samples of so many tokens may have, generously.

    A token is about four characters; escapes, reasoning sent under two names and long runs of spaces take more.
    Probabilities come as a handful of tokens for each, with their bytes.
    """
    return _OVERHEAD + (_BYTES_PER_TOKEN + _BYTES_PER_LOGPROBS * logprobs) * tokens * samples


async def read_body(reply: aiohttp.ClientResponse, limit: int, *, cut: bool = False) -> bytes:
    """Return the body, or with `cut` its first `limit` bytes.

    Raises
    ------
    ValueError
        When the body is longer than `limit`; the connection is then closed, not read to its end.
    """
    if (reply.content_length or limit + 1) <= limit and "Content-Encoding" not in reply.headers:
        return await reply.read()  # the parser takes no more than the length that was announced
    pieces: list[bytes] = []
    length = 0
    async for piece in reply.content.iter_any():
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            reply.close()
            if cut:
                break
            raise ValueError(f"the body is longer than {limit:,} bytes")
    return b"".join(pieces)[:limit]


def read_json(body: bytes | str) -> object:
    """Return the JSON value of a body; raises `ValueError` for whatever is none, or is nested too deep to be read."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None


def write_json(body: Mapping[str, Any]) -> bytes:
    """Return a body as JSON."""
    try:
        return to_json(body)  # four times as fast as the standard library
    except PydanticSerializationError:  # half a surrogate pair, which only an escape can name
        return json.dumps(body).encode()
