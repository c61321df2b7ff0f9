"""One `vllm serve` of our own: started, waited for, started again when it dies, stopped."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from http import HTTPStatus

import aiohttp

from kpmath_builder.client.connection import Connection
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.engine.process_group import ProcessGroup
from kpmath_builder.engine.restarts import DEATHS, RestartPolicy
from kpmath_builder.errors import BuildError, InputError, KpmathError

__all__ = ["Server"]

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_BETWEEN_MESSAGES = 10.0
LOOK_SECONDS = 5.0
SECONDS_FOR_REMNANTS = 5.0
"""How long what is left of a dead server may take to end: nothing that it still does is of use."""


class Server:
    """Keeps one server alive; its endpoint is down whenever it is not ready.

    Parameters
    ----------
    processes
        What to run.
    connection, endpoint
        The way to it.
    patience
        Seconds that a start may take.
    on_failure
        Called once, with the reason, if the server is not started again.
    clock
        Seconds of a steady clock.
    """

    def __init__(
        self,
        processes: ProcessGroup,
        *,
        connection: Connection,
        endpoint: Endpoint,
        patience: float,
        on_failure: Callable[[KpmathError], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = processes.name
        self.restarts = 0
        self.endpoint = endpoint
        endpoint.set_running(running=False)
        self._processes, self._connection = processes, connection
        self._patience, self._on_failure, self._clock = patience, on_failure, clock
        self._policy = RestartPolicy()
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Run the server, wait until it is ready, and keep it alive from then on.

        Raises
        ------
        InputError
            If it ends before it is ready, with the reason that its log gives.
        BuildError
            If it is not ready in time.
        """
        await self._run()
        self._keeper = asyncio.create_task(self._keep_alive())

    async def stop(self) -> None:
        """End the server and all its processes."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        self.endpoint.set_running(running=False)
        await self._processes.end()

    def kill_hanging(self) -> None:
        """Kill the server, so that it is started again."""
        self._notify(f"{self.name} has made no token for too long: starting it again")
        self._processes.kill()

    async def _run(self) -> None:
        """Start the processes and open the endpoint once they are ready; if they never are, end them."""
        try:
            await self._processes.start()
            await self._until_ready()
        except BaseException:
            await self._processes.end()
            raise
        self.endpoint.set_running(running=True)
        self._connection.pool.refill()

    async def _until_ready(self) -> None:
        began = notified = self._clock()
        while not await self._is_ready():
            now = self._clock()
            status = self._processes.exit_status
            if status is not None:
                fault = self._processes.fault or f"exit status {status}"
                raise InputError(f"{self.name} did not start ({fault}): see {self._processes.log}.")
            if now - began > self._patience:
                raise BuildError(
                    f"{self.name} is not ready after {self._patience:g} s ({self._processes.phase}): see "
                    f"{self._processes.log}, or raise teacher.start_patience."
                )
            if now - notified >= SECONDS_BETWEEN_MESSAGES:
                notified = now
                self._notify(f"{self.name} starts ({now - began:.0f} s): {self._processes.phase}")
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def _is_ready(self) -> bool:
        health = self._connection.sessions.health(self.endpoint.url)
        try:
            async with asyncio.timeout(LOOK_SECONDS), health as reply:
                return reply.status == HTTPStatus.OK
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def _keep_alive(self) -> None:
        try:
            while True:
                await self._until_dead()
                await self._start_again()
        except KpmathError as error:
            self._on_failure(error)
        except OSError as error:  # a full disk, for instance; nobody else would notice
            self._on_failure(BuildError(f"{self.name} has ended and cannot be started again: {error}."))

    async def _until_dead(self) -> None:
        status = await self._processes.wait()
        self.endpoint.set_running(running=False)
        self.endpoint.break_off()
        self._policy.died(self._clock())
        fault = self._processes.fault
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"
        self._notify(f"{self.name} has ended {how}{f' ({fault})' if fault else ''}: starting it again")
        # Its engine may have outlived it and hold the GPU.
        await self._processes.end(SECONDS_FOR_REMNANTS)

    async def _start_again(self) -> None:
        while not self._policy.is_exhausted:
            await asyncio.sleep(self._policy.pause)
            try:
                await self._run()
            except InputError as error:
                self._notify(f"{error} Starting it again")
                self._policy.died(self._clock())
                continue
            self.restarts += 1
            self._notify(f"{self.name} is ready again")
            return
        raise BuildError(
            f"{self.name} has ended {DEATHS} times: see {self._processes.log}, then run the same command again."
        )

    def _notify(self, sentence: str) -> None:
        self._connection.notify(sentence, now=True)
