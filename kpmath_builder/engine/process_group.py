"""An engine as the builder runs it: a process group of its own, a log to which each start appends, a place in the ledger."""

import asyncio
import atexit
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.processes import SECONDS_TO_END, end_group
from kpmath_builder.engine.startup_log import last_fault, phase
from kpmath_builder.errors import InputError

__all__ = ["ProcessGroup"]

LINE_LIMIT = 2**26
"""Bytes of the longest line that can be read from it."""


class ProcessGroup:
    """Starts and ends one engine, again and again where that is wanted; none is left when the builder ends.

    Parameters
    ----------
    name
        For messages.
    command, environment
        What to run.
    log
        File for what it prints.
    ledger
        Notes the process group.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        *,
        log: Path,
        registry: EngineRegistry,
    ) -> None:
        self.name, self.log = name, log
        self._command, self._environment, self._ledger = command, environment, registry
        self._log_begins = 0
        self._process: Process | None = None

    async def start(self, *, stdin: int = DEVNULL, stdout: int | None = None) -> None:
        """Run it; what it prints goes to the log, but for its standard output where `stdout` says so.

        Raises
        ------
        InputError
            When there is no such program.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            log.write(f"\n{time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(self._command)}\n".encode())
            log.flush()
            self._log_begins = log.tell()
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    env=self._environment,
                    stdin=stdin,
                    stdout=log if stdout is None else stdout,
                    stderr=log,
                    start_new_session=True,
                    limit=LINE_LIMIT,
                )
            except OSError as error:
                raise InputError(
                    f"{self._command[0]} cannot be run ({error.strerror}): correct teacher.python."
                ) from None
        atexit.register(self.kill)
        self._ledger.began(self._process.pid, self.name)

    async def end(self, seconds: float = SECONDS_TO_END) -> None:
        """End it and all its processes; what is left after so many seconds is killed."""
        process = self._process
        if process is None:
            return
        await end_group(process.pid, seconds)
        await process.wait()
        self._process = None
        atexit.unregister(self.kill)
        self._ledger.ended(process.pid)

    def kill(self) -> None:
        """Kill the group at once: the last resort where no event loop runs any more."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def process(self) -> Process:
        """The process that was started."""
        assert self._process is not None
        return self._process

    @property
    def phase(self) -> str:
        """What its log says that it does."""
        return phase(self.log, self._log_begins)

    @property
    def fault(self) -> str:
        """What its log says last of an error; "" where there is none."""
        return last_fault(self.log, self._log_begins)
