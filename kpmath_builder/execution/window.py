"""A bounded window of coroutines: as one ends the next begins, so that the engine stays full to the last."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable

from kpmath_builder.stopping import Stop, StoppedError

__all__ = ["run_window"]


async def run_window(
    width: int, jobs: Iterable[Callable[[], Coroutine[object, object, None]]], stop: Stop
) -> None:
    """Run all jobs, at most `width` at once, started in their order.

    A job that fails asks for a stop. Once that is asked for no job is started, and those under way run to their end:
    they hold answers that are paid for. How long that may take is for `Stop.bound` to say.

    Raises
    ------
    StoppedError
        When not all jobs were done.
    """
    slots = asyncio.Semaphore(width)
    running: set[asyncio.Task[None]] = set()

    def ended(task: asyncio.Task[None]) -> None:
        slots.release()
        running.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault is not None and not isinstance(fault, StoppedError):
            stop.ask(fault)

    try:
        for job in jobs:
            await slots.acquire()
            if stop.asked:
                break
            task = asyncio.create_task(job())
            running.add(task)
            task.add_done_callback(ended)
        while running:
            await asyncio.wait(running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    stop.check()
