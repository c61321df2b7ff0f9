"""The window of coroutines."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial

import pytest

from kpmath_builder import BuildError
from kpmath_builder.execution.window import run_window
from kpmath_builder.stopping import Stop, StoppedError

Job = Callable[[], Coroutine[object, object, None]]


class Crowd:
    """Jobs that note how many of them run at once."""

    def __init__(self) -> None:
        self.now = self.peak = self.begun = self.ended = 0

    def job(self, seconds: float, error: Exception | None = None) -> Job:
        async def run() -> None:
            self.begun += 1
            self.now += 1
            self.peak = max(self.peak, self.now)
            try:
                await asyncio.sleep(seconds)
                if error:
                    raise error
                self.ended += 1
            finally:
                self.now -= 1

        return run


@pytest.mark.parametrize("width", [1, 3, 100])
def test_all_jobs_run_and_never_more_than_the_width(width: int) -> None:
    crowd = Crowd()
    asyncio.run(run_window(width, (crowd.job(0.001) for _ in range(40)), Stop()))
    assert crowd.ended == 40
    assert crowd.peak == min(width, 40)


def test_a_slow_job_does_not_hold_up_the_others() -> None:
    crowd = Crowd()

    async def slow() -> None:
        while crowd.ended < 30:  # noqa: ASYNC110 - the window would hang if it waited for this one
            await asyncio.sleep(0.001)

    asyncio.run(run_window(2, iter([slow, *(crowd.job(0.001) for _ in range(30))]), Stop()))
    assert crowd.ended == 30


def test_jobs_are_made_only_when_there_is_room() -> None:
    made = 0
    crowd = Crowd()

    def jobs() -> object:
        nonlocal made
        for _ in range(20):
            assert made - crowd.ended <= 4
            made += 1
            yield crowd.job(0.001)

    asyncio.run(run_window(3, jobs(), Stop()))  # type: ignore[arg-type]
    assert crowd.ended == 20


def test_after_a_fault_no_job_is_begun_and_those_under_way_end() -> None:
    """They hold answers that are paid for; the fault is raised when they have ended."""
    crowd, stop = Crowd(), Stop(grace=5)
    jobs = [crowd.job(0.2), crowd.job(0.01, BuildError("gone")), *(crowd.job(0.2) for _ in range(9))]
    with pytest.raises(BuildError, match="gone"):
        stop.run(run_window(3, iter(jobs), stop))
    assert (crowd.now, crowd.ended, crowd.begun) == (0, 2, 3)


def test_the_grace_ends_what_takes_longer() -> None:
    crowd, stop = Crowd(), Stop(grace=0.1)

    async def quick() -> None:
        await stop._asked.wait()
        crowd.ended += 1

    jobs = [crowd.job(3600), crowd.job(0.01, BuildError("gone")), quick, crowd.job(3600)]
    with pytest.raises(BuildError, match="gone"):
        stop.run(run_window(4, iter(jobs), stop))
    assert (crowd.now, crowd.ended) == (0, 1)


def test_all_who_are_cut_off_tidy_up_before_the_window_ends() -> None:
    tidied: list[int] = []

    async def job(turns: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(turns):
                await asyncio.sleep(0)
            tidied.append(turns)

    async def run() -> None:
        jobs = iter([partial(job, 0), partial(job, 9)])
        window = asyncio.create_task(run_window(2, jobs, Stop()))
        for _ in range(5):  # both are under way
            await asyncio.sleep(0)
        window.cancel()
        with pytest.raises(asyncio.CancelledError):
            await window
        assert tidied == [0, 9]

    asyncio.run(run())


def test_the_first_reason_to_stop_counts() -> None:
    crowd, stop = Crowd(), Stop(grace=5)

    async def later() -> None:
        await stop._asked.wait()
        raise ValueError("later")

    jobs = [later, crowd.job(0.01, BuildError("first"))]
    with pytest.raises(BuildError, match="first"):
        stop.run(run_window(2, iter(jobs), stop))


def test_a_job_that_was_only_stopped_is_no_reason() -> None:
    crowd, stop = Crowd(), Stop()
    asyncio.run(run_window(2, iter([crowd.job(0.01, StoppedError()), crowd.job(0.01)]), stop))
    assert stop.why is None
