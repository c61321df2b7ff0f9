"""What an attack is, and the few ways in which bytes are sent."""

import asyncio
import itertools
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]

MEGABYTE = 2**20
LONGEST = 30.0
"""Seconds that an attack lasts at most, if the client does not break it off before."""
MOST = 1500
"""Megabytes that an attack sends at most."""


@dataclass
class Exchange:
    """One request with the good answer, and the way to the client."""

    writer: asyncio.StreamWriter
    path: str
    headers: Mapping[str, str]
    body: Body
    good: bytes
    hangs: Callable[[], None]
    """Says that nothing of use will come any more."""

    @property
    def key(self) -> str:
        """The API key that came with the request."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def answer(self) -> Any:
        """The good answer to change."""
        return json.loads(self.good)

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Attack = Callable[[Exchange], Awaitable[None]]


def reply(
    body: bytes | str = b"",
    status: int | str = 200,
    *headers: str,
    content_type: str = "application/json",
    length: int | str | None = None,
) -> bytes:
    """Return a whole response; further headers are given as lines."""
    data = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    said = len(data) if length is None else length
    lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {content_type}", f"Content-Length: {said}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + data


def escaped(text: str) -> str:
    """Return the text as JSON may write it, each character escaped."""
    return "".join(f"\\u{ord(sign):04X}" for sign in text)


def head(*headers: str, status: int | str = 200) -> bytes:
    """Return the beginning of a response without a length."""
    lines = [f"HTTP/1.1 {status} Said", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def raw(make: Callable[[Exchange], bytes]) -> Attack:
    """Send these bytes and close the connection."""

    async def attack(exchange: Exchange) -> None:
        await exchange.send(make(exchange))

    return attack


def fixed(
    body: bytes | str, status: int = 200, *headers: str, content_type: str = "application/json"
) -> Attack:
    """Send this response, whatever was asked."""
    return raw(lambda exchange: reply(body, status, *headers, content_type=content_type))


def changed(change: Callable[[Any], Any]) -> Attack:
    """Send the good answer changed; `change` may change it in place or return another."""

    def make(exchange: Exchange) -> bytes:
        answer = exchange.answer
        other = change(answer)
        return reply(json.dumps(answer if other is None else other))

    return raw(make)


def spoilt(spoil: Callable[[str], str | bytes], *headers: str) -> Attack:
    """Send the good answer's text spoilt."""
    return raw(lambda exchange: reply(spoil(exchange.good.decode()), 200, *headers))


def flood(start: bytes, piece: bytes, end: bytes = b"", *, hangs: bool = False) -> Attack:
    """Send `start` and then pieces of a megabyte, until the client has had enough; if it `hangs`, only time ends it."""

    async def attack(exchange: Exchange) -> None:
        await exchange.send(start)
        for number in range(MOST):
            await exchange.send(piece)
            if hangs and number == 9:
                exchange.hangs()
        await exchange.send(end)

    return attack


def in_turn(*attacks: Attack) -> Attack:
    """Meet each request with the next of these attacks."""
    turns = itertools.cycle(attacks)

    async def attack(exchange: Exchange) -> None:
        await next(turns)(exchange)

    return attack


async def never(exchange: Exchange) -> None:
    """Do not answer at all."""
    exchange.hangs()
    await asyncio.sleep(LONGEST)


def trickle(start: bytes, seconds: float, piece: bytes = b" ") -> Attack:
    """Send `start`, and then a little every now and then."""

    async def attack(exchange: Exchange) -> None:
        await exchange.send(start)
        for number in range(int(LONGEST / seconds)):
            await exchange.send(piece)
            if number == 1:
                exchange.hangs()
            await asyncio.sleep(seconds)

    return attack
