"""Learning from the seeds: what is said of it, what is done with answers that are lacking, and when it is refused."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpmath_builder import InputError, Recipe
from kpmath_builder.client.embeddings import OpenAIEmbedder
from kpmath_builder.errors import NothingToDrawError
from kpmath_builder.execution.run import NotAskedError
from kpmath_builder.knowledge import learning
from kpmath_builder.knowledge.embeddings import LexicalEmbedder
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.knowledge.topics import TopicClusters
from kpmath_builder.records import HELD_BACK, Extraction, SeedProblem, TopicKeyPoints
from kpmath_builder.stopping import Stop, StoppedError


def seed(number: int) -> SeedProblem:
    return SeedProblem(
        id=f"s/{number}", source="s", licence="mit", shareable=True, problem="?", solution="", answer="1",
        content_hash="sha256:0",
    )  # fmt: skip


class Report:
    """Notes what is reported."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.stages: list[tuple[str, int]] = []
        self.steps: list[bool] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def begin(self, stage: str, total: int) -> None:
        self.stages.append((stage, total))

    def step(self, *, resumed: bool = False) -> None:
        self.steps.append(resumed)


class Folder(SimpleNamespace):
    """A workspace of which only what learning needs is there."""

    @contextmanager
    def open_log(self, stage: str, number: int, notify: object) -> Iterator[str]:
        assert number == 0, "each stage of learning has one log"
        yield stage


def run_of(repaired: str = "", loops: int = 0, **tables: Any) -> Any:
    made = Recipe.of({"build": {"folder": "b", "questions": 1}, **tables})
    quality = SimpleNamespace(repaired=lambda role: repaired, loops={"extractor": loops})
    return cast("Any", SimpleNamespace(recipe=made, report=Report(), stop=Stop(), quality=quality))


