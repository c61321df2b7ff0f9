"""The two notes of a build folder stand for one another, and of two builds' that one counts whose the other files are."""

from pathlib import Path
from typing import Any

import pytest

from kpmath_builder import InputError
from kpmath_builder.files.sealed import write_lines, write_object
from kpmath_builder.folder import notes
from kpmath_builder.folder.notes import Notes, new_build, read_notes
from kpmath_builder.folder.paths import Paths

MINE: dict[str, Any] = {"build": "mine", "taken over": ["older"]}
THEIRS: dict[str, Any] = {"build": "theirs", "taken over": []}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path)
    made.make()
    return made


def note(paths: Paths, spec: dict[str, Any] | None, generations: dict[str, Any] | None) -> None:
    if spec is not None:
        write_object(paths.spec, {**spec, "spec": {"generations": {"1": 2}}})
    if generations is not None:
        write_object(paths.generations, {**generations, "generations": {"1": 3}})


@pytest.mark.parametrize(
    ("spec", "generations", "renewals"),
    [(MINE, MINE, {"1": 3}), (MINE, None, {"1": 2}), (None, MINE, {"1": 3})],
    ids=["both", "the build spec", "the generations"],
)
def test_either_note_says_which_build_it_is_and_what_was_begun_anew(
    paths: Paths, spec: dict[str, Any] | None, generations: dict[str, Any] | None, renewals: dict[str, int]
) -> None:
    note(paths, spec, generations)
    found = read_notes(paths)
    assert found.builds == ("mine", "older")
    assert found.renewals == renewals
    assert found.damaged == ()


def test_a_folder_that_was_not_begun_has_no_build_and_nothing_begun_anew(paths: Paths) -> None:
    found = read_notes(paths)
    assert (found.spec, found.generations, found.builds, found.renewals) == (None, None, (), {})


def test_a_note_of_an_older_version_names_no_build() -> None:
    assert Notes({"spec": {}}, None, ()).builds == ()


def test_a_damaged_note_is_named_and_the_other_stands_for_it(paths: Paths) -> None:
    note(paths, MINE, MINE)
    paths.generations.write_bytes(b"{")
    found = read_notes(paths)
    assert [damaged.path for damaged in found.damaged] == [paths.generations]
    assert found.generations is None
    assert found.renewals == {"1": 2}


def test_without_any_note_that_can_be_read_nobody_knows_what_was_begun_anew(paths: Paths) -> None:
    paths.spec.write_bytes(b"{")
    paths.generations.write_bytes(b"")
    found = read_notes(paths)
    assert [damaged.why for damaged in found.damaged] == ["its checksum is wrong", "it is empty"]
    with pytest.raises(
        InputError,
        match=r"build_spec\.json and .*generations\.json cannot be used \(its checksum is .*--regenerate",
    ):
        _ = found.renewals


def origin(paths: Paths) -> None:
    write_object(paths.origin, {"build": "mine"})


def shard(paths: Paths) -> None:
    write_lines(paths.shard(3), {"build": "mine"}, [])


def log(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "builds_in", lambda logs: ["unknown", "mine", "theirs"])


@pytest.mark.parametrize("maker", ["origin", "shard", "log", "damaged origin"])
@pytest.mark.parametrize("exchanged", ["spec", "generations"])
def test_of_two_builds_notes_the_one_counts_whose_the_other_files_are(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, maker: str, exchanged: str
) -> None:
    note(paths, *((THEIRS, MINE) if exchanged == "spec" else (MINE, THEIRS)))
    if maker == "log":
        log(paths, monkeypatch)
    elif maker == "origin":
        origin(paths)
    else:
        shard(paths)
        if maker == "damaged origin":
            paths.origin.write_bytes(b"{")
    found = read_notes(paths)
    assert found.builds == ("mine", "older")
    foreign = getattr(paths, exchanged)
    assert [(damaged.path, damaged.why) for damaged in found.damaged] == [(foreign, "it is another build's")]
    assert getattr(found, exchanged) is None


def test_of_two_builds_notes_none_counts_if_nothing_else_is_there(paths: Paths) -> None:
    note(paths, MINE, THEIRS)
    found = read_notes(paths)
    assert (found.spec, found.generations) == (None, None)
    assert len(found.damaged) == 2


def test_a_build_that_is_begun_has_an_id_of_its_own_and_takes_over_each_log_that_lies_there_once(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "builds_in", lambda logs: ["older", "oldest", "older"])
    one, other = new_build(paths), new_build(paths)
    assert one[1:] == other[1:] == ("older", "oldest")
    assert len(one[0]) == len(other[0]) == 16
    assert one[0] != other[0]
