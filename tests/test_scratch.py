"""Downloads of publishing: at most one table's file at a time, in the build's folder, and nothing left behind."""

import os
import signal
from pathlib import Path

import pytest
from hub_steps import put
from loopback_hub import LoopbackHub

from kpmath_builder.files.scratch import scratch
from kpmath_builder.publishing import planning
from kpmath_builder.publishing.remote import Remote

pytest_plugins = ("hub_fixtures",)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the temporary directory of this test."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def killed(place: Path) -> None:
    """Let a process download something to a place and be killed."""
    if (child := os.fork()) == 0:
        with scratch(place) as folder:
            (folder / "table.parquet").write_bytes(b"x")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


def test_the_folder_is_gone_after_the_block_even_where_it_fails(temporary: Path):
    def fail() -> None:
        with scratch(temporary) as folder:
            (folder / "file").write_bytes(b"x")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not list(temporary.iterdir())


def test_what_a_killed_process_left_goes_with_the_next_one(tmp_path: Path, temporary: Path):
    build = tmp_path / "build"
    build.mkdir()
    killed(build)
    assert [path.name for path in build.rglob("*.parquet")] == ["table.parquet"]
    with scratch(build) as folder:
        assert list(build.iterdir()) == [folder]
    assert not list(build.iterdir())
    assert not list(temporary.iterdir())


def test_folders_of_others_who_live_stay(temporary: Path):
    with scratch(temporary) as mine:
        (mine / "file").write_bytes(b"x")
        with scratch(temporary) as other:
            assert other != mine
        assert (mine / "file").exists()


def test_where_the_build_cannot_be_written_the_temporary_directory_is_taken(tmp_path: Path, temporary: Path):
    """A folder on a file system that is mounted for reading; here a file stands for it, which not even root can write in."""
    (tmp_path / "build").write_bytes(b"")
    with scratch(tmp_path / "build") as folder:
        assert folder.parent == temporary


def test_publishing_keeps_one_table_at_a_time_beside_the_build_and_compares_it_once(
    hub: LoopbackHub, builds: dict[str, Path], temporary: Path, monkeypatch: pytest.MonkeyPatch
):
    """The old version has several files, all of which are fetched to be compared; the tag fails, so all is looked at twice."""
    put(hub, builds["old"], "1.0.0")
    seen, compared = [], []
    download, compare = Remote.download, planning.compare_tables

    def watch(self: Remote, path: str, revision: str, folder: Path) -> Path | None:
        file = download(self, path, revision, folder)
        seen.append(
            {str(path.relative_to(builds["new"])) for path in builds["new"].glob(".kpmath*/**/*.parquet")}
        )
        return file

    monkeypatch.setattr(Remote, "download", watch)
    monkeypatch.setattr(planning, "compare_tables", lambda old, new: compared.append(1) or compare(old, new))
    hub.fail("POST .*/commit/main", 503)
    hub.log.clear()
    put(hub, builds["new"], "1.1.0")
    assert len(hub.requests("GET", "/resolve/.*/data/scored/.*-of-00003")) == 3
    assert max(map(len, seen)) == 1
    assert len(compared) == 3
    assert not list(temporary.iterdir())
    assert not list(builds["new"].glob(".kpmath*"))
