"""Which teacher plays which role: made from the recipe when first asked, checked once, shared where the settings agree."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from kpmath_builder.engine.gpu_sharing import sharing_of
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.execution.run_record import note_run
from kpmath_builder.protocol import Role, Teacher, canonical_json
from kpmath_builder.recipe import Recipe, TeacherSettings
from kpmath_builder.stopping import Stop

__all__ = ["Teachers", "roles_of"]

_ROLES: tuple[Role, ...] = ("extractor", "writer", "judge", "solver")


def roles_of(recipe: Recipe) -> Mapping[Role, TeacherSettings]:
    """Return the teacher settings of each role."""
    return {role: recipe.teacher_for(role) for role in _ROLES}


class Teachers:
    """The teachers of a build; `async with Staff(recipe) as staff: …`.

    A teacher whose answers are all in the log is never made, so that its server need not run.
    """

    def __init__(self, recipe: Recipe, notify: Callable[[str], None], stop: Stop | None = None) -> None:
        self._settings = roles_of(recipe)
        self._server = {role: settings.server for role, settings in self._settings.items()}
        self._longest = {role: recipe.sampled_by(role).sampling.max_tokens for role in _ROLES}
        self._folder = recipe.build.folder / "engine"
        self._logs = self._folder / f"{socket.gethostname()}-{os.getpid()}"
        self._ledger = EngineRegistry(self._folder)
        self._turns = sharing_of(self._settings.values())
        self._on_wait = notify
        self._stop = stop or Stop()
        self._teachers: dict[str, asyncio.Task[Teacher]] = {}

    async def __aenter__(self) -> Self:
        await self._ledger.end_orphans(self._on_wait)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hiring in self._teachers.values():
            hiring.cancel()  # one that still starts its server stops it
        await asyncio.gather(*self._teachers.values(), return_exceptions=True)
        hired = list(self._hired())
        await asyncio.gather(*(teacher.close() for teacher in hired))
        note_run(self._folder, hired)

    def load(self) -> str:
        """Say what the servers do at this moment, for the progress display; "" where none says it."""
        told = ((teacher, getattr(teacher, "load", None)) for teacher in self._hired())
        loads = [(getattr(teacher, "model", ""), load) for teacher, load in told if load and load.servers]
        return "; ".join(f"{model}: {load}" if len(loads) > 1 else str(load) for model, load in loads)

    async def teacher(self, role: Role) -> Teacher:
        """Return the teacher of a role.

        Raises
        ------
        InputError
            When its server does not answer or does not know the model.
        """
        server = self._server[role]
        if server not in self._teachers:
            self._teachers[server] = asyncio.create_task(self._hire(self._settings[role]))
        return await asyncio.shield(self._teachers[server])

    def _hired(self) -> Iterator[Teacher]:
        for hiring in self._teachers.values():
            if hiring.done() and not hiring.cancelled() and hiring.exception() is None:
                yield hiring.result()

    async def _hire(self, settings: TeacherSettings) -> Teacher:
        teacher = self._make(settings)
        if connection := getattr(teacher, "connection", None):
            connection.stop = self._stop
        try:
            await teacher.check()
        except BaseException:
            await teacher.close()
            raise
        return teacher

    def _make(self, settings: TeacherSettings) -> Teacher:
        # Only the teachers that play are loaded.
        played = [role for role in _ROLES if self._server[role] == settings.server]
        longest = max(self._longest[role] for role in played)
        extras = _distinct(self._settings[role].extra for role in played)
        if settings.kind == "symbolic":
            from kpmath_builder.symbolic import SymbolicTeacher

            return SymbolicTeacher(error_rate=settings.error_rate)
        if settings.kind == "vllm":
            from kpmath_builder.engine.teacher import VllmTeacher

            return VllmTeacher(
                settings,
                folder=self._logs,
                registry=self._ledger,
                gpu_sharing=self._turns.get(settings.server),
                longest_reply=longest,
                extras=extras,
                notify=self._on_wait,
            )
        from kpmath_builder.client.teacher import OpenAITeacher

        return OpenAITeacher(
            settings.model,
            settings.addresses,
            api_key=os.environ.get(settings.api_key_env),
            in_flight=settings.in_flight,
            least_in_flight=settings.least_in_flight,
            samples_per_request=settings.samples_per_request,
            patience=settings.patience,
            longest_reply=longest,
            extras=extras,
            revision=settings.revision or "",
            notify=self._on_wait,
        )


def _distinct(extras: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({canonical_json(extra): extra for extra in extras}.values())
