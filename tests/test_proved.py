"""Which files of a folder are those that were written: each difference is named, and what has not changed is read once."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kpmath_builder.files import sealed
from kpmath_builder.files.sealed import DamagedError, FileRecord, read_header, write_lines
from kpmath_builder.folder import proved
from kpmath_builder.folder.proved import Proved, foreign_files, plain_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two files, one of them below a folder of its own."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "table").write_bytes(b"rows")
    (tmp_path / "card").write_bytes(b"words")
    return tmp_path


def told(folder: Path) -> dict[str, FileRecord]:
    return {name: FileRecord.of(folder / name) for name in ("data/table", "card")}


@pytest.mark.parametrize("quick", [False, True])
def test_files_that_are_as_they_were_written_are_not_named(folder: Path, *, quick: bool) -> None:
    assert list(Proved().damaged(folder, told(folder), quick=quick)) == []


CHANGES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "longer": (lambda f: (f / "card").write_bytes(b"words!"), "card", "it has 6 bytes, 5 were written"),
    "changed": (lambda f: (f / "card").write_bytes(b"wordy"), "card", "it is not what was written"),
    "gone": (lambda f: (f / "card").unlink(), "card", "it is missing"),
    "a file for its folder": (
        lambda f: (f / "data").rename(f / "away") and (f / "data").write_bytes(b""),
        "data/table",
        "it is missing",
    ),
    "a link": (
        lambda f: (f / "card").rename(f / "moved") and (f / "card").symlink_to(f / "moved"),
        "card",
        "it is a link, not a file",
    ),
    "a linked folder": (
        lambda f: (f / "data").rename(f / "moved") and (f / "data").symlink_to(f / "moved"),
        "data",
        "it is a link, not a folder",
    ),
    "a folder in its place": (
        lambda f: (f / "card").unlink() or (f / "card").mkdir(),
        "card",
        "bytes, 5 were written",
    ),
}


@pytest.mark.parametrize("how", CHANGES)
def test_each_file_that_is_another_is_named_once_with_its_difference(folder: Path, how: str) -> None:
    records = told(folder)
    change, name, why = CHANGES[how]
    change(folder)
    (found,) = Proved().damaged(folder, records)
    assert found.path == folder / name
    assert why in found.why


def test_a_quick_look_compares_lengths_alone(folder: Path) -> None:
    records = told(folder)
    (folder / "card").write_bytes(b"wordy")
    assert list(Proved().damaged(folder, records, quick=True)) == []
    (folder / "card").write_bytes(b"word")
    assert [found.path.name for found in Proved().damaged(folder, records, quick=True)] == ["card"]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note which files are opened."""
    opened: list[Path] = []
    plain = sealed.open_plain
    monkeypatch.setattr(sealed, "open_plain", lambda path: opened.append(path) or plain(path))
    return opened


def test_a_file_is_read_once_and_again_when_it_changes(folder: Path, reads: list[Path]) -> None:
    known, path = Proved(), folder / "card"
    first = known.record(path)
    assert known.record(path) is first
    assert len(reads) == 1
    path.write_bytes(b"wordy")
    changed = known.record(path)
    assert (changed.bytes, len(reads)) == (5, 2)
    assert changed.sha256 != first.sha256


def test_a_file_of_the_same_length_and_time_in_another_s_place_is_read(
    folder: Path, reads: list[Path]
) -> None:
    known, path = Proved(), folder / "card"
    first = known.record(path)
    times = path.stat().st_mtime_ns
    (folder / "other").write_bytes(b"wordy")
    os.utime(folder / "other", ns=(times, times))
    (folder / "other").replace(path)
    assert known.record(path) != first
    assert len(reads) == 2


def test_a_record_of_a_file_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Proved().record(folder / "nothing")


def test_the_header_of_lines_is_given_once_they_were_compared_to_their_end(tmp_path: Path) -> None:
    path, known = tmp_path / "lines", Proved()
    assert known.header(path) is None
    write_lines(path, {"of": "me"}, [b"one\n", b"two\n"])
    header = known.header(path)
    assert header is not None
    assert (header["of"], header["rows"]) == ("me", 2)
    assert known.header(path) is header
    path.write_bytes(path.read_bytes().replace(b"two", b"owt"))
    assert known.header(path) is None


def test_what_this_process_wrote_is_not_compared_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, known = tmp_path / "lines", Proved()
    write_lines(path, {}, [b"one\n"])
    known.written(path)
    monkeypatch.setattr(proved, "check_lines", lambda path: pytest.fail(f"{path} was read again"))
    assert known.header(path) == read_header(path)


def test_nothing_is_noted_of_a_file_that_was_not_written(tmp_path: Path) -> None:
    known = Proved()
    known.written(tmp_path / "lines")
    assert known.header(tmp_path / "lines") is None


def test_plain_files_are_all_below_a_folder_sorted_and_links_to_folders_are_not_followed(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "theirs").write_bytes(b"")
    (folder / "link").symlink_to(elsewhere)
    assert plain_files(folder) == [folder / "card", folder / "data" / "table"]
    assert plain_files(folder / "nothing") == []


def test_foreign_are_links_and_files_that_are_not_among_the_names(folder: Path) -> None:
    assert list(foreign_files(folder, ["card", "data/table"])) == []
    (folder / "data" / "mine").write_bytes(b"")
    (folder / "link").symlink_to(folder / "data")
    (folder / "empty").mkdir()
    assert sorted(foreign_files(folder, ["card", "data/table"])) == [
        folder / "data" / "mine",
        folder / "link",
    ]
    (folder / "card").rename(folder / "moved")
    (folder / "card").symlink_to(folder / "moved")
    assert folder / "card" in set(foreign_files(folder, ["card", "data/table"])), "a link is never ours"


def test_what_cannot_be_compared_ends_the_comparison_of_no_other(folder: Path) -> None:
    records = told(folder)
    (folder / "data" / "table").unlink()
    (folder / "card").unlink()
    found = [damaged.path for damaged in Proved().damaged(folder, records)]
    assert found == [folder / "data" / "table", folder / "card"]
    assert all(isinstance(damaged, DamagedError) for damaged in Proved().damaged(folder, records))
