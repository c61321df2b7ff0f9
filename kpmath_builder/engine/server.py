"""One `vllm serve` of our own: started in a process group of its own, waited for, started again when it dies, stopped."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp

from kpmath_builder.client.connection import Connection
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.process_group import ProcessGroup
from kpmath_builder.engine.processes import SECONDS_TO_END
from kpmath_builder.errors import BuildError, InputError, KpmathError

__all__ = ["Server"]

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_BETWEEN_MESSAGES = 10.0
LOOK_SECONDS = 5.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
DEATHS = 5
"""Deaths of a server after which it is not started again."""
SECONDS_LEFT = 5.0
"""How long what is left of a dead server may take to end: nothing that it still does is of use."""
LONG_LIFE = 1800.0
"""Seconds after which a death is forgotten."""


class Server:
    """Keeps one server alive; its endpoint is down whenever it is not ready.

    Parameters
    ----------
    name
        For messages, e.g. "vLLM server 1 of 2".
    command, environment
        What to run.
    log
        File for all that it prints; each start appends.
    ledger
        Notes the process group.
    patience
        Seconds that a start may take.
    on_lost
        Is told why the server is not started again.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        *,
        log: Path,
        registry: EngineRegistry,
        connection: Connection,
        endpoint: Endpoint,
        patience: float,
        on_lost: Callable[[KpmathError], None],
    ) -> None:
        self.name = name
        self.restarts = 0
        self.endpoint = endpoint
        endpoint.set_running(running=False)
        self._running = ProcessGroup(name, command, environment, log=log, registry=registry)
        self._connection, self._patience, self._on_lost = connection, patience, on_lost
        self._keeper: asyncio.Task[None] | None = None
        self._deaths: list[float] = []

    async def start(self) -> None:
        """Run the server, wait until it is ready, and keep it alive from then on.

        Raises
        ------
        InputError
            When it ends before it is ready, with the reason that its log gives.
        BuildError
            When it is not ready in time.
        """
        try:
            await self._running.start()
            await self._until_ready()
        except BaseException:
            await self._end()
            raise
        self._open()
        self._keeper = asyncio.create_task(self._keep_alive())

    async def stop(self) -> None:
        """End the server and all its processes."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        await self._end()

    def hangs(self) -> None:
        """Kill the server, so that it is started again."""
        self._notify(f"{self.name} has made no token for too long: starting it again")
        self._running.kill()

    async def _until_ready(self) -> None:
        began = told = time.monotonic()
        while not await self._is_ready():
            now = time.monotonic()
            if self._running.process.returncode is not None:
                fault = self._running.fault or f"exit status {self._running.process.returncode}"
                raise InputError(f"{self.name} did not start ({fault}): see {self._running.log}.")
            if now - began > self._patience:
                raise BuildError(
                    f"{self.name} is not ready after {self._patience:g} s ({self._running.phase}): see {self._running.log}, or raise "
                    "teacher.start_patience."
                )
            if now - told >= SECONDS_BETWEEN_MESSAGES:
                told = now
                self._notify(f"{self.name} starts ({now - began:.0f} s): {self._running.phase}")
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def _is_ready(self) -> bool:
        try:
            async with (
                asyncio.timeout(LOOK_SECONDS),
                self._connection.sessions.health(self.endpoint.url) as reply,
            ):
                return reply.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    def _open(self) -> None:
        self.endpoint.set_running(running=True)
        self._connection.pool.refill()

    async def _keep_alive(self) -> None:
        try:
            while True:
                await self._until_dead()
                await self._start_again()
        except KpmathError as error:
            self._on_lost(error)

    async def _until_dead(self) -> None:
        status = await self._running.process.wait()
        self.endpoint.set_running(running=False)
        self.endpoint.break_off()
        now = time.monotonic()
        self._deaths = [death for death in self._deaths if now - death < LONG_LIFE] + [now]
        fault = self._running.fault
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"
        self._notify(f"{self.name} has ended {how}{f' ({fault})' if fault else ''}: starting it again")
        await self._end(SECONDS_LEFT)  # its engine may have outlived it and hold the GPU

    async def _start_again(self) -> None:
        while True:
            if len(self._deaths) >= DEATHS:
                raise BuildError(
                    f"{self.name} has ended {DEATHS} times: see {self._running.log}, then run the same command again."
                )
            await asyncio.sleep(min(FIRST_PAUSE * 2.0 ** (len(self._deaths) - 1), LONGEST_PAUSE))
            try:
                await self._running.start()
                await self._until_ready()
            except InputError as error:
                self._notify(f"{error} Starting it again")
                self._deaths.append(time.monotonic())
                await self._end()
                continue
            self.restarts += 1
            self._notify(f"{self.name} is ready again")
            self._open()
            return

    async def _end(self, seconds: float = SECONDS_TO_END) -> None:
        self.endpoint.set_running(running=False)
        await self._running.end(seconds)

    def _notify(self, sentence: str) -> None:
        self._connection.notify(sentence, now=True)
