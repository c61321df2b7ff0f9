"""An engine as the builder runs it: a process group of its own, a log to which each start appends, an entry in the registry."""

import asyncio
import atexit
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.processes import SECONDS_TO_END, end_group
from kpmath_builder.engine.startup_log import last_fault, phase
from kpmath_builder.errors import InputError

__all__ = ["ProcessGroup", "kill_running"]

_RUNNING: "set[ProcessGroup]" = set()


@atexit.register
def kill_running() -> None:
    """Kill all engines of this process at once: the last resort, also for who ends it without its exit handlers."""
    for group in list(_RUNNING):
        group.kill()


class ProcessGroup:
    """Starts and ends one engine, as often as needed; none is left when the builder ends.

    Parameters
    ----------
    name
        For messages.
    command, environment
        What to run.
    socket_path
        Where it listens; a socket that a dead process has left there would keep the next one from starting.
    log
        File for its output.
    registry
        Knows the process group while it runs.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        socket_path: Path,
        log: Path,
        registry: EngineRegistry,
    ) -> None:
        self.name, self.log = name, log
        self._command, self._environment = command, environment
        self._socket_path, self._registry = socket_path, registry
        self._log_begins = 0
        self._process: Process | None = None

    async def start(self) -> None:
        """Run it.

        Raises
        ------
        InputError
            If there is no such program.
        """
        self._socket_path.unlink(missing_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            log.write(f"\n{time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(self._command)}\n".encode())
            log.flush()
            self._log_begins = log.tell()
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    env=self._environment,
                    stdin=DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise InputError(
                    f"{self._command[0]} cannot be run ({error.strerror}): correct teacher.python."
                ) from None
        _RUNNING.add(self)
        self._registry.add(self._process.pid, self.name, self._socket_path)

    async def wait(self) -> int:
        """Wait until the first process of the group has ended; return its exit status, negative for a signal."""
        return await self._running().wait()

    async def end(self, seconds: float = SECONDS_TO_END) -> None:
        """End it and all its processes; those that are left after `seconds` are killed."""
        process = self._process
        if process is None:
            return
        await end_group(process.pid, seconds)
        await process.wait()
        self._process = None
        _RUNNING.discard(self)
        self._registry.remove(process.pid)

    def kill(self) -> None:
        """Kill the group at once: the last resort when no event loop runs any more."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def exit_status(self) -> int | None:
        """None while the first process of the group runs."""
        return self._running().returncode

    @property
    def phase(self) -> str:
        """What it is doing, according to its log."""
        return phase(self.log, self._log_begins)

    @property
    def fault(self) -> str:
        """The last error in its log; "" if there is none."""
        return last_fault(self.log, self._log_begins)

    def _running(self) -> Process:
        assert self._process is not None, f"{self.name} was not started"
        return self._process
