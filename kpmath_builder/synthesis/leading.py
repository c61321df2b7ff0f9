"""A shard that this process makes, and how one blueprint of it is led through the method."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kpmath_builder.errors import NothingToDrawError
from kpmath_builder.execution.ask import Ask
from kpmath_builder.execution.run import Run
from kpmath_builder.files.limits import shards_at_once
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.folder.shards import ShardWriter
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.losses import too_few
from kpmath_builder.protocol import canonical_json
from kpmath_builder.recipe import Recipe, SymbolicSettings
from kpmath_builder.records import Blueprint, Candidate
from kpmath_builder.synthesis.beside import Beside
from kpmath_builder.synthesis.blueprints import BlueprintDrawer
from kpmath_builder.synthesis.versions import address_of, synthesise_versions

__all__ = ["Leader", "LedDraw", "OpenShard", "draw", "drawer_for", "most_open_shards"]


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
            one_topic_share=recipe.blueprints.one_topic_share,
            max_key_points_per_topic=recipe.blueprints.max_key_points_per_topic,
        )
    except NothingToDrawError as error:
        raise NothingToDrawError(too_few(str(error), knowledge.extractions)) from None


def draw(drawer: BlueprintDrawer, index: int, generation: int) -> Blueprint:
    """Draw a blueprint; its id shows the generation from the first `--regenerate` on, for its question is another one."""
    blueprint = drawer.draw(index)
    return blueprint.model_copy(update={"id": f"{blueprint.id}g{generation}"}) if generation else blueprint


def most_open_shards(recipe: Recipe) -> int:
    """Return how many shards may be open at once beside the connections to servers."""
    return shards_at_once(_connections(recipe))


def _connections(recipe: Recipe) -> int:
    """Return how many connections to servers may be open at once; a teacher of our own needs none."""
    served = {
        id(its): its.places for its in recipe.teachers.values() if not isinstance(its, SymbolicSettings)
    }
    return min(sum(served.values()), recipe.window * recipe.solutions.samples)


class LedDraw(NamedTuple):
    """The candidates of a draw, and whether all their answers were in the log."""

    candidates: Sequence[Candidate]
    resumed: bool


class Leader:
    """Leads the blueprints of a build through the method, each over the log of its shard."""

    def __init__(self, knowledge: Knowledge, run: Run) -> None:
        self._run = run
        self._drawer = drawer_for(knowledge, run.recipe)
        self._beside = Beside(knowledge, run)
        self._seeds = {practice.seed.id: practice.seed for practice in knowledge.practices}

    async def lead(self, shard: "OpenShard", index: int) -> LedDraw:
        """Lead a blueprint through the method and put its candidates into its shard."""
        led = await self.lead_over(shard.log, index, shard.generation)
        shard.writer.add(*led.candidates)
        for candidate in led.candidates:
            self._run.report.funnel.add(candidate)
        return led

    async def lead_over(self, log: ResponseLog, index: int, generation: int) -> LedDraw:
        """Lead a blueprint through the method over a log, and ask what stands beside it."""
        asks: list[Ask] = []

        def ask_of(version: int) -> Ask:
            asks.append(Ask(self._run, log, address_of(index, version), generation))
            return asks[-1]

        blueprint = draw(self._drawer, index, generation)
        candidates = await synthesise_versions(blueprint, self._seeds, ask_of, self._run.recipe)
        candidates[0], resumed = await self._beside.add(candidates[0], log, generation)
        return LedDraw(candidates, resumed and all(ask.resumed for ask in asks))


class OpenShard:
    """A shard that this process makes, from the opening of its log, whose lock makes it the only one, to the sealing.

    Both read or write gigabytes and run in threads, so that the other shards' requests go on.

    Parameters
    ----------
    number
        The shard.
    expected
        How many draws it will have, if that is known.
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

    @property
    def generation(self) -> int:
        """How often the shard was begun anew."""
        return self._spec.generation(self.number)

    async def open(self, notify: Callable[[str], None], *, anew: bool = False) -> bool:
        """Return whether there is something to make; raises `HeldError` where another process makes it.

        `anew` makes a shard again that is there.
        """
        loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(
                self._open, lambda note: loop.call_soon_threadsafe(notify, note), anew=anew
            )
        finally:
            self.ready.set()
        return self.is_open

    def _open(self, notify: Callable[[str], object], *, anew: bool) -> None:
        log = self._workspace.open_log("synthesis", self.number, notify)
        try:
            # Another process may have been faster.
            if anew or not self._workspace.is_sealed(self.number, self._spec, self._draw):
                header = self._workspace.header(self.number, self._spec, self._draw)
                self.writer = ShardWriter(self._workspace.shard(self.number), header, self._expected)
                self.log, self.is_open = log, True
        finally:
            if not self.is_open:
                log.close()

    def seal(self, below: int | None = None) -> None:
        """Put the answers on the disk, then the candidates, those of numbers `below` alone if it is given; only then another process may come."""
        try:
            self.log.sync()
            self.writer.seal(below)
            self._workspace.note_sealed(self.number)
        finally:
            self.discard()

    def discard(self) -> None:
        """Close what is open, and remove what was not sealed; the answers stay in the log."""
        try:
            self.writer.discard()
        finally:
            self.log.close()
