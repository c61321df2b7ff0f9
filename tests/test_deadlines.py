"""The time limits of calls: one timer for all, and the rules of `asyncio.timeout`."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from kpmath_builder.client.deadlines import Deadline, Deadlines

AN_HOUR = 3600.0


async def hang(deadlines: Deadlines, seconds: float) -> Deadline:
    """Wait within a deadline for what never comes, and return the deadline."""
    deadline = deadlines.after(seconds)
    with pytest.raises(TimeoutError), deadline:
        await asyncio.get_running_loop().create_future()
    return deadline


def run(test: Callable[[Deadlines], Coroutine[Any, Any, None]]) -> None:
    async def with_deadlines() -> None:
        await test(Deadlines())

    asyncio.run(with_deadlines())


def test_a_call_ends_with_a_timeout_error_when_its_limit_comes() -> None:
    async def test(deadlines: Deadlines) -> None:
        assert not (await hang(deadlines, 0.0)).broken_off

    run(test)


@pytest.mark.parametrize("order", [(AN_HOUR, 0.0), (0.0, AN_HOUR)], ids=["late first", "early first"])
def test_each_call_has_its_own_limit(order: tuple[float, float]) -> None:
    async def test(deadlines: Deadlines) -> None:
        calls = {seconds: asyncio.create_task(hang(deadlines, seconds)) for seconds in order}
        await calls[0.0]
        await asyncio.sleep(0)
        assert not calls[AN_HOUR].done()
        deadlines.break_off()
        assert (await calls[AN_HOUR]).broken_off

    run(test)


def test_the_next_limit_is_watched_after_one_has_come() -> None:
    async def test(deadlines: Deadlines) -> None:
        await asyncio.gather(*(hang(deadlines, seconds) for seconds in (0.0, 0.01, 0.02)))

    run(test)


def test_a_call_that_ends_in_time_is_left_alone() -> None:
    async def test(deadlines: Deadlines) -> None:
        with deadlines.after(0.0):
            pass
        with deadlines.after(AN_HOUR) as deadline:
            await asyncio.sleep(0)
        deadlines.break_off()
        await asyncio.sleep(0.01)
        assert not deadline.broken_off

    run(test)


def test_a_call_whose_limit_has_just_come_is_not_broken_off_again() -> None:
    async def test(deadlines: Deadlines) -> None:
        call = asyncio.create_task(hang(deadlines, -1.0))
        for _ in range(3):  # it begins, its limit comes, and it has yet to hear of it
            await asyncio.sleep(0)
        deadlines.break_off()
        assert not (await call).broken_off

    run(test)


def test_a_task_that_others_cancel_stays_cancelled() -> None:
    async def test(deadlines: Deadlines) -> None:
        call = asyncio.create_task(hang(deadlines, AN_HOUR))
        await asyncio.sleep(0)
        deadlines.break_off()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    run(test)


def test_an_error_within_a_call_is_passed_on() -> None:
    async def test(deadlines: Deadlines) -> None:
        with pytest.raises(ValueError, match="mine"), deadlines.after(AN_HOUR):
            raise ValueError("mine")

    run(test)
