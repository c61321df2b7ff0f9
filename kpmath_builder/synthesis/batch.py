"""All candidates of a build: the window runs over the blueprints of shard after shard, without a barrier between them."""

import hashlib
from collections.abc import Callable, Coroutine, Iterator
from functools import partial

from kpmath_builder.execution.ask import Ask, Client
from kpmath_builder.execution.log import ResponseLog, open_log
from kpmath_builder.execution.shards import ShardWriter, shard_header, shard_indexes
from kpmath_builder.execution.window import run_window
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.progress import Reporter
from kpmath_builder.synthesis.blueprints import BlueprintDrawer
from kpmath_builder.synthesis.candidates import synthesise
from kpmath_builder.teachers.protocol import canonical_json
from kpmath_builder.workspace import Workspace

__all__ = ["drawer_for", "synthesise_all"]


def drawer_for(knowledge: Knowledge, client: Client) -> BlueprintDrawer:
    """Return what draws the build's blueprints (paper section 2.2); raises `InputError` where there is nothing to draw."""
    recipe = client.recipe
    origin = [knowledge.fingerprint, recipe.build.seed, recipe.blueprints.model_dump()]
    return BlueprintDrawer(
        knowledge.practices,
        knowledge.tcpm,
        build_seed=recipe.build.seed,
        draw_id=hashlib.sha256(canonical_json(origin).encode()).hexdigest()[:8],
        three_topics_share=recipe.blueprints.three_topics_share,
        max_key_points_per_topic=recipe.blueprints.max_key_points_per_topic,
    )


async def synthesise_all(
    knowledge: Knowledge, client: Client, workspace: Workspace, fingerprint: str, report: Reporter
) -> None:
    """Make every shard of candidates that is not there yet; `fingerprint` tells whether one that is there still holds."""
    batch = _Batch(knowledge, client, workspace, fingerprint, report)
    report.begin("synthesis", client.recipe.build.questions)
    try:
        await run_window(client.recipe.build.window, batch.jobs())
    finally:
        batch.close()


class _Batch:
    """The shards that are open at the moment: those with a blueprint in the window."""

    def __init__(
        self, knowledge: Knowledge, client: Client, workspace: Workspace, fingerprint: str, report: Reporter
    ) -> None:
        self._client, self._workspace, self._fingerprint, self._report = (
            client,
            workspace,
            fingerprint,
            report,
        )
        self._drawer = drawer_for(knowledge, client)
        self._seeds = {practice.seed.id: practice.seed for practice in knowledge.practices}
        self._open: dict[int, tuple[ShardWriter, ResponseLog]] = {}

    def jobs(self) -> Iterator[Callable[[], Coroutine[object, object, None]]]:
        """Yield one job per blueprint that is to be led through the method, opening its shard first."""
        build = self._client.recipe.build
        for shard in range(build.shards):
            indexes = shard_indexes(shard, build.shards, build.questions)
            header = {"shard": shard, "of": build.shards, "fingerprint": self._fingerprint}
            if self._is_sealed(shard, header):
                self._report.step(len(indexes), resumed=True)
                continue
            log = open_log(self._workspace.log("synthesis", shard), self._report.note)
            self._open[shard] = ShardWriter(self._workspace.shard(shard), header, len(indexes)), log
            for index in indexes:
                yield partial(self._one, shard, index)
            self._seal_if_complete(shard)

    async def _one(self, shard: int, index: int) -> None:
        writer, log = self._open[shard]
        ask = Ask(self._client, log, index)
        candidate = await synthesise(self._drawer.draw(index), self._seeds, ask, self._client.recipe)
        writer.add(candidate)
        self._report.funnel.add(candidate)
        self._report.step(resumed=ask.resumed)
        self._seal_if_complete(shard)

    def _seal_if_complete(self, shard: int) -> None:
        if shard in self._open and self._open[shard][0].complete:
            writer, log = self._open.pop(shard)
            log.close()
            writer.seal()

    def _is_sealed(self, shard: int, header: dict[str, object]) -> bool:
        there = shard_header(self._workspace.shard(shard))
        return there is not None and header.items() <= there.items()

    def close(self) -> None:
        """Close what an interruption left open."""
        for writer, log in self._open.values():
            log.close()
            writer.discard()
        self._open.clear()
