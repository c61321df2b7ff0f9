"""Reading batches in their order, in this process or in several."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from kpmath_builder.errors import BuildError

__all__ = ["cut", "in_order"]

Item = TypeVar("Item")
Kept = TypeVar("Kept")
Result = TypeVar("Result")


def cut(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of so many; the last one is shorter."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def in_order(
    read: Callable[[Item], Result], items: Iterable[tuple[Kept, Item]], workers: int
) -> Iterator[tuple[Kept, Result]]:
    """Yield what `read` makes of each item, in the order of the items whatever the number of workers.

    Parameters
    ----------
    read
        Is sent once to each worker.
    items
        Each behind what is yielded with its result and stays in this process. Taken as they are needed: twice as many as workers wait
        at most.
    workers
        Processes; one is this process.

    Raises
    ------
    BuildError
        If a worker ended before its time.
    """
    if workers <= 1:
        yield from ((kept, read(item)) for kept, item in items)
        return
    try:
        yield from _in_workers(read, items, workers)
    except BrokenProcessPool as error:
        raise BuildError(
            "A process that compares texts ended before its time, as if there was no memory left: set duplicates.workers = 1, or guard "
            'the script that calls this with `if __name__ == "__main__":`, then run the same command again.'
        ) from error


def _in_workers(
    read: Callable[[Item], Result], items: Iterable[tuple[Kept, Item]], workers: int
) -> Iterator[tuple[Kept, Result]]:
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (read,)) as pool:
        waiting: deque[tuple[Kept, Future[Result]]] = deque()
        for kept, item in items:
            waiting.append((kept, pool.submit(_in_worker, item)))
            if len(waiting) > 2 * workers:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)


def _first(waiting: deque[tuple[Kept, Future[Result]]]) -> tuple[Kept, Result]:
    kept, result = waiting.popleft()
    return kept, result.result()


_read: Callable[[Any], Any] | None = None


def _begin(read: Callable[[Any], Any]) -> None:
    global _read  # noqa: PLW0603  # a worker process has one reader, sent once
    _read = read


def _in_worker(item: Any) -> Any:  # noqa: ANN401 - of whatever kind the reader is
    assert _read is not None, "a worker begins with its reader"
    return _read(item)
