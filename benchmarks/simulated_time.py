"""Simulated time: clients and servers in one event loop whose clock jumps to the next timer as soon as nothing is left to do.

An engine answers after as many seconds of that clock as a GPU would need, so that hours pass in minutes and other programs on the machine change
nothing. What a thread does takes no time; the client's own processor time counts if that is asked for. Client and servers meet at Unix
sockets, where what is sent is there at once.
"""

import asyncio
import heapq
import selectors
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from dummy_server import Body, task_of
from simulated_engine import SimulatedEngine

__all__ = ["Answered", "Places", "TimedServer", "best_seconds", "simulated_time"]

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Waits in truth only for threads; else the clock jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = 0
        self.jumped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        if self.threads or timeout is None:
            return super().select(None)
        self.jumped += timeout
        return []


class _Loop(asyncio.SelectorEventLoop):
    """Its clock is what was jumped, and processor time if that is to count."""

    def __init__(self, *, counts_processor: bool) -> None:
        self._jumping = _Selector()
        self._counts_processor = counts_processor
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.jumped + (time.process_time() if self._counts_processor else 0.0)

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":  # noqa: ANN401
        self._jumping.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: object) -> None:
        self._jumping.threads -= 1


class Answered(NamedTuple):
    """One request: its task, when it came and was answered in seconds, and the tokens of its answer."""

    task: str
    came: float
    ended: float
    tokens: int


class Places:
    """An engine with so many places; each token of a running request takes one step of so many seconds."""

    def __init__(self, slots: int, seconds: float) -> None:
        self.slots, self.seconds = slots, seconds
        self._running = self._generated = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def generate(self, tokens: int) -> None:
        """Return when so many tokens have been generated."""
        if self._running < self.slots:
            self._running += 1
        else:
            self._waiting.append(turn := asyncio.get_running_loop().create_future())
            await turn  # whoever ends hands its place over
        await asyncio.sleep(tokens * self.seconds)
        self._generated += tokens
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._running -= 1

    def load(self) -> tuple[int, int, int, int]:
        """Return the requests that run and that wait, and the tokens generated so far, for want of steps twice."""
        return self._running, len(self._waiting), self._generated, self._generated


class TimedServer(SimulatedEngine):
    """A simulated engine at a Unix socket, which is opened anew in each event loop; notes what was answered."""

    engine: Places

    def __init__(self, engine: Places, lengths: list[int], reply: Callable[[Body], str], path: Path) -> None:
        super().__init__(engine, lengths, reply, socket_path=str(path))
        self.answered: list[Answered] = []

    async def __aenter__(self) -> Self:
        Path(self.socket_path).unlink(missing_ok=True)  # noqa: ASYNC240 - nothing else runs yet
        return await super().__aenter__()

    async def _generate(self, body: Body, tokens: int) -> None:
        loop = asyncio.get_running_loop()
        came = loop.time()
        await self.engine.generate(tokens)
        self.answered.append(Answered(task_of(body) or "solve", came, loop.time(), tokens))


@contextmanager
def simulated_time(servers: Sequence[TimedServer], *, counts_processor: bool = False) -> Iterator[None]:
    """Let `asyncio.run` run in simulated time, beside the servers."""
    run = asyncio.run

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            return _Loop(counts_processor=counts_processor)

    async def beside(work: Coroutine[Any, Any, T]) -> T:
        async with AsyncExitStack() as stack:
            for server in servers:
                await stack.enter_async_context(server)
            return await work

    asyncio.set_event_loop_policy(Policy())
    try:
        with patch.object(asyncio, "run", lambda work: run(beside(work))):
            yield
    finally:
        asyncio.set_event_loop_policy(None)


def best_seconds(tokens: Sequence[int], slots: int, seconds: float) -> float:
    """Return how long so many places take if all requests wait in this order from the beginning."""
    free = [0.0] * slots
    for count in tokens:
        heapq.heapreplace(free, free[0] + count * seconds)
    return max(free)
