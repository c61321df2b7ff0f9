"""Asks math-verify about two answers in worker processes, under a hard time and memory limit.

math-verify limits itself by a signal, which raises off the main thread and which computer algebra can outlive. Here each
pair goes to a worker that limits its own memory and processor time, and that its parent kills if it is stuck: nothing hangs,
from whatever thread it is asked. Workers start when the first pair is asked, speak JSON lines, and end with the parent:
their input closes.

Run as a module, this file is the worker.
"""

import atexit
import contextlib
import json
import math
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Checker", "WallTime", "checker"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one pair may cost."""

    seconds: float = 3.0
    """Of processor time, so that a busy machine does not change a verdict."""
    mebibytes: int = 1_024
    patience: float = 300.0
    """Seconds of wall time after which the parent gives up a worker that neither answers nor has used up its processor time."""


@dataclass(slots=True)
class WallTime:
    """Wall time that is left for several pairs."""

    seconds: float


class Checker:
    """A pool of workers, each replaced when it is killed. Safe to use from any thread and after a fork."""

    def __init__(
        self, limits: Limits | None = None, size: int = 2, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._size = size
        self._own = threading.local()
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        """Begin without workers: those of a parent process are its own, and a lock may have been held while it forked."""
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self.workers: list[_Worker] = []
        for _ in range(self._size):
            self._idle.put(None)

    @contextlib.contextmanager
    def limited(self, seconds: float, wall_time: WallTime | None = None) -> Iterator[None]:
        """Let each pair that this thread asks about within the block cost so much processor time at most.

        All pairs together cost no more wall time than `wall_time`. What comes to no end then raises `TimeoutError`, so that
        nothing remembers it as undecided.
        """
        before = getattr(self._own, "limit", None)
        self._own.limit = min(seconds, self.limits.seconds), wall_time or WallTime(math.inf)
        try:
            yield
        finally:
            self._own.limit = before

    def same(self, first: str, second: str) -> bool | None:
        """Return whether math-verify finds two LaTeX answers equal both ways round, or None if it came to no end.

        Raises
        ------
        TimeoutError
            Within `limited` only, if the pair came to no end, or no wall time is left.

        """
        limit: tuple[float, WallTime] | None = getattr(self._own, "limit", None)
        if limit is None:
            with contextlib.suppress(TimeoutError):
                return self._same(first, second, self.limits.seconds, math.inf)
            return None
        seconds, wall_time = limit
        if wall_time.seconds <= 0:
            raise TimeoutError
        started = self._clock()
        try:
            return self._same(first, second, seconds, wall_time.seconds)
        finally:
            wall_time.seconds -= self._clock() - started

    def _same(self, first: str, second: str, seconds: float, patience: float) -> bool | None:
        with self._lock:
            idle, workers = self._idle, self.workers
        began = time.monotonic()
        try:
            worker = idle.get(timeout=None if math.isinf(patience) else patience)
        except queue.Empty:
            raise TimeoutError from None
        patience = max(0.0, patience - (time.monotonic() - began))
        try:
            if worker is None:
                worker = _Worker(self.limits)
                workers.append(worker)
            return worker.ask(first, second, seconds, min(self.limits.patience, patience))
        except (OSError, ValueError, EOFError) as error:
            if worker is not None:
                worker.kill()
                workers.remove(worker)
            worker = None
            raise TimeoutError from error
        finally:
            idle.put(worker)

    def close(self) -> None:
        """End all workers; the next pair starts new ones."""
        with self._lock:
            if self._process == os.getpid():
                for worker in self.workers:
                    worker.kill()
            self._renew()


class _Worker:
    """One process and the pipes to it."""

    def __init__(self, limits: Limits) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and this very file
            # -P: the folder of this file is no place to import from
            [sys.executable, "-P", str(Path(__file__)), str(limits.mebibytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._buffer = b""
        try:
            self._line(limits.patience)
        except BaseException:
            self.kill()
            raise

    def ask(self, first: str, second: str, seconds: float, patience: float) -> bool | None:
        """Send one pair with its limit of processor time and wait for its answer, `patience` seconds at most.

        Raises
        ------
        TimeoutError, EOFError, OSError
            Where the worker is late or gone; it must be killed then.

        """
        if self.process.stdin is None:
            raise EOFError
        self.process.stdin.write(json.dumps([first, second, seconds]).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self._line(patience))
        return answer if isinstance(answer, bool) else None

    def _line(self, seconds: float) -> bytes:
        if self.process.stdout is None:
            raise EOFError
        descriptor = self.process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
        if not poll.poll(seconds * 1_000):
            raise TimeoutError
        line = os.read(descriptor, 4_096)
        if not line:
            raise EOFError
        return line

    def kill(self) -> None:
        """End the process at once and close its pipes."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


checker = Checker()
"""The pool that `equivalent` asks."""
atexit.register(checker.close)


def _serve(mebibytes: int) -> None:
    """Answer pairs until the input closes; a late pair ends the process, however deep in C it is."""
    import resource

    from math_verify import verify

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))
    _verdict(verify, r"\sqrt{2}", "2")  # the first pair imports the parser: no asker's time
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        first, second, limit = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, limit)
        verdict = _verdict(verify, first, second)
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(verdict), file=answers, flush=True)


def _verdict(verify: Callable[..., bool], first: str, second: str) -> bool | None:
    try:
        one, other = _parsed(first), _parsed(second)
        if not one or not other:
            return None
        return all(
            bool(verify(a, b, timeout_seconds=None, float_rounding=15))
            for a, b in ((one, other), (other, one))
        )
    except Exception:  # noqa: BLE001 - whatever a checker raises means that it does not know
        return None


def _parsed(answer: str) -> list[object]:
    from math_verify import parse

    return [
        _two_sided(found) for found in parse(f"${answer}$", parsing_timeout=None, fallback_mode="no_fallback")
    ]


def _two_sided(parsed: object) -> object:
    """Return an expression whose limits are looked at from both sides: sympy looks from the right only, and finds 1 for |x|/x at 0."""
    from sympy import Basic, Limit

    if not isinstance(parsed, Basic):
        return parsed
    return parsed.replace(
        lambda part: isinstance(part, Limit) and not part.args[2].is_infinite,
        lambda limit: Limit(*limit.args[:3], "+-"),
    )


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
