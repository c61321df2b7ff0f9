"""The child process in which vLLM runs without a port: requests go in and answers come out as JSON lines."""

import asyncio
import json
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.process_group import ProcessGroup
from kpmath_builder.errors import BuildError, InputError

__all__ = ["Child"]

SECONDS_BETWEEN_MESSAGES = 10.0


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
        registry: EngineRegistry,
        notify: Callable[[str], None],
    ) -> None:
        self._running = ProcessGroup(name, command, environment, log=log, registry=registry)
        self._notify = notify

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
            await self._running.start(stdin=PIPE, stdout=PIPE)
            return await self._until_ready(patience)
        except BaseException:
            await self.end()
            raise

    async def send(self, line: dict[str, Any]) -> None:
        """Write a line; raises `OSError` where the child is gone."""
        pipe = self._running.process.stdin
        assert pipe is not None
        pipe.write(json.dumps(line).encode() + b"\n")
        await pipe.drain()

    async def receive(self) -> dict[str, Any] | None:
        """Return the next line, or None when the child has ended."""
        pipe = self._running.process.stdout
        assert pipe is not None
        line = await pipe.readline()
        if not line.endswith(b"\n"):
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def end(self) -> None:
        """End it and all its processes."""
        await self._running.end()

    @property
    def fault(self) -> str:
        """What its log says last of an error."""
        return self._running.fault

    async def _until_ready(self, patience: float) -> dict[str, Any]:
        began = time.monotonic()
        first = asyncio.ensure_future(self.receive())
        try:
            while not first.done():
                await asyncio.wait({first}, timeout=SECONDS_BETWEEN_MESSAGES)
                seconds = time.monotonic() - began
                if not first.done():
                    self._notify(f"{self._running.name} starts ({seconds:.0f} s): {self._running.phase}")
                if seconds > patience:
                    raise BuildError(
                        f"{self._running.name} is not ready after {patience:g} s: see {self._running.log}."
                    )
            ready = first.result()
        finally:
            first.cancel()
        if ready is None:
            raise InputError(
                f"{self._running.name} did not start ({self.fault or 'no reason given'}): see {self._running.log}."
            )
        return ready
