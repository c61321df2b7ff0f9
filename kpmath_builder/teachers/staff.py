"""Which teacher plays which role: made from the recipe when first asked, checked once, shared where the settings agree."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from kpmath_builder.recipe import Recipe, TeacherSettings
from kpmath_builder.stopping import Stop
from kpmath_builder.teachers.engine.ledger import Ledger
from kpmath_builder.teachers.engine.turns import sharers
from kpmath_builder.teachers.protocol import Role, Teacher, canonical_json
from kpmath_builder.teachers.record import note_run

__all__ = ["Staff", "roles_of"]

_ROLES: tuple[Role, ...] = ("extractor", "writer", "judge", "solver")


def roles_of(recipe: Recipe) -> Mapping[Role, TeacherSettings]:
    """Return the teacher settings of each role."""
    return {role: recipe.teacher_for(role) for role in _ROLES}


class Staff:
    """The teachers of a build; `async with Staff(recipe) as staff: …`.

    A teacher whose answers are all in the log is never made, so that its server need not run.
    """

    def __init__(self, recipe: Recipe, on_wait: Callable[[str], None], stop: Stop | None = None) -> None:
        self._settings = roles_of(recipe)
        self._server = {role: settings.server for role, settings in self._settings.items()}
        self._longest = {role: recipe.sampled_by(role).sampling.max_tokens for role in _ROLES}
        self._folder = recipe.build.folder / "engine"
        self._logs = self._folder / f"{socket.gethostname()}-{os.getpid()}"
        self._ledger = Ledger(self._folder)
        self._turns = sharers(self._settings.values())
        self._on_wait = on_wait
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
            from kpmath_builder.teachers.symbolic import SymbolicTeacher

            return SymbolicTeacher(slip_rate=settings.slip_rate)
        if settings.kind == "vllm":
            from kpmath_builder.teachers.engine.teacher import VllmTeacher

            return VllmTeacher(
                settings,
                folder=self._logs,
                ledger=self._ledger,
                turns=self._turns.get(settings.server),
                longest_reply=longest,
                extras=extras,
                on_wait=self._on_wait,
            )
        if settings.kind == "vllm-offline":
            from kpmath_builder.teachers.engine.offline import OfflineTeacher

            return OfflineTeacher(
                settings,
                folder=self._logs,
                ledger=self._ledger,
                longest_reply=longest,
                extras=extras,
                on_wait=self._on_wait,
            )
        from kpmath_builder.teachers.openai import OpenAITeacher

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
            on_wait=self._on_wait,
        )


def _distinct(extras: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({canonical_json(extra): extra for extra in extras}.values())
