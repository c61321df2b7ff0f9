"""Which teacher plays which role: made from the recipe when first asked, checked once, shared where the settings agree."""

import asyncio
import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from kpmath_builder.recipe import Recipe, TeacherSettings
from kpmath_builder.teachers.protocol import Role, Teacher

__all__ = ["Staff", "roles_of"]

_ROLES: tuple[Role, ...] = ("extractor", "writer", "judge", "solver")


def roles_of(recipe: Recipe) -> Mapping[Role, TeacherSettings]:
    """Return the teacher settings of each role."""
    return {role: recipe.teacher_for(role) for role in _ROLES}


class Staff:
    """The teachers of a build; `async with Staff(recipe) as staff: …`.

    A teacher whose answers are all in the log is never made, so that its server need not run.
    """

    def __init__(self, recipe: Recipe, on_wait: Callable[[str], None]) -> None:
        self._settings = roles_of(recipe)
        self._on_wait = on_wait
        self._teachers: dict[str, asyncio.Task[Teacher]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hiring in self._teachers.values():
            if hiring.done() and not hiring.cancelled() and hiring.exception() is None:
                await hiring.result().close()

    async def teacher(self, role: Role) -> Teacher:
        """Return the teacher of a role.

        Raises
        ------
        InputError
            When its server does not answer or does not know the model.
        """
        settings = self._settings[role]
        same = settings.model_dump_json()
        if same not in self._teachers:
            self._teachers[same] = asyncio.create_task(self._hire(settings))
        return await asyncio.shield(self._teachers[same])

    async def _hire(self, settings: TeacherSettings) -> Teacher:
        teacher = self._make(settings)
        try:
            await teacher.check()
        except BaseException:
            await teacher.close()
            raise
        return teacher

    def _make(self, settings: TeacherSettings) -> Teacher:
        # Only the teachers that play are loaded.
        if settings.kind == "symbolic":
            from kpmath_builder.teachers.symbolic import SymbolicTeacher

            return SymbolicTeacher(slip_rate=settings.slip_rate)
        from kpmath_builder.teachers.openai import OpenAITeacher

        return OpenAITeacher(
            settings.model,
            settings.addresses,
            api_key=os.environ.get(settings.api_key_env),
            in_flight=settings.in_flight,
            samples_per_request=settings.samples_per_request,
            patience=settings.patience,
            on_wait=self._on_wait,
        )
