"""What a server says is left of its rate limits, read from the headers of an answer.

Four families of headers are understood: OpenAI's `x-ratelimit-*-requests|tokens` (also Groq's, Azure's and many
others'), Anthropic's `anthropic-ratelimit-*`, the plain `X-RateLimit-*` of OpenRouter and of most gateways, and the
drafts of IETF's `RateLimit`. Values that make no sense (Azure sends -1) are ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf

from kpmath_builder.client.retry_after import seconds_until

__all__ = ["Allowance", "read_allowances"]

LONGEST_RESET = 86400.0
"""Seconds. Daily limits exist; a later reset is nonsense."""
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of one limit.

    A limit that `refills` does so steadily and is full after `reset` seconds (a token bucket: OpenAI, Anthropic); any
    other stays as it is until `reset` seconds have gone by and is then full at once (a window).
    """

    limit: float
    """Infinite if the server does not say it."""
    remaining: float
    reset: float
    refills: bool


def read_allowances(
    headers: Mapping[str, str], now: datetime | None = None
) -> tuple[Allowance | None, Allowance | None]:
    """Return what is left of requests and of tokens; None if nothing usable is said."""
    if "ratelimit" not in " ".join(headers).lower():
        return None, None
    named = {name.lower(): value for name, value in headers.items() if "ratelimit" in name.lower()}
    requests = (
        _openai(named, "requests", now)
        or _anthropic(named, "requests", now)
        or _plain(named, "x-ratelimit-", now)
        or _plain(named, "ratelimit-", now)
        or _draft(named)
    )
    return requests, _openai(named, "tokens", now) or _anthropic(named, "tokens", now)


def _openai(named: Mapping[str, str], kind: str, now: datetime | None) -> Allowance | None:
    limit, remaining, reset = (
        named.get(f"x-ratelimit-{part}-{kind}") for part in ("limit", "remaining", "reset")
    )
    return _allowance(limit, remaining, seconds_until(reset, now), refills=True)


def _anthropic(named: Mapping[str, str], kind: str, now: datetime | None) -> Allowance | None:
    limit, remaining, reset = (
        named.get(f"anthropic-ratelimit-{kind}-{part}") for part in ("limit", "remaining", "reset")
    )
    return _allowance(limit, remaining, seconds_until(reset, now), refills=True)


def _plain(named: Mapping[str, str], prefix: str, now: datetime | None) -> Allowance | None:
    limit, remaining, reset = (named.get(prefix + part) for part in ("limit", "remaining", "reset"))
    return _allowance(limit, remaining, seconds_until(reset, now), refills=False)


_FIELD = re.compile(r"\b([a-z]+)\s*=\s*(\d{1,15})\b", re.ASCII)


def _draft(named: Mapping[str, str]) -> Allowance | None:
    """Read `"default";r=50;t=30` with the policy `"default";q=100;w=60`, or the older `limit=100, remaining=50, reset=30`."""
    value = named.get("ratelimit", "")[:512]
    quotas = [quota for name, quota in _FIELD.findall(named.get("ratelimit-policy", "")[:512]) if name == "q"]
    items = [value] if "remaining" in value else value.split(",")
    only = quotas[0] if len(items) == len(quotas) == 1 else None
    found = []
    for fields in (dict(_FIELD.findall(item)) for item in items):
        limit, remaining = fields.get("limit", only), fields.get("remaining", fields.get("r"))
        reset = seconds_until(fields.get("reset", fields.get("t")))
        found.append(_allowance(limit, remaining, reset, refills=False))
    return min((it for it in found if it), key=lambda it: it.remaining, default=None)


def _allowance(
    limit: str | None, remaining: str | None, reset: float | None, *, refills: bool
) -> Allowance | None:
    left, most = _count(remaining), _count(limit) or inf
    if left is None or (reset is not None and reset > LONGEST_RESET):
        return None
    known = left <= most < inf
    if not known and reset is None:
        return None
    return Allowance(most if known else inf, left, MINUTE if reset is None else reset, refills and known)


def _count(value: str | None) -> float | None:
    text = (value or "").strip()
    return float(text) if re.fullmatch(r"\d{1,12}(\.0{1,6})?", text, re.ASCII) else None
