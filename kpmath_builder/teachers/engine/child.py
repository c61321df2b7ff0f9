"""The child process in which vLLM runs without a port: requests go in and answers come out as JSON lines."""

import asyncio
import atexit
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.teachers.engine.ledger import Ledger
from kpmath_builder.teachers.engine.phases import last_fault, phase
from kpmath_builder.teachers.engine.processes import end_group

__all__ = ["Child"]

SECONDS_BETWEEN_MESSAGES = 10.0
LINE_LIMIT = 2**26
"""Bytes of the longest answer."""


class Child:
    """One run of `worker.py`; a new run is a new object.

    Parameters
    ----------
    name
        For messages.
    command, environment, log, ledger
        What to run, the file for what it prints, and who notes the process group.
    tell
        Is told what it does while it starts.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        *,
        log: Path,
        ledger: Ledger,
        tell: Callable[[str], None],
    ) -> None:
        self._name, self._command, self._environment = name, command, environment
        self._log, self._ledger, self._tell = log, ledger, tell
        self._log_begins = 0
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, patience: float) -> dict[str, Any]:
        """Run it and return what it says once the model is loaded.

        Raises
        ------
        InputError
            When it ends before that, with the reason that its log gives.
        BuildError
            When that takes more than `patience` seconds.
        """
        try:
            await self._run()
            return await self._until_ready(patience)
        except BaseException:
            await self.end()
            raise

    async def send(self, line: dict[str, Any]) -> None:
        """Write a line; raises `OSError` where the child is gone."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        await self._process.stdin.drain()

    async def receive(self) -> dict[str, Any] | None:
        """Return the next line, or None when the child has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def end(self) -> None:
        """End it and all its processes."""
        process = self._process
        if process is None:
            return
        await end_group(process.pid)
        await process.wait()
        self._process = None
        atexit.unregister(self._kill)
        self._ledger.ended(process.pid)

    @property
    def fault(self) -> str:
        """What its log says last of an error."""
        return last_fault(self._log, self._log_begins)

    async def _run(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            log.write(f"\n{time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(self._command)}\n".encode())
            log.flush()
            self._log_begins = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                limit=LINE_LIMIT,
            )
        atexit.register(self._kill)
        self._ledger.began(self._process.pid, self._name)

    async def _until_ready(self, patience: float) -> dict[str, Any]:
        began = time.monotonic()
        first = asyncio.ensure_future(self.receive())
        try:
            while not first.done():
                await asyncio.wait({first}, timeout=SECONDS_BETWEEN_MESSAGES)
                seconds = time.monotonic() - began
                if not first.done():
                    self._tell(f"{self._name} starts ({seconds:.0f} s): {phase(self._log, self._log_begins)}")
                if seconds > patience:
                    raise BuildError(f"{self._name} is not ready after {patience:g} s: see {self._log}.")
            ready = first.result()
        finally:
            first.cancel()
        if ready is None:
            raise InputError(
                f"{self._name} did not start ({self.fault or 'no reason given'}): see {self._log}."
            )
        return ready

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
