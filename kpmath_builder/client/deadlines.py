"""Time limits of the calls under way at a server, with one timer for all.

`asyncio.timeout` makes and cancels a timer for each call. At thousands of calls under way, hardly one of which comes to its
limit, that costs more than all other bookkeeping of a call.
"""

import asyncio
from types import TracebackType
from typing import Self

__all__ = ["Deadline", "Deadlines"]


class Deadline:
    """A time limit for what a task does within it, to be used as `with`; it ends with a `TimeoutError` if the limit comes first.

    Attributes
    ----------
    when
        In seconds of the event loop's clock.
    broken_off
        Whether `Deadlines.break_off` ended it.
    """

    __slots__ = ("_all", "_cancelling", "_expired", "_task", "broken_off", "when")

    def __init__(self, all_: "Deadlines", when: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "a deadline belongs to a task"
        self.when = when
        self.broken_off = False
        self._all, self._task, self._expired = all_, task, False
        self._cancelling = task.cancelling()

    def __enter__(self) -> Self:
        self._all.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._all.discard(self)
        # As `asyncio.timeout`: if somebody else cancelled the task as well, it stays cancelled.
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self, *, broken_off: bool = False) -> None:
        """End it now, unless that has happened."""
        if not self._expired:
            self._expired, self.broken_off = True, broken_off
            self._task.cancel()


class Deadlines:
    """The deadlines of the calls under way."""

    def __init__(self) -> None:
        self._under_way: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None

    def after(self, seconds: float) -> Deadline:
        """Return a deadline so many seconds from now, for the running task."""
        return Deadline(self, asyncio.get_running_loop().time() + seconds)

    def add(self, deadline: Deadline) -> None:
        """Watch a deadline."""
        self._under_way.add(deadline)
        if self._timer is None or deadline.when < self._timer.when():
            self._set_timer(deadline.when)

    def discard(self, deadline: Deadline) -> None:
        """Watch a deadline no longer; the timer stays, for it is likely to be early enough for the others."""
        self._under_way.discard(deadline)
        if not self._under_way and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def break_off(self) -> None:
        """End all calls under way."""
        for deadline in self._under_way:
            deadline.expire(broken_off=True)

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._expire_due)

    def _expire_due(self) -> None:
        now = asyncio.get_running_loop().time()
        later = []
        for deadline in self._under_way:
            if deadline.when <= now:
                deadline.expire()
            else:
                later.append(deadline.when)
        self._timer = None
        if later:
            self._set_timer(min(later))