@pytest.fixture
def extractions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the extraction of a seed be what a test says, or the error that it says."""
    said: dict[str, Any] = {}

    async def extract(problem: SeedProblem, ask: object) -> Extraction:
        await asyncio.sleep(0)
        found = said.get(problem.id, Extraction(seed_id=problem.id))
        if isinstance(found, Exception):
            raise found
        return cast("Extraction", found)

    monkeypatch.setattr(learning, "extract", extract)
    monkeypatch.setattr(learning, "Ask", lambda run, log, address: SimpleNamespace(resumed=address == "s/1"))
    return said


def extract_all(run: Any, count: int) -> list[Extraction]:
    seeds = [seed(number) for number in range(count)]
    return asyncio.run(learning._extract_all(seeds, run, cast("Any", Folder())))


def test_extractions_come_in_the_order_of_the_seeds_and_each_is_a_step(extractions: dict[str, Any]) -> None:
    run = run_of()
    assert [its.seed_id for its in extract_all(run, 4)] == ["s/0", "s/1", "s/2", "s/3"]
    assert run.report.stages == [("extraction", 4)]
    assert sorted(run.report.steps) == [False, False, False, True]
    assert run.report.notes == []


def test_what_could_not_be_asked_is_left_out_with_its_reason_and_said_with_the_count(
    extractions: dict[str, Any],
) -> None:
    extractions["s/1"] = NotAskedError("the log holds no answer")
    extractions["s/2"] = Extraction(seed_id="s/2", reason="no reply")
    run = run_of()
    found = extract_all(run, 3)
    assert [its.reason for its in found] == ["", "the log holds no answer", "no reply"]
    (note,) = run.report.notes
    assert note.startswith("2 of 3 seed problems are left out, the first because: ")


def test_key_points_that_are_left_out_repairs_and_loops_are_said(extractions: dict[str, Any]) -> None:
    extractions["s/0"] = Extraction(seed_id="s/0", left_out={"copied": 1_000, "a number": 2})
    extractions["s/1"] = Extraction(seed_id="s/1", left_out={"copied": 234})
    run = run_of(repaired="code fence", loops=1_234)
    extract_all(run, 2)
    assert run.report.notes == [
        "Key points that are left out, because they serve in no other problem: 2 × a number, 1,234 × copied",
        "Replies of the extractor were repaired before they could be read: code fence",
        "Replies of the extractor that ran in a loop until they were cut off: 1,234",
    ]


def test_a_seed_that_is_held_back_is_not_asked_about_and_not_said_to_be_left_out(
    extractions: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    extractions["s/0"] = AssertionError("it was asked about")
    monkeypatch.setattr(learning, "is_held_back", lambda seed_id, count: seed_id == "s/0")
    run = run_of()
    found = extract_all(run, 2)
    assert [its.reason for its in found] == [HELD_BACK, ""]
    assert len(run.report.steps) == 2
    assert run.report.notes == []


# Clusters


@pytest.mark.parametrize(("given", "support"), [(None, 3), (1, 1)])
def test_topics_are_clustered_by_the_recipe_unless_another_support_is_given(
    monkeypatch: pytest.MonkeyPatch, given: int | None, support: int
) -> None:
    asked: dict[str, Any] = {}

    async def cluster(*words: object, **settings: Any) -> TopicClusters:
        asked.update(settings)
        return TopicClusters(clusters=())

    monkeypatch.setattr(learning, "cluster_topics", cluster)
    run = run_of(topics={"same": 0.8, "ask_above": 0.6, "minimum_support": 3})
    asyncio.run(learning._cluster([], LexicalEmbedder(), run, cast("Any", Folder()), given))
    assert asked == {"same": 0.8, "ask_above": 0.6, "minimum_support": support}
    assert run.report.stages == [("topics", 0)]


@pytest.mark.parametrize(
    ("said", "answer"), [(True, True), (False, False), (StoppedError(), None), (NotAskedError("x"), None)],
    ids=["yes", "no", "stopped", "not asked"],
)  # fmt: skip
def test_a_pair_of_topics_that_cannot_be_asked_about_has_no_answer(
    monkeypatch: pytest.MonkeyPatch,
    said: Any,
    answer: bool | None,  # noqa: FBT001
) -> None:
    answers: list[bool | None] = []

    async def same(one: TopicKeyPoints, other: TopicKeyPoints, ask: Any) -> bool:
        assert ask.address == "A = B"
        if isinstance(said, Exception):
            raise said
        return bool(said)

    async def cluster(extractions: object, embedder: object, ask_same: Any, **_: Any) -> TopicClusters:
        one, other = (TopicKeyPoints(topic=name, key_points=("p",)) for name in "AB")
        answers.append(await ask_same(one, other))
        return TopicClusters(clusters=())

    monkeypatch.setattr(learning, "same_topic", same)
    monkeypatch.setattr(learning, "cluster_topics", cluster)
    monkeypatch.setattr(learning, "Ask", lambda run, log, address: SimpleNamespace(address=address))
    asyncio.run(learning._cluster([], LexicalEmbedder(), run_of(), cast("Any", Folder())))
    assert answers == [answer]


def test_if_nothing_can_be_drawn_the_reasons_of_the_seeds_are_said() -> None:
    lost = [Extraction(seed_id="s/0", reason="no reply")]
    with pytest.raises(NothingToDrawError, match="no reply"):
        asyncio.run(learning._cluster(lost, LexicalEmbedder(), run_of(), cast("Any", Folder())))


# The embedder


def test_the_embedder_is_the_one_that_the_recipe_names() -> None:
    run = run_of()
    assert isinstance(learning.make_embedder(run.recipe.topics, pytest.fail, run.stop), LexicalEmbedder)
    server = run_of(
        topics={"embedding": "openai", "embedding_model": "m", "embedding_addresses": ["http://h"]}
    )
    assert isinstance(learning.make_embedder(server.recipe.topics, pytest.fail, run.stop), OpenAIEmbedder)


class Embedding(LexicalEmbedder):
    """Notes that it was closed, and fails its check if told."""

    def __init__(self, *, fails: bool = False) -> None:
        self.closed, self._fails = 0, fails

    async def check(self) -> None:
        if self._fails:
            raise InputError("no embedder")

    async def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("fails", [False, True])
def test_the_embedder_is_checked_before_anything_is_asked_and_closed_in_the_end(
    monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    embedder, asked = Embedding(fails=fails), []

    async def extract_nothing(*_: object) -> list[Extraction]:
        asked.append(True)
        return []

    async def cluster_nothing(*words: object) -> TopicClusters:
        assert words[-1] == 2
        return TopicClusters(clusters=())

    monkeypatch.setattr(learning, "make_embedder", lambda *_: embedder)
    monkeypatch.setattr(learning, "_extract_all", extract_nothing)
    monkeypatch.setattr(learning, "_cluster", cluster_nothing)
    learn_from = learning.learn_from([], run_of(), cast("Any", Folder()), 2)
    if fails:
        with pytest.raises(InputError, match="no embedder"):
            asyncio.run(learn_from)
    else:
        assert asyncio.run(learn_from).practices == []
    assert (embedder.closed, asked) == (1, [True] * (not fails))


# Under the folder's lock


KNOWN = Knowledge([], [], TopicClusters(clusters=()))
OTHER = cast("Any", SimpleNamespace(fingerprint="other"))


class Learnt(Folder):
    """A workspace with what is noted of its knowledge, which notes what is done with it."""

    def __init__(self, folder: Path, noted: str | None) -> None:
        super().__init__(knowledge=folder, spec=folder / "build_spec.json", draw=None, done=[])
        self.noted = noted

    def noted_draw(self, spec: object) -> str | None:
        return self.noted

    def check(self, spec: object) -> None:
        self.done.append("checked")

    def note_draw(self, spec: object, draw: str, notify: object) -> None:
        self.done.append(f"draw {draw}")

    def learnt(self, spec: object, draw: str) -> None:
        self.done.append("learnt")


def learn(monkeypatch: pytest.MonkeyPatch, folder: Learnt, there: Any) -> tuple[Any, Report]:
    async def learn_again(*_: object) -> Any:
        folder.done.append("asked")
        return SimpleNamespace(fingerprint="made", save=lambda path: folder.done.append("saved"))

    monkeypatch.setattr(learning, "_load", lambda workspace, notify: there)
    monkeypatch.setattr(learning, "learn_from", learn_again)
    run = run_of()
    return asyncio.run(learning.learn([], run, cast("Any", folder), cast("Any", None))), run.report


MADE = ["checked", "asked", "saved", "learnt", "draw made"]


@pytest.mark.parametrize(
    ("noted", "there", "done"),
    [
        (None, OTHER, ["checked", "draw other"]),
        ("other", OTHER, ["checked", "draw other"]),
        (None, None, MADE),
        ("made", None, MADE),
        ("made", OTHER, MADE),
    ],
    ids=["there", "there and noted", "nothing", "lost", "another build's"],
)
def test_knowledge_is_made_only_if_it_is_not_there_or_is_not_what_was_drawn_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, noted: str | None, there: Any, done: list[str]
) -> None:
    folder = Learnt(tmp_path, noted)
    _, report = learn(monkeypatch, folder, there)
    assert folder.done == done
    assert any("is made again" in note for note in report.notes) == (noted == "made" and there is OTHER)
    again = learning.Lock(tmp_path / "knowledge.lock", "looks")
    again.take()  # the lock was let go of
    again.release()


@pytest.mark.parametrize("there", [None, SimpleNamespace(fingerprint="third")], ids=["lost", "another"])
def test_knowledge_that_the_log_makes_otherwise_than_it_was_drawn_from_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: Any
) -> None:
    folder = Learnt(tmp_path, "drawn from")
    with pytest.raises(InputError, match=r"the log makes other knowledge .* or delete .*build_spec\.json"):
        learn(monkeypatch, folder, there)
    assert folder.done == ["checked", "asked"], "nothing is saved"


def test_what_is_there_and_what_the_log_makes_may_agree_against_the_note(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = Learnt(tmp_path, "drawn from")
    learn(monkeypatch, folder, SimpleNamespace(fingerprint="made"))
    assert folder.done == MADE


@pytest.mark.parametrize("embedding", ["lexical", "openai"])
def test_to_learn_again_takes_the_topics_of_a_server_as_they_are(
    monkeypatch: pytest.MonkeyPatch, embedding: str
) -> None:
    made = TopicClusters(clusters=())

    async def extract_nothing(*_: object) -> list[Extraction]:
        return []

    async def cluster_nothing(*_: object) -> TopicClusters:
        return made

    monkeypatch.setattr(learning, "_extract_all", extract_nothing)
    monkeypatch.setattr(learning, "_cluster", cluster_nothing)
    served = {"embedding_model": "m", "embedding_addresses": ["http://h"]} if embedding == "openai" else {}
    run = run_of(topics={"embedding": embedding, **served})
    again = asyncio.run(learning.relearn(KNOWN, run, cast("Any", Folder())))
    assert (again.clusters is KNOWN.clusters) == (embedding == "openai")
    assert (again.clusters is made) == (embedding == "lexical")
