"""Whatever a server writes about waiting, the answer is a bounded number of seconds or None, and never an exception."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from kpmath_builder.client.retry_after import (
    LONGEST_WAIT,
    parse_retry_after,
    read_retry_after,
    seconds_until,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

READABLE = {
    "0": 0.0,
    "1": 1.0,
    " 7 ": 7.0,
    "1.5": 1.5,
    "007": 7.0,
    "61": 60.0,
    "999999999": 60.0,
    "978307200": 60.0,
    "Sun, 01 Mar 2026 12:00:07 GMT": 7.0,
    "Sun, 01 Mar 2026 12:00:07 -0000": 7.0,
    "Sun, 01 Mar 2026 14:00:07 +0200": 7.0,
    "Sunday, 01-Mar-26 12:00:07 GMT": 7.0,
    "Sun Mar  1 12:00:07 2026": 7.0,
    "2026-03-01T12:00:07Z": 7.0,
    "Sun, 01 Mar 2026 11:00:00 GMT": 0.0,
    "Thu, 01 Jan 1970 00:00:00 GMT": 0.0,
    "Fri, 31 Dec 9999 23:59:59 GMT": 60.0,
    "Sun, 01 Mar 2057 12:00:00 GMT": 60.0,
    "Fri, 31 Dec 9999 23:59:59 -2359": 60.0,
    "Mon, 01 Jan 0001 00:00:00 +2359": 0.0,
}
UNREADABLE = [
    "", " ", "soon", "-1", "-0.5", "+1", "inf", "-inf", "nan", "infinity", "1e3", "1e999", "0x10", "1_000", "٣", "½", "1,5",
    "1 s", "Sun, 01 Mar 2026 12:00:07 +9999", "Sun, 99 Mar 2026 12:00:07 GMT", "Sun, 01 Mar 99999 12:00:07 GMT",
    "Sun, 01 Mar 2026 25:61:61 GMT", "Sun,", ",,,", "\x00", "1\n2", "9" * 400, "1" * 20, "Sünntag, 01 Mar 2026 12:00:07 GMT",
]  # fmt: skip


@pytest.mark.parametrize(("value", "seconds"), READABLE.items())
def test_seconds_and_dates_are_read_and_bounded(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize("value", UNREADABLE, ids=lambda value: value[:32].encode("unicode_escape").decode())
def test_what_nobody_can_read_is_none(value: str) -> None:
    assert parse_retry_after(value, NOW) is None


def test_no_header_is_none_and_the_bound_is_the_caller_s() -> None:
    assert parse_retry_after(None) is None
    assert parse_retry_after("3600", longest=300.0) == 300.0
    assert parse_retry_after("77", longest=300.0) == 77.0


@given(st.one_of(st.text(max_size=80), st.datetimes().map(str), st.integers().map(str), st.floats().map(str)))
def test_no_value_raises(value: str) -> None:
    seconds = parse_retry_after(value)
    assert seconds is None or 0.0 <= seconds <= LONGEST_WAIT
    left = seconds_until(value)
    assert left is None or 0.0 <= left < float("inf")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "7", "Retry-After-Ms": "1500"}, 1.5),
        ({"Retry-After": "7", "retry-after-ms": "soon"}, 7.0),
        ({"retry-after-ms": "9" * 14}, 60.0),
        ({}, None),
    ],
    ids=["seconds", "ms", "bad ms", "long ms", "none"],
)
def test_milliseconds_are_more_exact(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(CIMultiDict(headers), NOW) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1s", 1.0), ("6m0s", 360.0), ("20ms", 0.02), ("1h2m3s", 3723.0), ("2m59.56s", 179.56), ("7.66s", 7.66), ("5µs", 5e-6),
        ("1d", 86400.0), ("42", 42.0), ("0", 0.0), ("1772366442", 42.0), ("1772366442000", 42.0), ("1772366000", 0.0),
        ("2026-03-01T12:00:42Z", 42.0), ("2026-03-01T14:00:42+02:00", 42.0), ("Sun, 01 Mar 2026 12:00:42 GMT", 42.0),
    ],
)  # fmt: skip
def test_resets_are_read_in_every_form(value: str, seconds: float) -> None:
    assert seconds_until(value, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value", ["-1s", "1y", "s", "1s2", "infs", "1e3s", "٣s", "", "soon", "1 s 2", "1" * 80]
)
def test_resets_that_nobody_can_read_are_none(value: str) -> None:
    assert seconds_until(value, NOW) is None
