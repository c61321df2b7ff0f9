"""The teacher that brings its own vLLM: one server for each group of GPUs, kept alive as long as the build runs."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.teacher import OpenAITeacher
from kpmath_builder.client.transport import SOCKET_SCHEME
from kpmath_builder.engine.command import (
    engine_environment,
    engine_python,
    file_name,
    gpu_groups,
    serve_command,
)
from kpmath_builder.engine.commits import commit_of
from kpmath_builder.engine.cpu_build import is_cpu_build
from kpmath_builder.engine.gpu_sharing import GpuSharing
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.process_group import ProcessGroup
from kpmath_builder.engine.server import Server
from kpmath_builder.engine.sockets import socket_folder
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
        For the servers' logs; no other process writes there.
    registry
        Of the engines of this build.
    gpu_sharing
        Common to the models that use the same GPUs; None if they are this model's alone.
    longest_reply, extras, patterns, notify
        As of `OpenAITeacher`.

    Raises
    ------
    InputError
        If there are fewer GPUs than the servers need, or no place for their sockets.
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
        patterns: Sequence[str] = (),
        notify: Callable[[str], None] | None = None,
        stop: Stop | None = None,
    ) -> None:
        self._gpu_groups = gpu_groups(settings)
        self._socket_folder = socket_folder()
        self._sockets = [Path(self._socket_folder.name, f"{n}.sock") for n in range(len(self._gpu_groups))]
        super().__init__(
            settings.model_name,
            [f"{SOCKET_SCHEME}{path}" for path in self._sockets],
            in_flight=settings.in_flight,
            least_in_flight=settings.least_in_flight,
            samples_per_request=settings.samples_per_request,
            patience=settings.patience,
            longest_reply=longest_reply,
            extras=extras,
            patterns=patterns,
            must_fit=True,
            on_hang=self._kill_hanging,
            notify=notify,
            stop=stop,
        )
        self._settings, self._folder, self._registry = settings, folder, registry
        self._gpu_sharing = gpu_sharing
        self._servers: list[Server] = []
        self._checked = False
        self._failed = 0

    async def check(self, patience: float = 30.0) -> None:  # noqa: ARG002 - a start has a patience of its own
        """Start the servers and make sure that they serve the model and are fit for the recipe.

        If GPUs are shared, that is done when the model is loaded; only the settings are checked before.

        Raises
        ------
        InputError
            If a server does not start or does not do so.
        """
        self._servers = await self._make_servers()
        if self._gpu_sharing is None:
            await self.load_model()

    async def answer(self, request: Request, samples: Sequence[int]) -> list[Response]:
        """Answer as `OpenAITeacher` does; if GPUs are shared, once the model is loaded."""
        if self._gpu_sharing is None:
            return await super().answer(request, samples)
        async with self._gpu_sharing.loaded(self):
            return await super().answer(request, samples)

    async def load_model(self) -> None:
        """Start the servers; check them the first time."""
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

    async def unload_model(self) -> None:
        """Stop the servers."""
        await asyncio.gather(*(server.stop() for server in self._servers))

    async def close(self) -> None:
        """Stop the servers, release connections and remove the sockets."""
        await self.monitor.stop()
        await self.unload_model()
        await super().close()
        self._socket_folder.cleanup()

    def record(self) -> dict[str, Any]:
        """Return what the servers did in this run, for the build's record."""
        return {**super().record(), "restarts": sum(server.restarts for server in self._servers)}

    async def _make_servers(self) -> list[Server]:
        on_cpu = await is_cpu_build(engine_python(self._settings))
        return [
            Server(
                ProcessGroup(
                    self._name_of(number),
                    serve_command(self._settings, path, on_cpu=on_cpu),
                    engine_environment(gpus),
                    socket_path=path,
                    log=self._folder / f"{file_name(self.model)}-{number}.log",
                    registry=self._registry,
                ),
                connection=self.connection,
                endpoint=endpoint,
                patience=self._settings.start_patience,
                on_failure=self._go_on_without,
            )
            for number, (gpus, path, endpoint) in enumerate(
                zip(self._gpu_groups, self._sockets, self.connection.pool.all, strict=True)
            )
        ]

    def _name_of(self, number: int) -> str:
        count = len(self._gpu_groups)
        return f"vLLM for {self.model}" + (f", server {number + 1} of {count}" if count > 1 else "")

    def _kill_hanging(self, endpoint: Endpoint) -> None:
        next(server for server in self._servers if server.endpoint is endpoint).kill_hanging()

    def _go_on_without(self, error: KpmathError) -> None:
        """Go on without a server that cannot be kept alive; without the last one the build ends."""
        self._failed += 1
        self.connection.notify(str(error), now=True)
        if self._failed == len(self._servers):
            self.connection.pool.give_up(BuildError(str(error)))
