"""Old whole or new whole, whatever happens in between."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kpmath_builder.files import durable
from kpmath_builder.files.durable import replace_folder, staged_file, staged_folder, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def make_folder(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "a").write_text(content)
    return path


def test_a_file_is_written_and_written_again(tmp_path: Path):
    for data in (b"one", b"", b"three" * 10_000):
        write_atomically(tmp_path / "file", data)
        assert (tmp_path / "file").read_bytes() == data
        assert names(tmp_path) == ["file"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    write_atomically(tmp_path / "file", b"old")

    def fail() -> None:
        with staged_file(tmp_path / "file") as staged:
            staged.write_bytes(b"half of the n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize(
    "exchange", [durable._exchange, lambda one, other: False], ids=["exchange", "two renames"]
)
def test_a_folder_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: Callable[[Path, Path], bool]
):
    """Also where the file system cannot let two names change places."""
    monkeypatch.setattr(durable, "_exchange", exchange)
    make_folder(tmp_path / "target", "old")
    replace_folder(make_folder(tmp_path / "new", "new"), tmp_path / "target")
    assert (tmp_path / "target" / "a").read_text() == "new"
    assert names(tmp_path) == ["target"]


def test_a_folder_takes_a_place_that_was_free(tmp_path: Path):
    replace_folder(make_folder(tmp_path / "new", "new"), tmp_path / "target")
    assert names(tmp_path) == ["target"]


def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path: Path):
    make_folder(tmp_path / "target", "old")

    def fail() -> None:
        with staged_folder(tmp_path / "target") as staged:
            (staged / "a").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (tmp_path / "target" / "a").read_text() == "old"
    assert names(tmp_path) == ["target"]


def test_a_killed_writer_leaves_the_old_folder_and_the_next_writer_cleans_up(tmp_path: Path):
    make_folder(tmp_path / "target", "old")
    program = (
        "import os, pathlib\n"
        "from kpmath_builder.files.durable import staged_folder\n"
        f"with staged_folder(pathlib.Path({str(tmp_path / 'target')!r})) as staged:\n"
        "    (staged / 'a').write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert (tmp_path / "target" / "a").read_text() == "old"
    assert len(names(tmp_path)) == 2
    with staged_folder(tmp_path / "target") as staged:
        (staged / "a").write_text("new")
    assert (tmp_path / "target" / "a").read_text() == "new"
    assert names(tmp_path) == ["target"]


def test_a_reader_never_finds_the_folder_absent_or_half(tmp_path: Path):
    make_folder(tmp_path / "one", "1")
    make_folder(tmp_path / "two", "2")
    if not durable._exchange(tmp_path / "one", tmp_path / "two"):
        pytest.skip("this file system cannot let two names change places")
    make_folder(tmp_path / "target", "0")
    done = threading.Event()
    seen: list[bool] = []

    def read() -> None:
        while not done.is_set():
            seen.append((tmp_path / "target" / "a").exists())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(50):
        with staged_folder(tmp_path / "target") as staged:
            (staged / "a").write_text(str(number))
    done.set()
    reader.join()
    assert seen
    assert all(seen)


class Disk:
    """Notes in which order files and folders are forced to the disk and renamed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[tuple[str, int]] = []
        fsync, replace, rename = os.fsync, Path.replace, Path.rename

        def noting_fsync(descriptor: int) -> None:
            self.done.append(("sync", os.fstat(descriptor).st_ino))
            fsync(descriptor)

        def noting(move: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
            def moving(path: Path, target: Path) -> Path:
                self.done.append(("rename", path.stat().st_ino))
                return move(path, target)

            return moving

        monkeypatch.setattr(os, "fsync", noting_fsync)
        monkeypatch.setattr(Path, "replace", noting(replace))
        monkeypatch.setattr(Path, "rename", noting(rename))


def test_a_file_is_on_the_disk_before_it_is_renamed_and_its_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Else a power failure could leave an empty file under the new name, or no name at all."""
    disk = Disk(monkeypatch)
    write_atomically(tmp_path / "file", b"data")
    file, folder = (path.stat().st_ino for path in (tmp_path / "file", tmp_path))
    assert disk.done == [("sync", file), ("rename", file), ("sync", folder)]


def test_a_folder_with_its_files_is_on_the_disk_before_it_is_renamed_and_its_parent_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    new = make_folder(tmp_path / "new", "new")
    disk = Disk(monkeypatch)
    replace_folder(new, tmp_path / "target")
    file, folder, parent = (
        path.stat().st_ino for path in (tmp_path / "target" / "a", tmp_path / "target", tmp_path)
    )
    assert disk.done == [("sync", file), ("sync", folder), ("rename", folder), ("sync", parent)]
