"""From seed problems to knowledge: extract, cluster, count; kept in the build folder."""

from collections.abc import Sequence
from functools import partial

from kpmath_builder.execution.ask import Ask, Client
from kpmath_builder.execution.log import ResponseLog, open_log
from kpmath_builder.execution.window import run_window
from kpmath_builder.knowledge.embeddings import Embedder, LexicalEmbedder
from kpmath_builder.knowledge.extraction import extract, same_topic
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.knowledge.topics import TopicClusters, cluster_topics
from kpmath_builder.progress import Reporter
from kpmath_builder.recipe import Topics
from kpmath_builder.records import Extraction, SeedProblem, TopicKeyPoints
from kpmath_builder.workspace import Workspace

__all__ = ["learn"]


async def learn(
    seeds: Sequence[SeedProblem], client: Client, workspace: Workspace, report: Reporter
) -> Knowledge:
    """Return what the folder's knowledge says, made first where it is not there (paper section 2.1)."""
    known = Knowledge.load(workspace.knowledge)
    if known is not None:
        return known
    extractions = await _extract_all(seeds, client, workspace, report)
    clusters = await _cluster(extractions, client, workspace, report)
    knowledge = Knowledge(seeds, extractions, clusters)
    knowledge.save(workspace.knowledge)
    return knowledge


async def _extract_all(
    seeds: Sequence[SeedProblem], client: Client, workspace: Workspace, report: Reporter
) -> list[Extraction]:
    found: dict[str, Extraction] = {}
    report.begin("extraction", len(seeds))

    async def one(seed: SeedProblem, log: ResponseLog) -> None:
        ask = Ask(client, log, seed.id)
        found[seed.id] = await extract(seed, ask)
        report.step(resumed=ask.resumed)

    with open_log(workspace.log("extract"), report.note) as log:
        await run_window(client.recipe.build.window, (partial(one, seed, log) for seed in seeds))
    dropped = [extraction for extraction in found.values() if extraction.reason]
    if dropped:
        report.note(
            f"{len(dropped)} of {len(seeds)} seed problems are left out, the first because: {dropped[0].reason}"
        )
    return [found[seed.id] for seed in seeds]


async def _cluster(
    extractions: Sequence[Extraction], client: Client, workspace: Workspace, report: Reporter
) -> TopicClusters:
    rule = client.recipe.topics
    report.begin("topics", 0)
    embedder = _embedder(rule, report)
    with open_log(workspace.log("topics"), report.note) as log:

        async def ask_same(one: TopicKeyPoints, other: TopicKeyPoints) -> bool | None:
            return await same_topic(one, other, Ask(client, log, f"{one.topic} = {other.topic}"))

        try:
            return await cluster_topics(
                extractions,
                embedder,
                ask_same,
                same=rule.same,
                ask_above=rule.ask_above,
                minimum_support=rule.minimum_support,
            )
        finally:
            await embedder.close()


def _embedder(rule: Topics, report: Reporter) -> Embedder:
    if rule.embedding == "lexical":
        return LexicalEmbedder()
    from kpmath_builder.teachers.openai_embeddings import OpenAIEmbedder

    return OpenAIEmbedder(rule.embedding_model, rule.embedding_addresses, on_wait=report.note)
