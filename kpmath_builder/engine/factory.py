"""How a recipe's table `kind = "vllm"` becomes a teacher, and what the engines of one build share."""

from collections.abc import Callable, Iterable
from pathlib import Path

from kpmath_builder.engine.gpu_sharing import sharing_of
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.protocol import Teacher, TeacherContext
from kpmath_builder.recipe import VllmSettings

__all__ = ["Engines"]


class Engines:
    """The engines of one build: the record of those that run, and the GPUs that some of them share.

    Parameters
    ----------
    folder
        Of the engines' files in the build folder.
    models
        The settings of all models that the build may run.
    """

    def __init__(self, folder: Path, models: Iterable[VllmSettings]) -> None:
        self._registry = EngineRegistry(folder)
        self._sharing = sharing_of(models)

    async def end_orphans(self, notify: Callable[[str], None]) -> None:
        """End engines that have outlived the builder that started them."""
        await self._registry.end_orphans(notify)

    def make_teacher(self, settings: VllmSettings, context: TeacherContext) -> Teacher:
        """Return the teacher that a recipe's table describes; raises as `VllmTeacher` does."""
        from kpmath_builder.engine.teacher import (
            VllmTeacher,
        )  # slow to import, and not every build runs an engine

        return VllmTeacher(
            settings,
            folder=context.logs,
            registry=self._registry,
            gpu_sharing=self._sharing.get(settings.server),
            longest_reply=context.longest_reply,
            extras=context.extras,
            patterns=context.patterns,
            notify=context.notify,
            stop=context.stop,
        )
