"""Models that share GPUs by turns: one is loaded at a time, and the next is loaded when the one before has nothing left to do.

No model can keep its turn for ever: a blueprint that needs another model waits for it, and only so many are in the window.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import combinations
from typing import Protocol

from kpmath_builder.recipe import VllmSettings

__all__ = ["GpuSharing", "sharing_of"]


class _Sharer(Protocol):
    async def wake(self) -> None:
        """Load the model."""

    async def rest(self) -> None:
        """Free the GPUs."""


class GpuSharing:
    """The GPUs that some models share; `async with turns.turn(model): …` for each request."""

    def __init__(self) -> None:
        self._loaded: _Sharer | None = None
        self._under_way = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def turn(self, model: _Sharer) -> AsyncIterator[None]:
        """Wait until `model` is loaded, and keep it so while the block runs."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._loaded is model or not self._under_way)
            if self._loaded is not model:
                await self._load(model)
            self._under_way += 1
        try:
            yield
        finally:
            async with self._changed:
                self._under_way -= 1
                if not self._under_way:
                    self._changed.notify_all()

    async def _load(self, model: _Sharer) -> None:
        before, self._loaded = self._loaded, None
        if before is not None:
            await before.rest()
        await model.wake()
        self._loaded = model


def sharing_of(all_settings: Iterable[VllmSettings]) -> dict[str, GpuSharing]:
    """Return the turns that models take whose GPUs overlap, by `settings.server`; models with GPUs of their own have none."""
    models = {settings.server: settings for settings in all_settings}
    gpu_sharing: dict[str, GpuSharing] = {}
    for (one, its), (other, theirs) in combinations(models.items(), 2):
        if "turns" in {its.gpu_sharing, theirs.gpu_sharing} and _overlap(its, theirs):
            shared = GpuSharing()
            joined = {gpu_sharing.get(one), gpu_sharing.get(other)} - {None}
            gpu_sharing |= {model: shared for model, its_turns in gpu_sharing.items() if its_turns in joined}
            gpu_sharing |= {one: shared, other: shared}
    return gpu_sharing


def _overlap(one: VllmSettings, other: VllmSettings) -> bool:
    """Tell whether two models would use one GPU; without GPUs named each uses those that are visible, from the first on."""
    return not one.gpus or not other.gpus or bool({*map(str, one.gpus)} & {*map(str, other.gpus)})
