"""Rate limits are respected before the server has to say 429, and no header can hold up a build."""

import asyncio
import itertools
import string
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.client.allowances import Allowance, read_allowances
from kpmath_builder.client.rate_limits import RateLimit
from kpmath_builder.client.wait_notes import WaitNotes

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = 60.0


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0, "a busy loop"
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.now += seconds

    def limit(self, requests: int | None = None, tokens: int | None = None) -> RateLimit:
        return RateLimit(
            requests_per_minute=requests,
            tokens_per_minute=tokens,
            notify=self.said.append,
            clock=lambda: self.now,
            today=lambda: NOW + timedelta(seconds=self.now - 1000.0),
            sleep=self.sleep,
        )


def run(use: Callable[[Time], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            await use(Time())

    asyncio.run(main())


async def sent(time: Time, limit: RateLimit, sizes: list[int]) -> list[tuple[float, int]]:
    """Return when each request may be sent, with its size, in the order in which that happens."""
    order: list[tuple[float, int]] = []

    async def send(size: int) -> None:
        await limit.acquire(size)
        order.append((time.now - 1000.0, size))

    await asyncio.gather(*(send(size) for size in sizes))
    return order


# The recipe's budgets


def test_without_a_budget_nothing_waits() -> None:
    async def use(time: Time) -> None:
        assert {at for at, _ in await sent(time, time.limit(), [10**6] * 500)} == {0.0}

    run(use)


@given(st.integers(1, 200), st.integers(1, 60))
def test_no_minute_has_more_requests_than_the_budget_and_all_of_it_is_used(budget: int, count: int) -> None:
    async def use(time: Time) -> None:
        times = [at for at, _ in await sent(time, time.limit(requests=budget), [5] * count)]
        for begin in times:
            assert sum(begin <= at < begin + MINUTE - 0.01 for at in times) <= budget
        assert times[-1] <= MINUTE * count / budget * 1.12 + 1.0

    run(use)


@given(st.integers(1, 10**6), st.lists(st.integers(0, 2 * 10**6), min_size=1, max_size=30))
def test_no_minute_has_more_tokens_than_the_budget_but_for_one_large_request(
    budget: int, sizes: list[int]
) -> None:
    async def use(time: Time) -> None:
        order = await sent(time, time.limit(tokens=budget), sizes)
        assert [size for _, size in order] == sizes
        for begin, _ in order:
            within = [size for at, size in order if begin <= at < begin + MINUTE - 0.01]
            assert sum(within) - max(within) <= budget + 1

    run(use)


def test_a_request_larger_than_the_whole_budget_is_sent_all_the_same() -> None:
    async def use(time: Time) -> None:
        times = [at for at, _ in await sent(time, time.limit(tokens=100), [10**9, 10**9])]
        assert times[0] == 0.0
        assert 0.0 < times[1] <= 3 * MINUTE

    run(use)


def test_requests_pass_in_order_of_arrival_even_if_a_later_one_is_small() -> None:
    async def use(time: Time) -> None:
        sizes = [1000, 900, 1, 800, 2]
        assert [size for _, size in await sent(time, time.limit(tokens=1000), sizes)] == sizes

    run(use)


def test_what_an_estimate_was_too_large_by_is_given_back() -> None:
    async def use(time: Time) -> None:
        limit = time.limit(tokens=6000)
        for _ in range(20):
            await limit.acquire(5000)
            limit.settle(5000, 50, {})
        assert time.now - 1000.0 < MINUTE
        strict = time.limit(tokens=6000)
        began = time.now
        for _ in range(20):
            await strict.acquire(5000)
            strict.settle(5000, None, {})  # unknown usage keeps the estimate
        assert time.now - began > 10 * MINUTE

    run(use)


@pytest.mark.parametrize("used", [10**30, 2**62, -(10**30)], ids=["1e30", "2^62", "negative"])
def test_an_absurd_usage_delays_by_little_more_than_a_minute(used: int) -> None:
    async def use(time: Time) -> None:
        limit = time.limit(tokens=6000)
        await limit.acquire(100)
        limit.settle(100, used, {})
        await limit.acquire(100)
        assert time.now - 1000.0 <= 1.2 * MINUTE

    run(use)


def test_a_cancelled_wait_takes_nothing_and_lets_the_next_pass() -> None:
    async def use(time: Time) -> None:
        limit = time.limit(requests=60)
        for _ in range(6):
            await limit.acquire(0)
        waiting = [asyncio.create_task(limit.acquire(0)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        waiting[1].cancel()
        began = time.now
        await waiting[2]
        assert waiting[0].cancelled()
        assert waiting[1].cancelled()
        assert time.now - began < 4.0

    run(use)


def test_only_the_head_of_the_queue_looks_and_at_most_once_a_second() -> None:
    async def use(time: Time) -> None:
        await sent(time, time.limit(requests=30), [0] * 40)
        assert len(time.slept) <= (time.now - 1000.0) + 2 * 40
        assert max(time.slept) <= 1.0

    run(use)


def test_a_long_wait_is_reported_with_the_number_that_waits() -> None:
    async def use(time: Time) -> None:
        await sent(time, time.limit(requests=1), [0, 0])
        assert time.said == ["waiting 60 s: the recipe's limit of requests a minute; 1 requests wait."]

    run(use)


def test_a_server_that_never_has_anything_left_is_named_and_spoken_of_ever_more_seldom() -> None:
    """It says so with each answer: a request a minute is sent all the same, and there are six hours of them."""
    nothing_left = {
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "60",
    }

    async def use(time: Time) -> None:
        limit, told = time.limit(), []
        for _ in range(360):
            before = len(time.said)
            await limit.acquire(0)
            limit.settle(0, 0, nothing_left)
            told += [(time.now - 1000.0) / MINUTE] * (len(time.said) - before)
        assert len(told) == 11, told
        assert [later - sooner for sooner, later in itertools.pairwise(told)][-4:] == [60.0] * 4
        first, second, *_ = time.said
        assert (
            first == "waiting 60 s: the server says that its limit of requests is used up; 1 requests wait."
        )
        assert "the account's quota is used up: raise it, or stop the build with Ctrl+C" in second

    run(use)


def test_once_requests_pass_again_the_next_wait_is_said_at_once() -> None:
    clock = Time()
    notes = WaitNotes(clock.said.append, lambda: clock.now)
    for _ in range(3):
        notes.say(9.0, "tokens", 2, by_server=True)
    notes.eased()
    notes.say(9.0, "tokens", 2, by_server=True)
    assert len(clock.said) == 2
    assert clock.said[0] == clock.said[1]


# What servers say of their limits

OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "6m0s",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "20",
    "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:36Z",
    "anthropic-ratelimit-tokens-limit": "40000",
    "anthropic-ratelimit-tokens-remaining": "0",
    "anthropic-ratelimit-tokens-reset": "2026-03-01T14:00:30+02:00",
}


def plain(limit: str, remaining: str, reset: str, prefix: str = "X-RateLimit-") -> dict[str, str]:
    return {f"{prefix}Limit": limit, f"{prefix}Remaining": remaining, f"{prefix}Reset": reset}


def refilled(limit: float, remaining: float, reset: float) -> Allowance:
    return Allowance(limit, remaining, reset, refills=True)


def window(limit: float, remaining: float, reset: float) -> Allowance:
    return Allowance(limit, remaining, reset, refills=False)


EPOCH = int(NOW.timestamp()) + 42
FAMILIES: Mapping[str, tuple[Mapping[str, str], Allowance, Allowance | None]] = {
    "OpenAI": (OPENAI, refilled(60, 59, 1.0), refilled(150000, 149984, 360.0)),
    "Anthropic": (ANTHROPIC, refilled(50, 20, 36.0), refilled(40000, 0, 30.0)),
    "other case": ({name.title(): value for name, value in ANTHROPIC.items()}, refilled(50, 20, 36.0), refilled(40000, 0, 30.0)),
    "epoch": (plain("20", "3", str(EPOCH)), window(20, 3, 42.0), None),
    "epoch in milliseconds": (plain("20", "3", f"{EPOCH}000"), window(20, 3, 42.0), None),
    "seconds": (plain("20", "3", "42", "RateLimit-"), window(20, 3, 42.0), None),
    "HTTP date": (plain("20", "3", "Sun, 01 Mar 2026 12:00:42 GMT"), window(20, 3, 42.0), None),
    "draft": ({"RateLimit": '"default";r=50;t=30'}, window(inf, 50, 30.0), None),
    "draft with its policy": (
        {"RateLimit": '"default";r=50;t=30', "RateLimit-Policy": '"default";q=100;w=60'},
        window(100, 50, 30.0),
        None,
    ),
    "the tighter of two": (
        {"RateLimit": '"day";r=900;t=3600, "burst";r=2;t=1', "RateLimit-Policy": '"day";q=9;w=9'},
        window(inf, 2, 1.0),
        None,
    ),
    "older draft": ({"RateLimit": "limit=100, remaining=50, reset=30"}, window(100, 50, 30.0), None),
    "no limit given": (
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms"},
        window(inf, 0, 0.02),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "requests", "tokens"), FAMILIES.values(), ids=FAMILIES)
def test_the_limits_of_each_family_are_read(
    headers: Mapping[str, str], requests: Allowance, tokens: Allowance | None
) -> None:
    assert read_allowances(headers, NOW) == (requests, tokens)


@pytest.mark.parametrize(
    "value",
    ["", "-1", "nan", "inf", "1e9", "٣", "1_000", "0x10", "many", "9" * 400, "\x00", "½", "1,5", "--", "1s"],
    ids=lambda value: value[:8].encode("unicode_escape").decode() or "empty",
)
@pytest.mark.parametrize("part", ["limit", "remaining"])
def test_a_count_that_makes_no_sense_is_no_count(part: str, value: str) -> None:
    headers = {**OPENAI, f"x-ratelimit-{part}-requests": value}
    requests, tokens = read_allowances(headers, NOW)
    assert requests is None or requests.limit == inf
    assert tokens is not None


RESETS = ["978307200", "31y", "9" * 15, "9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59-23:59", "99999d"]


@pytest.mark.parametrize("value", RESETS)
def test_a_reset_later_than_a_day_is_ignored(value: str) -> None:
    headers = {**plain("5", "0", value)}
    requests, _ = read_allowances(headers, NOW)
    assert requests is None or requests.reset == MINUTE


def test_requests_wait_for_the_part_of_the_limit_that_they_need() -> None:
    """Of 60,000 tokens a minute none is left: 5,000 of them are there after five seconds."""

    async def use(time: Time) -> None:
        limit = time.limit()
        limit.settle(
            0,
            None,
            {
                "x-ratelimit-limit-tokens": "60000",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "60s",
            },
        )
        await limit.acquire(5000)
        assert 4.9 <= time.now - 1000.0 <= 6.1
        await limit.acquire(5000)
        assert 9.8 <= time.now - 1000.0 <= 11.2

    run(use)


def test_what_is_left_of_a_window_is_sent_and_the_rest_in_the_next_one() -> None:
    async def use(time: Time) -> None:
        limit = time.limit()
        limit.settle(0, None, plain("4", "2", "30"))
        times = [at for at, _ in await sent(time, limit, [1] * 6)]
        assert times[:2] == [0.0, 0.0]
        assert all(30.0 <= at <= 31.0 for at in times[2:])

    run(use)


def test_an_older_report_does_not_give_back_what_was_sent_since() -> None:
    async def use(time: Time) -> None:
        limit = time.limit()
        limit.settle(0, None, plain("10", "2", "30"))
        await limit.acquire(1)
        await limit.acquire(1)
        limit.settle(1, None, plain("10", "8", "30"))
        await limit.acquire(1)
        assert time.now - 1000.0 >= 30.0

    run(use)


def test_a_report_of_the_next_window_counts_at_once() -> None:
    async def use(time: Time) -> None:
        limit = time.limit()
        limit.settle(0, None, plain("10", "0", "30"))
        limit.settle(1, None, plain("10", "9", "90"))
        await limit.acquire(1)
        assert time.now == 1000.0

    run(use)


def test_a_report_that_is_not_repeated_is_forgotten() -> None:
    async def use(time: Time) -> None:
        limit = time.limit()
        limit.settle(0, None, plain("1", "0", "86000"))
        time.now += 121.0
        assert {at for at, _ in await sent(time, limit, [1] * 50)} == {121.0}

    run(use)


HOSTILE = st.one_of(
    st.sampled_from(["0", "-1", "nan", "inf", "1", "86400", *RESETS, "soon", "0s", "1ns", "1e999", "½"]),
    st.integers(0, 10**18).map(str),
    st.text(max_size=20),
    st.text(alphabet=string.digits + 'hmsdµ.-+TZ:;=,"', max_size=30),
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from([*OPENAI, *ANTHROPIC, *plain("", "", ""), "RateLimit", "ratelimit-policy"]), HOSTILE), max_size=9), st.integers(0, 10**6))  # fmt: skip
def test_no_header_raises_or_delays_a_request_by_more_than_a_minute(
    headers: list[tuple[str, str]], tokens: int
) -> None:
    async def use(time: Time) -> None:
        limit = time.limit()
        for _ in range(3):
            limit.settle(tokens, None, dict(headers))
            began = time.now
            await limit.acquire(tokens)
            assert time.now - began <= MINUTE + 1.0

    run(use)
