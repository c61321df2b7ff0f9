"""Attacks below the meaning of an answer, which fit any request: lengths, chunks, encodings, connections, headers."""

import asyncio
import gzip
import zlib
from collections.abc import Mapping
from functools import cache

from hostile.attack import (
    MEGABYTE,
    Attack,
    Exchange,
    chunk,
    escaped,
    fixed,
    flood,
    head,
    never,
    raw,
    reply,
    trickle,
)

__all__ = ["FAR_RETRY_AFTER", "HEAVY", "RETRY_AFTER", "STUCK", "WIRE", "WIRE_WHOLE"]

BLANK = b" " * MEGABYTE
NESTED = "[" * 100_000


@cache
def bomb(wbits: int, layers: int = 1) -> bytes:
    """Return less than a megabyte that becomes some 900 MB of blanks.

    A piece that ends in a full flush depends on nothing before it, so that one piece can be repeated.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    start = packer.compress(b"{") + packer.flush(zlib.Z_FULL_FLUSH)
    piece = b"".join(map(packer.compress, [BLANK] * 60)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = start + piece * 15
    if layers > 1:
        again = zlib.compressobj(9, zlib.DEFLATED, wbits)
        data = again.compress(data) + again.flush()
    assert len(data) < MEGABYTE
    return data


def compressed(encoding: str, wbits: int, layers: int = 1) -> Attack:
    """Send a bomb in that content encoding."""
    return raw(lambda exchange: reply(bomb(wbits, layers), 200, f"Content-Encoding: {encoding}"))


async def reset_before(exchange: Exchange) -> None:
    exchange.reset()


async def reset_in_headers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    await asyncio.sleep(0.01)
    exchange.reset()


async def reset_after_headers(exchange: Exchange) -> None:
    await exchange.send(head("Content-Length: 500"))
    await asyncio.sleep(0.01)
    exchange.reset()


async def reset_in_body(exchange: Exchange) -> None:
    await exchange.send(reply(exchange.good[: len(exchange.good) // 2], length=len(exchange.good)))
    await asyncio.sleep(0.01)
    exchange.reset()


async def close_at_once(exchange: Exchange) -> None:
    exchange.writer.close()


def half(exchange: Exchange) -> bytes:
    return exchange.good[: len(exchange.good) // 2]


CHUNKED = head("Transfer-Encoding: chunked")

HEAVY: Mapping[str, Attack] = {
    "a gigabyte with its length": flood(reply('{"choices": [{"message": {"content": "', length=1500 * MEGABYTE), b"a" * MEGABYTE),
    "an endless chunked body": flood(CHUNKED, chunk(b"a" * MEGABYTE)),
    "an endless body without length": flood(head("Connection: close"), b"a" * MEGABYTE),
    "an endless line of headers": flood(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a" * MEGABYTE),
    "endless headers": flood(b"HTTP/1.1 200 OK\r\n", b"X-Many: 1\r\n" * 100_000),
    "a gzip bomb": compressed("gzip", 31),
    "a deflate bomb": compressed("deflate", 15),
    "a raw deflate bomb": compressed("deflate", -15),
    "a gzip bomb in a gzip bomb": compressed("gzip, gzip", 31, 2),
    "an error that is endless": flood(head("Transfer-Encoding: chunked", status=500), chunk(b"a" * MEGABYTE)),
    "an error that is a gzip bomb": fixed(bomb(31), 503, "Content-Encoding: gzip"),
    "an endless status line": flood(b"HTTP/1.1 200 ", b"O" * MEGABYTE),
    "an endless chunk extension": flood(CHUNKED + b"1;", b"x" * MEGABYTE),
}  # fmt: skip
"""These would fill the memory of a client that reads all that it is sent."""

WIRE: Mapping[str, Attack] = {
    "gzip that is none": raw(lambda exchange: reply(exchange.good, 200, "Content-Encoding: gzip")),
    "gzip cut off": raw(lambda exchange: reply(gzip.compress(exchange.good)[:-20], 200, "Content-Encoding: gzip")),
    "gzip with a wrong checksum": raw(lambda exchange: reply(gzip.compress(half(exchange))[:-8] + b"12345678", 200, "Content-Encoding: gzip")),
    "br that is none": raw(lambda exchange: reply(exchange.good, 200, "Content-Encoding: br")),
    "zstd that is none": raw(lambda exchange: reply(exchange.good, 200, "Content-Encoding: zstd")),
    "a chunk cut off": raw(lambda exchange: CHUNKED + chunk(exchange.good)[:-30]),
    "no last chunk": raw(lambda exchange: CHUNKED + chunk(half(exchange))),
    "a chunk size that is no number": raw(lambda exchange: CHUNKED + b"zz\r\n" + exchange.good + b"\r\n0\r\n\r\n"),
    "a negative chunk size": raw(lambda exchange: CHUNKED + b"-1\r\n" + exchange.good + b"\r\n0\r\n\r\n"),
    "a chunk of 2^64 bytes": raw(lambda exchange: CHUNKED + b"ffffffffffffffff\r\n" + exchange.good),
    "a length that is too long": raw(lambda exchange: reply(exchange.good, length=len(exchange.good) + 100)),
    "a length that is too short": raw(lambda exchange: reply(exchange.good, length=len(exchange.good) - 30)),
    "a negative length": raw(lambda exchange: reply(exchange.good, length=-1)),
    "a length that is no number": raw(lambda exchange: reply(exchange.good, length="many")),
    "a length of 10^30": raw(lambda exchange: reply(exchange.good, length=10**30)),
    "two lengths": raw(lambda exchange: reply(exchange.good, 200, "Content-Length: 7")),
    "length and chunks at once": raw(lambda exchange: reply(exchange.good, 200, "Transfer-Encoding: chunked")),
    "a reset before the answer": reset_before,
    "a reset in the headers": reset_in_headers,
    "a reset after the headers": reset_after_headers,
    "a reset in the body": reset_in_body,
    "closed at once": close_at_once,
    "closed in the headers": raw(lambda exchange: b"HTTP/1.1 200 OK\r\nContent-Le"),
    "an empty body": fixed(b""),
    "blanks": fixed(b" \r\n\t "),
    "no HTTP": raw(lambda exchange: b"HELLO FRIEND\r\n\r\n" + exchange.good),
    "HTTP 0.9": raw(lambda exchange: exchange.good),
    "HTTP 9.9": raw(lambda exchange: reply(exchange.good).replace(b"HTTP/1.1", b"HTTP/9.9")),
    "HTTP 2": raw(lambda exchange: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
    "TLS": raw(lambda exchange: b"\x15\x03\x01\x00\x02\x02\x46"),
    "binary": raw(lambda exchange: bytes(range(256)) * 16),
    "a header of a megabyte": raw(lambda exchange: reply(exchange.good, 200, "X-Long: " + "a" * MEGABYTE)),
    "a header without a colon": raw(lambda exchange: reply(exchange.good, 200, "X-Colon")),
    "a header with NUL": raw(lambda exchange: reply(exchange.good, 200, "X-Nul: a\x00b")),
    "101 Switching Protocols": raw(lambda exchange: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
    "a status of two digits": raw(lambda exchange: reply(exchange.good, 20)),
    "a status of words": raw(lambda exchange: reply(exchange.good, "fine")),
    "a status of 600": raw(lambda exchange: reply(exchange.good, 600)),
    "a status of 999": raw(lambda exchange: reply(exchange.good, 999)),
    "a status of 0": raw(lambda exchange: reply(exchange.good, "000")),
    "HTML": fixed("<!doctype html><h1>Welcome to nginx!</h1>", content_type="text/html"),
    "XML": fixed("<?xml version='1.0'?><Error><Code>Slow</Code></Error>"),
    "a JSON text that is cut off": raw(lambda exchange: reply(half(exchange))),
    "JSON with more after it": raw(lambda exchange: reply(exchange.good + b"}{")),
    "nested a hundred thousand deep": fixed(NESTED),
    "objects nested deep": fixed('{"a":' * 100_000),
    "nested deep and closed": fixed("[" * 100_000 + "]" * 100_000),
    "null": fixed("null"),
    "true": fixed("true"),
    "a number": fixed("4"),
    "a number of 5,000 digits": fixed("9" * 5000),
    "NaN": fixed("NaN"),
    "a string": fixed('"fine"'),
    "an array": fixed("[]"),
    "an empty object": fixed("{}"),
    "bytes that are no UTF-8": raw(lambda exchange: reply(exchange.good.replace(b":", b"\xff", 1))),
    "UTF-16": raw(lambda exchange: reply(half(exchange).decode("ascii", "replace").encode("utf-16"))),
    "204 No Content": raw(lambda exchange: head(status=204)),
    "205 Reset Content": fixed(b"", 205),
    "206 Partial Content": raw(lambda exchange: reply(half(exchange), 206, "Content-Range: bytes 0-9/1000")),
    "300 Multiple Choices": fixed("{}", 300),
    "301 to itself": raw(lambda exchange: reply("", 301, f"Location: {exchange.path}")),
    "302 to nowhere": fixed("", 302, "Location: http://127.0.0.1:1/v1/models"),
    "302 without a place": fixed("", 302),
    "303 to a file": fixed("", 303, "Location: file:///etc/passwd"),
    "304 Not Modified": raw(lambda exchange: head(status=304)),
    "307 to itself": raw(lambda exchange: reply("", 307, f"Location: {exchange.path}")),
    "308 to nonsense": fixed("", 308, "Location: ht!tp:\\\\["),
    **{
        f"{status}": fixed('{"error": {"message": "Not now."}}', status)
        for status in (408, 409, 418, 423, 425, 429, 431, 451, 499, 500, 501, 502, 503, 504, 507, 520, 522, 524, 529)
    },
    **{
        f"{status} with HTML": fixed("<html><center>cloudflare</center></html>", status, content_type="text/html")
        for status in (429, 500, 502, 503, 504, 529)
    },
    "500 nested deep": fixed(NESTED, 500),
    "503 with an error nested deep": fixed('{"error":' * 100_000, 503),
    "500 with a lone surrogate": fixed('{"error": {"message": "\\ud800 and \\udfff"}}', 500),
    "500 with a number as message": fixed('{"error": {"message": 1e400}}', 500),
    "500 with an array as error": fixed('{"error": ["a", {"message": null}]}', 500),
    "500 with NUL": fixed('{"error": "a\\u0000b\\u001b[31m"}', 500),
    "500 without a body": fixed("", 500),
    "502 of binary": fixed(bytes(range(256)) * 40, 502),
    "503 of ten megabytes": fixed(b"a" * 10 * MEGABYTE, 503),
    "500 with the key": raw(lambda exchange: reply(f'{{"error": {{"message": "Bad key {exchange.key}"}}}}', 500)),
    "503 with the key in the text": raw(lambda exchange: reply(f"key={exchange.key}", 503)),
    "500 with the key in a header": raw(lambda exchange: reply("", 500, f"X-Key: {exchange.key}", f"Retry-After: {exchange.key}")),
    "500 with the key as reason": raw(lambda exchange: reply("", f"500 {exchange.key}")),
    "500 with the key, escaped": raw(lambda exchange: reply(f'{{"error": "{escaped(exchange.key)}"}}', 500)),
    "a key in a malformed answer": raw(lambda exchange: reply(f'{{"choices": "{exchange.key}"}}')),
}  # fmt: skip
"""Nothing of this is an answer; each may pass."""

FAR = ("999999999", "978307200", "Sun, 01 Mar 2057 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359")
ODD = (
    "-1", "nan", "inf", "1e999", "soon", "", "٣", "1_000", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 +9999",
    "Mon, 01 Jan 0001 00:00:00 +2359", "Sun, 99 Foo 99999 99:99:99 XYZ", "0.01", "\x80", "1" * 400,
)  # fmt: skip

RETRY_AFTER: Mapping[str, Attack] = {
    f"{status} Retry-After {value[:32].encode('unicode_escape').decode()}": fixed(
        "{}", status, f"Retry-After: {value}"
    )
    for status in (429, 503)
    for value in ODD
}

FAR_RETRY_AFTER: Mapping[str, Attack] = {
    f"Retry-After {value}": fixed("{}", 429, f"Retry-After: {value}") for value in FAR
}

STUCK: Mapping[str, Attack] = {
    "never an answer": never,
    "headers and nothing more": trickle(CHUNKED, 5.0, b""),
    "a body that trickles for ever": trickle(CHUNKED, 0.2, chunk(b" ")),
    "headers that trickle for ever": trickle(b"HTTP/1.1 200 OK\r\n", 0.2, b"X: 1\r\n"),
    "100 Continue as fast as can be": flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40_000, hangs=True),
    "100 Continue for ever": trickle(b"", 0.2, b"HTTP/1.1 100 Continue\r\n\r\n"),
}


async def byte_by_byte(exchange: Exchange) -> None:
    await exchange.send(CHUNKED)
    for place in range(0, len(exchange.good), 7):
        await exchange.send(chunk(exchange.good[place : place + 7]))
    await exchange.send(b"0\r\n\r\n")


async def trickled(exchange: Exchange) -> None:
    await exchange.send(reply(exchange.good)[:20])
    await asyncio.sleep(0.05)
    await exchange.send(reply(exchange.good)[20:])


WIRE_WHOLE: Mapping[str, Attack] = {
    "in chunks of seven bytes": byte_by_byte,
    "in two pieces": trickled,
    "in an encoding that nobody knows": raw(lambda exchange: reply(exchange.good, 200, "Content-Encoding: rot13")),
    "in gzip": raw(lambda exchange: reply(gzip.compress(exchange.good), 200, "Content-Encoding: gzip")),
    "in deflate": raw(lambda exchange: reply(zlib.compress(exchange.good), 200, "Content-Encoding: deflate")),
    "without a length": raw(lambda exchange: head("Connection: close") + exchange.good),
    "as HTML": raw(lambda exchange: reply(exchange.good, content_type="text/html")),
    "with blanks around": raw(lambda exchange: reply(b"\r\n  " + exchange.good + b"\n\n")),
    "after 100 Continue": raw(lambda exchange: b"HTTP/1.1 100 Continue\r\n\r\n" + reply(exchange.good)),
    "after 103 Early Hints": raw(lambda exchange: b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + reply(exchange.good)),
    "with the key in a header": raw(lambda exchange: reply(exchange.good, 200, f"X-Echo: {exchange.key}")),
    "with absurd rate limits": raw(lambda exchange: reply(
        exchange.good, 200, "x-ratelimit-limit-requests: nan", "x-ratelimit-remaining-requests: 0",
        "x-ratelimit-reset-requests: 99999999h", "x-ratelimit-remaining-tokens: -1", "x-ratelimit-reset-tokens: 0",
        "X-RateLimit-Limit: 0", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 99999999999999999999", "RateLimit: ;;;r=;t",
    )),
    "with cookies": raw(lambda exchange: reply(exchange.good, 200, *(f"Set-Cookie: c{n}=x; Max-Age=9" for n in range(50)))),
}  # fmt: skip
"""Odd, but a whole answer: it must be taken, for it was paid for."""
