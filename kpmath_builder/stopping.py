"""The wish to stop: of the user (Ctrl+C, SIGTERM), or because something failed and the rest should end in good order.

Once a stop is asked for, no request is sent any more; those under way are finished and logged within a set time.
"""

import asyncio
import contextlib
import inspect
import signal
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["Interrupted", "Stop", "StoppedError", "run_apart", "stop_on_signals"]

T = TypeVar("T")


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in an event loop of its own, also if one runs already, as in a notebook: then in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but no longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class StoppedError(Exception):
    """Not done, because the build is stopping; `Stop.why` says for what reason."""


class Interrupted(KeyboardInterrupt):
    """The user, or the scheduler of a cluster, stopped the build by a signal; what was answered is kept."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"Stopped by {signal.Signals(signum).name}")
        self.exit_status = 128 + signum
        """130 after Ctrl+C, 143 after SIGTERM, as shells count."""


class Stop:
    """Whether the build is to stop, why, and how long the requests under way may still take.

    Parameters
    ----------
    grace
        Seconds for what is under way.
    notify
        Reports a sentence to the user, once, when a stop is asked for.
    """

    def __init__(self, grace: float = 0.0, notify: Callable[[str], None] | None = None) -> None:
        self.why: BaseException | None = None
        self._grace = grace
        self._notify = notify
        self._asked = asyncio.Event()
        self._hurried = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signalled = False

    @property
    def asked(self) -> bool:
        """Whether a stop was asked for."""
        return self._asked.is_set()

    def ask(self, why: BaseException) -> None:
        """Ask for a stop; the first reason counts."""
        if self.asked:
            return
        self.why = why
        self._asked.set()
        if self._notify:
            self._notify(
                f"Stopping: no new requests; what is under way is finished and logged, {self._grace:g} s at most."
            )

    def check(self) -> None:
        """Raise `StoppedError` once a stop was asked for."""
        if self.asked:
            raise StoppedError

    async def sleep(self, seconds: float) -> None:
        """Wait, but no longer than until a stop is asked for; then raise `StoppedError`."""
        await _wait(self._asked, seconds)
        self.check()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in an event loop of its own; after a stop was asked for, only as long as the grace lasts.

        Raises
        ------
        BaseException
            The reason of the stop, when there was one.
        """
        bounded = self._bounded(work)
        try:
            return self.run_to_end(bounded)
        finally:
            for unbegun in (bounded, work):
                if inspect.getcoroutinestate(unbegun) == inspect.CORO_CREATED:
                    unbegun.close()  # a signal came before it was begun

    def run_to_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in an event loop of its own, however long it takes; raises the reason of a stop, as `run` does."""
        try:
            return run_apart(work)
        except StoppedError:
            assert self.why is not None, "nothing stops for no reason"
            raise self.why from None

    async def _bounded(self, work: Coroutine[Any, Any, T]) -> T:
        self._loop = asyncio.get_running_loop()
        working, waiting = asyncio.create_task(work), asyncio.create_task(self._grace_over())
        try:
            await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise StoppedError
            return working.result()
        finally:
            self._loop = None
            for task in (working, waiting):
                task.cancel()
            await asyncio.gather(working, waiting, return_exceptions=True)

    async def _grace_over(self) -> None:
        await self._asked.wait()
        await _wait(self._hurried, self._grace)

    def signalled(self, signum: int) -> None:
        """Ask for a stop at the first signal; if nothing is under way, and at the second, raise `Interrupted`."""
        if self._loop is None or self._signalled:
            # What is cut off in the middle may never have been awaited, which is meant here.
            warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
            if self._loop is not None:
                # What is raised in a finalizer, or in a callback of a C library, goes no further: then the grace ends at least.
                self._loop.call_soon_threadsafe(self._hurried.set)
            raise Interrupted(signum)
        self._signalled = True
        self._loop.call_soon_threadsafe(self.ask, Interrupted(signum))


@contextmanager
def stop_on_signals(grace: float, notify: Callable[[str], None]) -> Iterator[Stop]:
    """Give a `Stop` that Ctrl+C and SIGTERM ask; the handlers before are back when the block ends.

    Off the main thread, where Python delivers no signals, nobody asks it. A signal that is ignored stays ignored.
    """
    stop = Stop(grace, notify)
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for signum in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(signum) not in {signal.SIG_IGN, None}:
                before[signum] = signal.signal(signum, lambda number, _: stop.signalled(number))
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
