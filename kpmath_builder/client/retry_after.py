"""How long a server asks to wait, in any of the forms that servers use, however strange the value.

An unreadable value is None and a long one is bounded: no header may hold up a build for longer than its reader allows.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_WAIT", "parse_retry_after", "read_retry_after", "seconds_until"]

LONGEST_WAIT = 60.0
"""Seconds that one header can delay anything; a longer wait is served in pieces, with a look at the server in between."""

LONGEST_VALUE = 64
"""Characters; no real value is longer."""
EPOCH_SECONDS = range(10**9, 10**11)
"""Plain numbers of this size are Unix times, smaller ones are seconds from now."""
EPOCH_MILLISECONDS = range(10**12, 10**14)

_NUMBER = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)(ms|us|µs|ns|d|h|m|s)", re.ASCII)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*", re.ASCII)
_UNIT = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def read_retry_after(
    headers: Mapping[str, str], now: datetime | None = None, *, longest: float = LONGEST_WAIT
) -> float | None:
    """Return the wait that a response asks for, from `retry-after-ms` (OpenAI, Azure) or `Retry-After`.

    The mapping must ignore case, as aiohttp's does.
    """
    exact = _number(headers.get("retry-after-ms"))
    if exact is not None:
        return min(exact / 1000.0, longest)
    return parse_retry_after(headers.get("Retry-After"), now, longest=longest)


def parse_retry_after(
    value: str | None, now: datetime | None = None, *, longest: float = LONGEST_WAIT
) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, at most `longest`.

    Parameters
    ----------
    value
        Seconds or an HTTP date, as in RFC 9110; a date in the past is 0.
    now
        The time to measure dates from; the present by default.

    Returns
    -------
    float or None
        Between 0 and `longest`; None if there is no value or nobody could say what it means.
    """
    if value is None or len(value) > LONGEST_VALUE:
        return None
    seconds = _number(value)
    if seconds is None:
        seconds = _seconds_until_date(value, now)
    return None if seconds is None else min(seconds, longest)


def seconds_until(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds until a limit is reset, without a bound.

    Servers write this as a duration (`6m0s`, `20ms`), as seconds, as Unix time in seconds or milliseconds, as an
    RFC 3339 date or as an HTTP date. A time in the past is 0; None if the value is none of these.
    """
    if value is None or len(value) > LONGEST_VALUE:
        return None
    number = _number(value)
    if number is None:
        duration = _duration(value.strip())
        return _seconds_until_date(value, now) if duration is None else duration
    if int(number) in EPOCH_MILLISECONDS:
        number /= 1000.0
    if int(number) in EPOCH_SECONDS:
        return max(0.0, number - (now or datetime.now(UTC)).timestamp())
    return number


def _number(value: str | None) -> float | None:
    # float() alone would take "nan", "inf", "1_000", "-1" and the digits of other scripts.
    text = (value or "").strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _duration(text: str) -> float | None:
    parts = _DURATION.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        return None
    return math.fsum(float(count) * _UNIT[unit] for count, unit in parts)


def _seconds_until_date(value: str, now: datetime | None) -> float | None:
    text = value.strip()
    read = datetime.fromisoformat if _RFC_3339.fullmatch(text) else parsedate_to_datetime
    if not text.isascii():
        return None
    try:
        then = read(text)
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, (then - (now or datetime.now(UTC))) / timedelta(seconds=1))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
