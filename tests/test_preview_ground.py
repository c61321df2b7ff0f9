"""From how many seeds a preview draws: few sets are read whole, of others a handful that grows until something can be drawn."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from kpmath_builder import Recipe
from kpmath_builder.errors import NothingToDrawError
from kpmath_builder.execution.run import Run
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.knowledge.topics import Cluster, TopicClusters
from kpmath_builder.previewing import ground
from kpmath_builder.previewing.ground import FEW_SEEDS, LEAST_SEEDS, MOST_TIMES, Ground, find_ground
from kpmath_builder.records import Extraction, SeedProblem, TopicKeyPoints


def seeds(count: int) -> list[SeedProblem]:
    return [
        SeedProblem(
            id=f"s/{number:05d}",
            source="s",
            licence="mit",
            shareable=True,
            problem="?",
            solution="",
            answer="1",
            content_hash="sha256:0",
        )
        for number in range(count)
    ]


def knowledge(chosen: Sequence[SeedProblem]) -> Knowledge:
    """Return knowledge in which every seed has both topics."""
    topics = tuple(TopicKeyPoints(topic=name, key_points=(name.lower(),)) for name in ("A", "B"))
    clusters = TopicClusters(
        clusters=tuple(Cluster(representative=n, problems=2, members={n: 2}) for n in ("A", "B"))
    )
    return Knowledge(chosen, [Extraction(seed_id=seed.id, topics=topics) for seed in chosen], clusters)


class Lessons:
    """Plays `learn_from`: nothing can be drawn from fewer than `least` seeds, and from fewer than `apart` only one problem."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, least: int = 0, apart: int = 0) -> None:
        self.asked: list[tuple[int, int | None]] = []
        self._least, self._apart = least, apart
        monkeypatch.setattr(ground, "learn_from", self)

    async def __call__(
        self, chosen: Sequence[SeedProblem], run: object, workspace: object, minimum_support: int | None
    ) -> Knowledge:
        self.asked.append((len(chosen), minimum_support))
        if len(chosen) < self._least:
            raise NothingToDrawError("add seeds.")
        return knowledge(chosen[:1] if len(chosen) < self._apart else chosen)


def found(folder: Path, count: int, n: int = 5) -> Ground:
    class _Run:
        recipe = Recipe.of({"build": {"folder": str(folder)}})

    return asyncio.run(find_ground(seeds(count), n, cast("Run", cast("Any", _Run())), Workspace(folder)))


@pytest.mark.parametrize(
    ("count", "n", "read", "support"),
    [
        (FEW_SEEDS, 1, FEW_SEEDS, None),
        (FEW_SEEDS + 1, 1, LEAST_SEEDS, 1),
        (5000, 5, 15, 1),
        (5000, 100, 300, 1),
        (100, 40, 100, None),
    ],
)
def test_few_seeds_are_all_read_and_of_many_as_many_as_the_blueprints_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, n: int, *, read: int, support: int | None
) -> None:
    """Only a handful goes without the minimum support: of all seeds the knowledge is the build's."""
    lessons = Lessons(monkeypatch)
    assert found(tmp_path, count, n).whole == (read == count)
    assert lessons.asked == [(read, support)]


@pytest.mark.parametrize("lack", ["least", "apart"])
def test_a_handful_grows_until_blueprints_of_different_problems_can_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lack: str
) -> None:
    lessons = Lessons(monkeypatch, **{lack: 40})
    result = found(tmp_path, 5000)
    assert [asked for asked, _ in lessons.asked] == [15, 30, 60]
    assert (len(result.knowledge.seeds), result.whole) == (60, False)


def test_a_handful_that_grows_to_all_seeds_is_the_builds_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons = Lessons(monkeypatch, apart=50)
    assert found(tmp_path, 70, n=20).whole is False
    lessons = Lessons(monkeypatch, apart=65)
    assert found(tmp_path, 70, n=20).whole
    assert lessons.asked == [(60, 1), (70, None)]


def test_a_handful_ends_to_grow_and_what_it_lacks_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons = Lessons(monkeypatch, least=5000)
    with pytest.raises(NothingToDrawError, match="add seeds"):
        found(tmp_path, 5000)
    assert lessons.asked[-1][0] <= MOST_TIMES * 15
