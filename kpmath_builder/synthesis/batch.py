"""All candidates of a build: the window runs over the blueprints of shard after shard, without a barrier between them."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import ExitStack
from functools import partial

from kpmath_builder.execution.run import Run
from kpmath_builder.execution.window import run_window
from kpmath_builder.files.lock import HeldError
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.shards import shard_header, shard_indexes
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.synthesis.leading import Leader, OpenShard, most_open_shards

__all__ = ["synthesise_all"]

SECONDS_BETWEEN_LOOKS = 0.05


async def synthesise_all(
    knowledge: Knowledge, run: Run, workspace: Workspace, spec: BuildSpec, shards: Collection[int]
) -> list[str]:
    """Make those of the shards that are not there yet; return who has the ones that other processes are making."""
    batch = _Batch(knowledge, run, workspace, spec)
    run.report.begin("synthesis", sum(len(batch.indexes(shard)) for shard in shards))
    try:
        await run_window(run.recipe.window, batch.jobs(shards), run.stop)
    finally:
        batch.close()
    return batch.held


class _Batch:
    """The shards of this run; open are those with a blueprint in the window."""

    def __init__(self, knowledge: Knowledge, run: Run, workspace: Workspace, spec: BuildSpec) -> None:
        self.held: list[str] = []
        """Who has the shards that other processes are making."""
        self._run, self._workspace, self._spec, self._report = run, workspace, spec, run.report
        self._draw = knowledge.fingerprint
        self._leader = Leader(knowledge, run)
        self._open: set[OpenShard] = set()
        self._most = most_open_shards(run.recipe)
        self._taken = 0
        self._waiting: deque[OpenShard] = deque()
        """Shards that wait until so few are open that the system's limit on open files allows one more; in their order, so that
        all blueprints of an open shard stand before those of a waiting one in the window."""

    def indexes(self, number: int) -> range:
        """Return the numbers of a shard's blueprints."""
        return shard_indexes(number, self._run.recipe.build.shards, self._run.recipe.build.questions)

    def jobs(self, numbers: Collection[int]) -> Iterator[Callable[[], Coroutine[object, object, None]]]:
        """Yield one job per shard that opens it, and one per blueprint that is to be led through the method."""
        for number in numbers:
            if self._workspace.is_sealed(number, self._spec, self._draw):
                self._leave_out(number)
                continue
            if damaged := self._workspace.shard_damage(number):
                self._report.note(
                    f"Shard {number} is damaged ({damaged.why}): it is made again from the log."
                )
            shard = OpenShard(number, len(self.indexes(number)), self._workspace, self._spec, self._draw)
            yield partial(self._begin, shard)
            for index in self.indexes(number):
                if shard.ready.is_set() and not shard.is_open:
                    break
                yield partial(self._one, shard, index)

    async def _begin(self, shard: OpenShard) -> None:
        await self._take_room(shard)
        try:
            if await shard.open(self._report.note):
                self._open.add(shard)
                await self._seal_if_complete(shard)
                return
        except HeldError as held:
            self.held.append(held.who)
        self._taken -= 1
        self._leave_out(shard.number)

    async def _take_room(self, shard: OpenShard) -> None:
        self._waiting.append(shard)
        try:
            while self._waiting[0] is not shard or self._taken >= self._most:
                await self._run.stop.sleep(SECONDS_BETWEEN_LOOKS)
        except BaseException:
            shard.ready.set()  # it is not opened any more
            raise
        self._waiting.popleft()
        self._taken += 1

    async def _one(self, shard: OpenShard, index: int) -> None:
        await shard.ready.wait()
        if not shard.is_open:
            return
        led = await self._leader.lead(shard, index)
        self._report.step(resumed=led.resumed)
        await self._seal_if_complete(shard)

    async def _seal_if_complete(self, shard: OpenShard) -> None:
        if shard.writer.complete:
            self._open.remove(shard)
            await asyncio.to_thread(shard.seal)
            self._taken -= 1

    def _leave_out(self, number: int) -> None:
        if header := shard_header(self._workspace.shard(number)):
            self._report.funnel += Funnel.from_json(header["funnel"])
        self._report.step(len(self.indexes(number)), resumed=True)

    def close(self) -> None:
        """Close what an interruption left open."""
        with ExitStack() as stack:
            for shard in self._open:
                stack.callback(shard.discard)
