"""A shard of candidates on the disk: sorted, whole or not there, counted by its header."""

import json
from pathlib import Path

import pytest
from factories import make_build

from kpmath_builder.folder.shards import ShardWriter, read_candidates, shard_header, shard_indexes
from kpmath_builder.funnel import Funnel

CANDIDATES = make_build(12).candidates


@pytest.mark.parametrize("questions", [10, 11, 40])
def test_more_questions_move_no_blueprint_to_another_shard(questions: int) -> None:
    before = [set(shard_indexes(shard, 4, 10)) for shard in range(4)]
    after = [set(shard_indexes(shard, 4, questions)) for shard in range(4)]
    assert all(few <= many for few, many in zip(before, after, strict=True))
    assert sorted(index for shard in after for index in shard) == list(range(questions))


def sealed(path: Path, numbers: list[int]) -> Path:
    writer = ShardWriter(path, {"spec": "é"}, len(numbers))
    for number in numbers:
        assert not writer.complete
        writer.add(CANDIDATES[number])
    assert writer.complete
    writer.seal()
    return path


def test_candidates_come_in_the_order_of_their_numbers_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    path = sealed(tmp_path / "shard.jsonl", [7, 3, 11, 0])
    assert list(read_candidates([path])) == [CANDIDATES[number] for number in (0, 3, 7, 11)]
    assert [file.name for file in tmp_path.iterdir()] == ["shard.jsonl"]


def test_what_arrived_can_be_counted_before_the_shard_is_sealed(tmp_path: Path) -> None:
    """So `kpmath status` shows how far a shard is."""
    writer = ShardWriter(tmp_path / "shard.jsonl", {}, 2)
    writer.add(CANDIDATES[0])
    assert (tmp_path / "shard.part").read_bytes().count(b"\n") == 1
    writer.discard()


def test_shards_are_read_as_one_series(tmp_path: Path) -> None:
    paths = [sealed(tmp_path / f"{shard}.jsonl", [shard + 2, shard]) for shard in (0, 1)]
    assert [candidate.blueprint.index for candidate in read_candidates(paths)] == [0, 1, 2, 3]


def test_the_header_counts_what_follows(tmp_path: Path) -> None:
    path = sealed(tmp_path / "shard.jsonl", [5, 1])
    header = shard_header(path)
    funnel = Funnel()
    funnel.add(CANDIDATES[1])
    funnel.add(CANDIDATES[5])
    assert header is not None
    told = {key: header[key] for key in ("spec", "rows", "funnel")}
    assert told == {"spec": "é", "rows": 2, "funnel": json.loads(json.dumps(funnel.as_json()))}


@pytest.mark.parametrize("content", [None, "", "no json\n"], ids=["absent", "empty", "foreign"])
def test_what_is_no_shard_has_no_header(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "shard.jsonl"
    if content is not None:
        path.write_text(content)
    assert shard_header(path) is None


@pytest.mark.parametrize("link", [False, True], ids=["file", "link"])
def test_what_a_killed_writer_left_is_begun_anew_and_no_link_is_followed(
    tmp_path: Path, *, link: bool
) -> None:
    other, part = tmp_path / "other", tmp_path / "shard.part"
    other.write_text("mine")
    part.symlink_to(other) if link else part.write_text("half a line")
    assert list(read_candidates([sealed(tmp_path / "shard.jsonl", [3])])) == [CANDIDATES[3]]
    assert other.read_text() == "mine"


def test_while_a_shard_is_written_no_second_copy_of_it_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill at that moment would leave it there for ever."""
    beside: list[Path] = []
    monkeypatch.setattr(
        "kpmath_builder.folder.shards.write_lines", lambda *_: beside.extend(tmp_path.iterdir())
    )
    sealed(tmp_path / "shard.jsonl", [3])
    assert beside == []


def test_an_unsealed_shard_leaves_nothing_when_it_is_discarded(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path / "shard.jsonl", {}, 2)
    writer.add(CANDIDATES[0])
    assert [file.name for file in tmp_path.iterdir()] == ["shard.part"]
    writer.discard()
    assert list(tmp_path.iterdir()) == []
