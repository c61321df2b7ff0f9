"""All candidates of a build: the window runs over the blueprints of shard after shard, without a barrier between them."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import ExitStack
from functools import partial

from kpmath_builder.errors import NothingToDrawError
from kpmath_builder.execution.ask import Ask
from kpmath_builder.execution.run import Run
from kpmath_builder.execution.window import run_window
from kpmath_builder.files.limits import shards_at_once
from kpmath_builder.files.lock import HeldError
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.folder.shards import ShardWriter, shard_header, shard_indexes
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.losses import too_few
from kpmath_builder.protocol import canonical_json
from kpmath_builder.recipe import Recipe, SymbolicSettings
from kpmath_builder.records import Blueprint
from kpmath_builder.synthesis.beside import Beside
from kpmath_builder.synthesis.blueprints import BlueprintDrawer
from kpmath_builder.synthesis.candidates import synthesise

__all__ = ["draw", "drawer_for", "synthesise_all"]

SECONDS_BETWEEN_LOOKS = 0.05


def drawer_for(knowledge: Knowledge, recipe: Recipe) -> BlueprintDrawer:
    """Return what draws the build's blueprints (paper section 2.2); raises `InputError` where there is nothing to draw."""
    origin = [knowledge.fingerprint, recipe.build.seed, recipe.blueprints.model_dump()]
    try:
        return BlueprintDrawer(
            knowledge.practices,
            knowledge.tcpm,
            build_seed=recipe.build.seed,
            draw_id=hashlib.sha256(canonical_json(origin).encode()).hexdigest()[:8],
            three_topics_share=recipe.blueprints.three_topics_share,
            max_key_points_per_topic=recipe.blueprints.max_key_points_per_topic,
        )
    except NothingToDrawError as error:
        raise NothingToDrawError(too_few(str(error), knowledge.extractions)) from None


def draw(drawer: BlueprintDrawer, index: int, generation: int) -> Blueprint:
    """Draw a blueprint; its id shows the generation from the first `--regenerate` on, for its question is another one."""
    blueprint = drawer.draw(index)
    return blueprint.model_copy(update={"id": f"{blueprint.id}g{generation}"}) if generation else blueprint


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
        self._drawer = drawer_for(knowledge, run.recipe)
        self._seeds = {practice.seed.id: practice.seed for practice in knowledge.practices}
        self._beside = Beside(knowledge, run)
        self._open: set[_Shard] = set()
        self._most = shards_at_once(_connections(run.recipe))
        self._taken = 0
        self._waiting: deque[_Shard] = deque()
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
            shard = _Shard(number, len(self.indexes(number)), self._workspace, self._spec, self._draw)
            yield partial(self._begin, shard)
            for index in self.indexes(number):
                if shard.ready.is_set() and not shard.is_open:
                    break
                yield partial(self._one, shard, index)

    async def _begin(self, shard: "_Shard") -> None:
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

    async def _take_room(self, shard: "_Shard") -> None:
        self._waiting.append(shard)
        try:
            while self._waiting[0] is not shard or self._taken >= self._most:
                await self._run.stop.sleep(SECONDS_BETWEEN_LOOKS)
        except BaseException:
            shard.ready.set()  # it is not opened any more
            raise
        self._waiting.popleft()
        self._taken += 1

    async def _one(self, shard: "_Shard", index: int) -> None:
        await shard.ready.wait()
        if not shard.is_open:
            return
        generation = self._spec.generation(shard.number)
        ask = Ask(self._run, shard.log, index, generation)
        blueprint = draw(self._drawer, index, generation)
        led = await synthesise(blueprint, self._seeds, ask, self._run.recipe)
        candidate, resumed = await self._beside.add(led, shard.log, generation)
        shard.writer.add(candidate)
        self._report.funnel.add(candidate)
        self._report.step(resumed=ask.resumed and resumed)
        await self._seal_if_complete(shard)

    async def _seal_if_complete(self, shard: "_Shard") -> None:
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
                stack.callback(shard.log.close)
                stack.callback(shard.writer.discard)


def _connections(recipe: Recipe) -> int:
    """Return how many connections to servers may be open at once; a teacher of our own needs none."""
    served = {
        id(its): its.places for its in recipe.teachers.values() if not isinstance(its, SymbolicSettings)
    }
    return min(sum(served.values()), recipe.window * recipe.solutions.samples)


class _Shard:
    """A shard that this process makes, from the opening of its log, whose lock makes it the only one, to the sealing.

    Both read or write gigabytes and run in threads, so that the other shards' requests go on.
    """

    log: ResponseLog
    writer: ShardWriter

    def __init__(self, number: int, expected: int, workspace: Workspace, spec: BuildSpec, draw: str) -> None:
        self.number = number
        self.is_open = False
        self.ready = asyncio.Event()
        """Set when it is known whether this process makes the shard."""
        self._expected = expected
        self._workspace = workspace
        self._spec = spec
        self._draw = draw

    async def open(self, notify: Callable[[str], None]) -> bool:
        """Return whether there is something to make; raises `HeldError` where another process makes it."""
        loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._open, lambda note: loop.call_soon_threadsafe(notify, note))
        finally:
            self.ready.set()
        return self.is_open

    def _open(self, notify: Callable[[str], object]) -> None:
        log = self._workspace.open_log("synthesis", self.number, notify)
        try:
            # Another process may have been faster.
            if not self._workspace.is_sealed(self.number, self._spec, self._draw):
                header = self._workspace.header(self.number, self._spec, self._draw)
                self.writer = ShardWriter(self._workspace.shard(self.number), header, self._expected)
                self.log, self.is_open = log, True
        finally:
            if not self.is_open:
                log.close()

    def seal(self) -> None:
        """Put the answers on the disk, then the candidates; only then another process may come."""
        try:
            self.log.sync()
            self.writer.seal()
            self._workspace.note_sealed(self.number)
        finally:
            self.log.close()
