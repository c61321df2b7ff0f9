"""From seed problems to knowledge: extract, cluster, count; kept in the build folder."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from kpmath_builder.controls.choice import is_held_back
from kpmath_builder.errors import InputError, NothingToDrawError
from kpmath_builder.execution.ask import Ask
from kpmath_builder.execution.run import NotAskedError, Run
from kpmath_builder.execution.window import run_window
from kpmath_builder.files.lock import Lock
from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.embeddings import Embedder, LexicalEmbedder
from kpmath_builder.knowledge.extraction import extract, same_topic
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.knowledge.topics import TopicClusters, cluster_topics
from kpmath_builder.losses import too_few
from kpmath_builder.recipe import TopicsSettings
from kpmath_builder.records import HELD_BACK, Extraction, SeedProblem, TopicKeyPoints
from kpmath_builder.stopping import Stop, StoppedError

__all__ = ["learn", "learn_from", "make_embedder", "relearn"]


async def learn(seeds: Sequence[SeedProblem], run: Run, workspace: Workspace, spec: BuildSpec) -> Knowledge:
    """Return what the folder's knowledge says, made first if it is not there (paper section 2.1).

    Of several processes one learns, and the others wait for it.

    Raises
    ------
    InputError
        When the knowledge was made from something else than the build spec says.
    """
    lock = Lock(workspace.knowledge / "knowledge.lock", "is learning from the seeds")
    if workspace.draw is None or workspace.draw != workspace.noted_draw(spec):
        for seconds in lock.attempts(run.report.note):
            await run.stop.sleep(seconds)
    try:
        workspace.check(spec)  # another process may have learnt while this one waited
        known = _load(workspace, run.report.note)
        noted = workspace.noted_draw(spec)
        if known is None or (noted and known.fingerprint != noted):
            if known is not None:
                run.report.note(
                    f"{workspace.knowledge} is not what this folder's questions are drawn from: it is made again."
                )
            known = await _learn(seeds, run, workspace, spec, known)
        workspace.note_draw(spec, known.fingerprint, run.report.note)
        return known
    finally:
        lock.release()


def _load(workspace: Workspace, notify: Callable[[str], None]) -> Knowledge | None:
    try:
        return Knowledge.load(workspace)
    except DamagedError as damaged:
        notify(f"{damaged.path} is damaged ({damaged.why}): the knowledge is made again from the log.")
        return None


async def relearn(known: Knowledge, run: Run, workspace: Workspace) -> Knowledge:
    """Make the knowledge again, of the same seeds; topics that a server's vectors decided on are taken as they are."""
    extractions = await _extract_all(known.seeds, run, workspace)
    if run.recipe.topics.embedding != "lexical":
        return Knowledge(known.seeds, extractions, known.clusters)
    clusters = await _cluster(extractions, LexicalEmbedder(), run, workspace)
    return Knowledge(known.seeds, extractions, clusters)


async def _learn(
    seeds: Sequence[SeedProblem], run: Run, workspace: Workspace, spec: BuildSpec, known: Knowledge | None
) -> Knowledge:
    """Make the knowledge from the log, asking for what it lacks; `known` is what is there and may be another build's."""
    knowledge = await learn_from(seeds, run, workspace)
    noted = workspace.noted_draw(spec)
    if noted and knowledge.fingerprint not in {noted, known.fingerprint if known else noted}:
        raise InputError(
            f"{workspace.knowledge} is damaged, and the log makes other knowledge than this folder's questions were drawn from: bring it "
            f"back from a copy, or delete {workspace.spec} to draw all questions anew."
        )
    knowledge.save(workspace.knowledge)
    workspace.learnt(spec, knowledge.fingerprint)
    return knowledge


