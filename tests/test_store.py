"""What was learnt is read back as it was written; what does not prove itself is named."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpmath_builder import InputError
from kpmath_builder.files.sealed import DamagedError, write_lines, write_object
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.knowledge.topics import Cluster, TopicClusters
from kpmath_builder.records import Extraction, SeedProblem, TopicKeyPoints


def seed(number: int) -> SeedProblem:
    return SeedProblem(
        id=f"s/{number}", source="s", licence="mit", shareable=True, problem=f"Problem {number}", solution="",
        answer="1", content_hash="sha256:0",
    )  # fmt: skip


def knowledge(point: str = "Sums") -> Knowledge:
    extractions = [
        Extraction(seed_id="s/0", topics=(TopicKeyPoints(topic="T", key_points=(point,)),)),
        Extraction(seed_id="s/1", topics=(TopicKeyPoints(topic="T", key_points=("Products",)),)),
    ]
    clusters = TopicClusters(clusters=(Cluster(representative="T", problems=2, members={"T": 2}),))
    return Knowledge([seed(0), seed(1)], extractions, clusters)


class Noted(SimpleNamespace):
    """A workspace in which the knowledge was noted, of the given draw; None: there is none."""

    def __init__(self, folder: Path, draw: str | None) -> None:
        super().__init__(folder=folder, knowledge=folder, origin=folder / "origin.json")
        self._told = None if draw is None else {"draw": draw}

    def learnt_from(self) -> dict[str, str] | None:
        return self._told


def noted(folder: Path, draw: str | None) -> Any:
    return cast("Any", Noted(folder, draw))


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    known = knowledge()
    known.save(tmp_path)
    read = Knowledge.existing(noted(tmp_path, known.fingerprint))
    assert (read.seeds, read.extractions, read.clusters) == (known.seeds, known.extractions, known.clusters)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "extractions.jsonl", "practices.jsonl", "seeds.jsonl", "tcpm.npz", "topics.json",
    ]  # fmt: skip
    assert [practice.seed.id for practice in read.practices] == ["s/0", "s/1"]


def test_the_fingerprint_is_that_of_what_is_drawn_from() -> None:
    assert knowledge().fingerprint == knowledge().fingerprint
    assert knowledge("Sums").fingerprint != knowledge("Differences").fingerprint


def test_before_anything_was_learnt_there_is_none(tmp_path: Path) -> None:
    assert Knowledge.load(noted(tmp_path, None)) is None
    assert Knowledge.load_if_whole(noted(tmp_path, None)) is None
    with pytest.raises(InputError, match="holds no knowledge yet: run `kpmath build` first"):
        Knowledge.existing(noted(tmp_path, None))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("seeds.jsonl", "one of its lines is no SeedProblem"),
        ("extractions.jsonl", "one of its lines is no Extraction"),
        ("topics.json", "it holds no topics"),
    ],
)
def test_a_file_that_holds_something_else_is_damaged(tmp_path: Path, name: str, why: str) -> None:
    """It proves itself, but a build of another version wrote it."""
    known = knowledge()
    known.save(tmp_path)
    if name == "topics.json":
        write_object(tmp_path / name, {"clusters": 3})
    else:
        write_lines(tmp_path / name, {}, [b"{}\n"])
    with pytest.raises(DamagedError) as damaged:
        Knowledge.load(noted(tmp_path, known.fingerprint))
    assert (damaged.value.path.name, damaged.value.why) == (name, why)
    assert Knowledge.load_if_whole(noted(tmp_path, known.fingerprint)) is None


def test_knowledge_of_another_draw_is_damage_of_its_origin(tmp_path: Path) -> None:
    knowledge().save(tmp_path)
    with pytest.raises(DamagedError, match="it belongs to other knowledge") as damaged:
        Knowledge.load(noted(tmp_path, "another"))
    assert damaged.value.path.name == "origin.json"
