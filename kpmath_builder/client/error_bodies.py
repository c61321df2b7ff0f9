"""Reading the error bodies of servers: their words, and the fields of a request that they name.

An error body is anything: another shape for each server, HTML of a proxy, nothing at all, or an attack. Nothing here raises.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["error_words", "named_fields", "parsed"]

LONGEST_WORDS = 500
LONGEST_PAGE = 1 << 16
DEEPEST = 4

_PAGE = re.compile(r"\s*<(!--|!doctype\b|(html|head|body|title|h1|center)\b)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^<>]*>([^<]*)", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style)\b.*?(?:</\1[^<>]*>?|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>?")


def parsed(body: bytes) -> Any:  # noqa: ANN401 - JSON is of any type
    """Return the JSON value of a body; None if it is none, or too deep or large for the parser."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def error_words(body: bytes) -> str:
    """Return the message of an error body, whichever of the usual shapes it has, or its first words; "" if it has none."""
    return _words(parsed(body), body)[:LONGEST_WORDS].rstrip(". ")


def named_fields(body: bytes, sent: Iterable[str]) -> frozenset[str]:
    """Return those of the fields that were sent which an error body holds to be at fault.

    OpenAI and its kin name one in `error.param`, pydantic one in `detail[].loc`; others only in their words.
    """
    sent = frozenset(sent)
    value = parsed(body)
    named = frozenset(_params(value)) & sent
    if named:
        return named
    words = _words(value, body)
    return frozenset(
        name for name in sent if re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", words)
    )


def _words(value: Any, body: bytes) -> str:  # noqa: ANN401
    words = next(_messages(value), "") or body[:LONGEST_PAGE].decode(errors="replace")
    words = _text_of_page(words[:LONGEST_PAGE]) if _PAGE.match(words) else words
    shown = "".join(sign if sign.isprintable() else " " for sign in words[: 4 * LONGEST_WORDS])
    return " ".join(shown.split())


def _text_of_page(page: str) -> str:
    """Return the title of a page of HTML, as proxies send them, or else its text."""
    title = _TITLE.search(page)
    said = title[1] if title and title[1].strip() else _TAG.sub(" ", _UNSEEN.sub(" ", page))
    return html.unescape(said)


def _messages(value: Any, depth: int = 0) -> Iterator[str]:  # noqa: ANN401
    """Yield texts that may be the message, the likeliest first."""
    if depth > DEEPEST:
        return
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, list):
        for item in value[:4]:
            yield from _messages(item, depth + 1)
    elif isinstance(value, dict):
        yield from _with_raw(value, depth)
        for name in ("error", "message", "detail", "msg", "errors", "error_message"):
            place = value.get("loc") if name == "msg" else None
            for text in _messages(value.get(name), depth + 1):
                yield f"{'.'.join(map(str, place[:8]))}: {text}" if isinstance(place, list) else text


def _with_raw(value: dict[Any, Any], depth: int) -> Iterator[str]:
    """Yield OpenRouter's message with that of the provider behind it, which alone says what is wrong."""
    metadata, message = value.get("metadata"), value.get("message")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if isinstance(raw, str) and isinstance(message, str) and raw.strip():
        inner = next(_messages(parsed(raw.encode(errors="replace")), depth + 1), raw)
        yield f"{message}: {inner}"


def _params(value: Any, depth: int = 0) -> Iterator[str]:  # noqa: ANN401
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for item in value[:16]:
            yield from _params(item, depth + 1)
    if not isinstance(value, dict):
        return
    param, place = value.get("param"), value.get("loc")
    if isinstance(param, str):
        yield re.split(r"[.\[]", param)[0]
    if isinstance(place, list) and len(place) > 1 and place[0] == "body" and isinstance(place[1], str):
        yield place[1]
    for name in ("error", "detail", "errors"):
        yield from _params(value.get(name), depth + 1)
