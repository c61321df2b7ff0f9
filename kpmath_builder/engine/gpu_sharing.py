"""Models that share GPUs: one is loaded at a time, and the next is loaded once the one before has nothing left to do.

No model can stay loaded for ever: a blueprint that needs another model waits for it, and the window of blueprints is bounded.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import combinations
from typing import Protocol

from kpmath_builder.recipe import VllmSettings

__all__ = ["GpuSharing", "sharing_of"]


class _Model(Protocol):
    async def load_model(self) -> None:
        """Load the model."""

    async def unload_model(self) -> None:
        """Free the GPUs."""


class GpuSharing:
    """The GPUs that some models share; `async with gpu_sharing.loaded(model): …` around each request."""

    def __init__(self) -> None:
        self._loaded: _Model | None = None
        self._under_way = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def loaded(self, model: _Model) -> AsyncIterator[None]:
        """Wait until `model` is loaded, and keep it so while the block runs."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._loaded is model or not self._under_way)
            if self._loaded is not model:
                await self._swap(model)
            self._under_way += 1
        try:
            yield
        finally:
            async with self._changed:
                self._under_way -= 1
                if not self._under_way:
                    self._changed.notify_all()

    async def _swap(self, model: _Model) -> None:
        before, self._loaded = self._loaded, None
        if before is not None:
            await before.unload_model()
        await model.load_model()
        self._loaded = model


def sharing_of(all_settings: Iterable[VllmSettings]) -> dict[str, GpuSharing]:
    """Return which models share GPUs, by `settings.server`; a model with GPUs of its own is not in it."""
    models = {settings.server: settings for settings in all_settings}
    sharing: dict[str, GpuSharing] = {}
    for (one, its), (other, theirs) in combinations(models.items(), 2):
        if "turns" in {its.gpu_sharing, theirs.gpu_sharing} and _overlap(its, theirs):
            shared = GpuSharing()
            joined = {sharing.get(one), sharing.get(other)} - {None}
            sharing |= {model: shared for model, before in sharing.items() if before in joined}
            sharing |= {one: shared, other: shared}
    return sharing


def _overlap(one: VllmSettings, other: VllmSettings) -> bool:
    """Return whether two models would use one GPU; unless GPUs are named, each uses the visible ones from the first on."""
    return not one.gpus or not other.gpus or bool({*map(str, one.gpus)} & {*map(str, other.gpus)})