async def learn_from(
    seeds: Sequence[SeedProblem], run: Run, workspace: Workspace, minimum_support: int | None = None
) -> Knowledge:
    """Extract, cluster and count; the answers are logged in the folder, the knowledge is not kept there.

    `minimum_support` replaces the recipe's.
    """
    embedder = make_embedder(run.recipe.topics, run.report.note, run.stop)
    try:
        await embedder.check()  # before the extraction is paid for
        extractions = await _extract_all(seeds, run, workspace)
        clusters = await _cluster(extractions, embedder, run, workspace, minimum_support)
    finally:
        await embedder.close()
    run.stop.check()
    return Knowledge(seeds, extractions, clusters)


async def _extract_all(seeds: Sequence[SeedProblem], run: Run, workspace: Workspace) -> list[Extraction]:
    report = run.report
    found: dict[str, Extraction] = {}
    report.begin("extraction", len(seeds))

    async def one(seed: SeedProblem, log: ResponseLog) -> None:
        if is_held_back(seed.id, run.recipe.held_back):
            found[seed.id] = Extraction(seed_id=seed.id, reason=HELD_BACK)
            report.step()
            return
        ask = Ask(run, log, seed.id)
        try:
            found[seed.id] = await extract(seed, ask)
        except NotAskedError as error:
            found[seed.id] = Extraction(seed_id=seed.id, reason=str(error))
        report.step(resumed=ask.resumed)

    with workspace.open_log("extract", 0, report.note) as log:
        jobs = (partial(one, seed, log) for seed in seeds)
        await run_window(run.recipe.window, jobs, run.stop)
    dropped = [its for its in found.values() if its.reason and its.reason != HELD_BACK]
    if dropped:
        report.note(
            f"{len(dropped)} of {len(seeds)} seed problems are left out, the first because: {dropped[0].reason}"
        )
    if left_out := sum((Counter(extraction.left_out) for extraction in found.values()), Counter[str]()):
        counts = ", ".join(f"{count:,} × {why}" for why, count in sorted(left_out.items()))
        report.note(f"Key points that are left out, because they serve in no other problem: {counts}")
    if repaired := run.quality.repaired("extractor"):
        report.note(f"Replies of the extractor were repaired before they could be read: {repaired}")
    if loops := run.quality.loops["extractor"]:
        report.note(f"Replies of the extractor that ran in a loop until they were cut off: {loops:,}")
    return [found[seed.id] for seed in seeds]


async def _cluster(
    extractions: Sequence[Extraction],
    embedder: Embedder,
    run: Run,
    workspace: Workspace,
    minimum_support: int | None = None,
) -> TopicClusters:
    report = run.report
    rule = run.recipe.topics
    report.begin("topics", 0)
    with workspace.open_log("topics", 0, report.note) as log:

        async def ask_same(one: TopicKeyPoints, other: TopicKeyPoints) -> bool | None:
            try:
                return await same_topic(one, other, Ask(run, log, f"{one.topic} = {other.topic}"))
            except (StoppedError, NotAskedError):
                return (
                    None  # the answers to the other pairs are still waited for; nothing is saved after a stop
                )

        try:
            return await cluster_topics(
                extractions,
                embedder,
                ask_same,
                same=rule.same,
                ask_above=rule.ask_above,
                minimum_support=minimum_support or rule.minimum_support,
            )
        except NothingToDrawError as error:
            raise NothingToDrawError(too_few(str(error), extractions)) from None


def make_embedder(rule: TopicsSettings, notify: Callable[[str], None], stop: Stop) -> Embedder:
    """Return the embedder that a recipe names; raises `InputError` for what is no address."""
    if rule.embedding == "lexical":
        return LexicalEmbedder()
    from kpmath_builder.client.addresses import unused_key
    from kpmath_builder.client.embeddings import OpenAIEmbedder

    key = os.environ.get(rule.embedding_key_env)
    for note in unused_key(rule.embedding_addresses, key, rule.embedding_key_env):
        notify(note)
    return OpenAIEmbedder(
        rule.embedding_model, rule.embedding_addresses, api_key=key, notify=notify, stop=stop
    )
