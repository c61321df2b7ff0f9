"""The teacher that brings its own vLLM: one server for each group of GPUs, kept alive as long as the build runs."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.teacher import OpenAITeacher
from kpmath_builder.engine.command import (
    HOST,
    engine_environment,
    file_name,
    free_port,
    gpu_groups,
    serve_command,
)
from kpmath_builder.engine.commits import commit_of
from kpmath_builder.engine.gpu_sharing import GpuSharing
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.server import Server
from kpmath_builder.errors import BuildError, KpmathError
from kpmath_builder.protocol import Request, Response
from kpmath_builder.recipe import VllmSettings
from kpmath_builder.stopping import Stop

__all__ = ["VllmTeacher"]


class VllmTeacher(OpenAITeacher):
    """A `Teacher` whose servers are started by `check`, started again when they die, and stopped by `close`.

    Parameters
    ----------
    settings
        The recipe's table; `kind` is "vllm".
    folder
        Where the servers' logs go; no other process writes there.
    ledger
        Of the engines of this build.
    turns
        Shared with the models that use the same GPUs; None where there are none.
    longest_reply, extras, on_wait
        As of `OpenAITeacher`.

    Raises
    ------
    InputError
        When there are fewer GPUs than the servers need.
    """

    def __init__(
        self,
        settings: VllmSettings,
        *,
        folder: Path,
        registry: EngineRegistry,
        gpu_sharing: GpuSharing | None = None,
        longest_reply: int = 0,
        extras: Sequence[Mapping[str, Any]] = (),
        notify: Callable[[str], None] | None = None,
        stop: Stop | None = None,
    ) -> None:
        groups = gpu_groups(settings)
        ports = [free_port() for _ in groups]
        key = secrets.token_hex(16)
        super().__init__(
            settings.model_name,
            [f"http://{HOST}:{port}" for port in ports],
            api_key=key,
            in_flight=settings.in_flight,
            least_in_flight=settings.least_in_flight,
            samples_per_request=settings.samples_per_request,
            patience=settings.patience,
            longest_reply=longest_reply,
            extras=extras,
            must_obey=True,
            on_hang=self._hangs,
            notify=notify,
            stop=stop,
        )
        self._settings = settings
        self._turns = gpu_sharing
        self._checked = False
        self._lost: list[KpmathError] = []
        self._servers = [
            Server(
                f"vLLM for {settings.model_name}"
                + (f", server {n + 1} of {len(groups)}" if len(groups) > 1 else ""),
                serve_command(settings, port),
                engine_environment(gpus, key),
                log=folder / f"{file_name(settings.model_name)}-{n}.log",
                registry=registry,
                connection=self.connection,
                endpoint=endpoint,
                patience=settings.start_patience,
                on_lost=self._lose,
            )
            for n, (gpus, port, endpoint) in enumerate(
                zip(groups, ports, self.connection.pool.all, strict=True)
            )
        ]

    async def check(self, patience: float = 30.0) -> None:  # noqa: ARG002 - a start has a patience of its own
        """Start the servers and make sure that they serve the model and obey JSON schemas; by turns, when its turn comes.

        Raises
        ------
        InputError
            When a server does not start or does not do so.
        """
        if self._turns is None:
            await self.wake()

    async def answer(self, request: Request, samples: Sequence[int]) -> list[Response]:
        """Answer as `OpenAITeacher` does; by turns, when its turn comes."""
        if self._turns is None:
            return await super().answer(request, samples)
        async with self._turns.turn(self):
            return await super().answer(request, samples)

    async def wake(self) -> None:
        """Start the servers; the first time they are checked."""
        try:
            async with asyncio.TaskGroup() as starts:
                for server in self._servers:
                    starts.create_task(server.start())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # one sentence for the user; the other servers are stopped
        if not self._checked:
            await super().check()
            self._checked = True
            self.revision = commit_of(self._settings)

    async def rest(self) -> None:
        """Stop the servers."""
        await asyncio.gather(*(server.stop() for server in self._servers))

    async def close(self) -> None:
        """Stop the servers and release connections."""
        await self.monitor.stop()
        await self.rest()
        await super().close()

    def record(self) -> dict[str, Any]:
        """Return what the servers did in this run, for the build's record."""
        return {**super().record(), "restarts": sum(server.restarts for server in self._servers)}

    def _hangs(self, endpoint: Endpoint) -> None:
        next(server for server in self._servers if server.endpoint is endpoint).hangs()

    def _lose(self, error: KpmathError) -> None:
        """Go on without a server that cannot be kept alive; without the last one the build ends."""
        self._lost.append(error)
        self.connection.notify(str(error), now=True)
        if len(self._lost) == len(self._servers):
            self.connection.pool.give_up(BuildError(str(error)))
