"""A bounded window of coroutines: as one ends the next begins, so that the engine stays full to the last."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable

__all__ = ["run_window"]


async def run_window(width: int, jobs: Iterable[Callable[[], Coroutine[object, object, None]]]) -> None:
    """Run all jobs, at most `width` at once, started in their order.

    The first fault cancels the others and is raised as it is.
    """
    slots = asyncio.Semaphore(width)
    try:
        async with asyncio.TaskGroup() as window:
            for job in jobs:
                await slots.acquire()
                window.create_task(job()).add_done_callback(lambda _: slots.release())
    except BaseExceptionGroup as group:
        raise _first(group) from group


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
