"""Builds in processes of their own, forked where all modules are loaded already, against a server that notes what it answers."""

import mmap
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from small_builds import recipe

from kpmath_builder import KpmathError, Recipe, build
from kpmath_builder.folder.shards import ShardWriter
from kpmath_builder.knowledge.store import Knowledge

__all__ = ["IN_FLIGHT", "Run", "Served", "finish", "in_a_fork", "served", "small"]

PHASES = ("start", "seeds", "extraction", "topics", "knowledge", "synthesis", "sealing", "tables")
IN_FLIGHT = 6

SERVER = """
import asyncio, hashlib, json, os, sys
sys.path[:0] = [sys.argv[1]]
from dummy_server import DummyServer
from roleplay import play
answered = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def reply(body):
    text = json.dumps(body, sort_keys=True)
    os.write(answered, hashlib.sha256(text.encode()).hexdigest().encode() + b"\\n")
    return play(body)
async def serve():
    async with DummyServer(reply, seconds=0.004) as server:
        print(server.address, flush=True)
        await asyncio.Event().wait()
asyncio.run(serve())
"""


class Served(SimpleNamespace):
    """A dummy server in a process of its own, and the digests of all that it has answered."""

    address: str
    journal: Path

    @property
    def answers(self) -> int:
        """How many answers it has given."""
        return self.journal.stat().st_size // 65 if self.journal.exists() else 0

    def answered(self, since: int = 0) -> list[str]:
        return self.journal.read_text().split()[since:]


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Run a server that answers in any role until the block ends."""
    journal = folder / "answered"
    command = [sys.executable, "-c", SERVER, str(Path(__file__).parent), str(journal)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Served(address=process.stdout.readline().strip(), journal=journal)
        process.kill()


def small(folder: Path, server: Served) -> Recipe:
    return recipe(
        folder, server, seeds_limit=8, build_questions=10, build_shards=3, solutions_samples=3, teacher_in_flight=IN_FLIGHT
    )  # fmt: skip


class Run:
    """A build in a forked process; `phase` tells where it is."""

    def __init__(self, made: Recipe) -> None:
        self._phase = mmap.mmap(-1, 1)
        self.pid = os.fork()
        if self.pid == 0:
            self._build(made)

    @property
    def phase(self) -> str:
        return PHASES[self._phase[0]]

    def _at(self, phase: str) -> None:
        self._phase[0] = PHASES.index(phase)

    def _build(self, made: Recipe) -> None:
        status = 1
        try:
            self._mark(ShardWriter, "seal", "sealing")
            self._mark(Knowledge, "save", "knowledge")
            build(made, progress=lambda progress: self._at(progress.stage))
            status = 0
        except BaseException:  # noqa: BLE001 - told where the test's output is seen
            traceback.print_exc()
        finally:
            os._exit(status)

    def _mark(self, owner: Any, name: str, phase: str) -> None:
        plain: Callable[..., Any] = getattr(owner, name)

        def marked(*words: Any) -> Any:
            before = self.phase
            self._at(phase)
            plain(*words)
            self._at(before)

        setattr(owner, name, marked)

    def ended(self) -> bool:
        """Whether it came to its end; a failure of its own is a failure of the test."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        assert pid == 0 or status == 0, f"the build failed with {status}"
        return pid != 0

    def kill(self) -> str:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return self.phase


def finish(made: Recipe) -> float:
    began = time.monotonic()
    run = Run(made)
    while not run.ended():
        time.sleep(0.002)
    return time.monotonic() - began


def in_a_fork(do: Callable[[], object]) -> str:
    """Run something in a process of its own, which limits and users may be set for; return the error that it ended with.

    "" for none; a traceback for one that is not ours, of which the test fails.
    """
    reading, writing = os.pipe()
    if os.fork() == 0:
        told = ""
        try:
            do()
        except KpmathError as error:
            told = f"{type(error).__name__}: {error}"
        except BaseException:  # noqa: BLE001 - the test fails of it
            told = traceback.format_exc()
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.wait()
    return told
