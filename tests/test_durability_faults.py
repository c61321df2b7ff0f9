"""A full disk, a folder that cannot be written, and servers that die, come back and refuse: the build waits or stops in order."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from dummy_server import PASSING, Body, DummyServer, Fault, held, status, task_of
from families import named
from forked_builds import in_a_fork
from roleplay import play
from small_builds import keys_of, log_sizes, recipe, same_tables

from kpmath_builder import BuildError, InputError, Recipe, build
from kpmath_builder.client import endpoints, retries
from kpmath_builder.inspection.verify import Verifier


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(endpoints, "FIRST_COOL_DOWN", 0.1)


def limited(made: Recipe, size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    build(made)


def test_a_disk_that_fills_up_stops_the_build_in_order_wherever_that_is(
    tmp_path: Path, whole_build: Path
) -> None:
    """At any size of the disk: one sentence, nothing torn; with more room each time it ends as if there had been enough."""
    with DummyServer(play) as server:
        folder = recipe(tmp_path / "full", server)
        largest = max(path.stat().st_size for path in whole_build.rglob("*") if path.is_file())
        noted = max((whole_build / name).stat().st_size for name in ("recipe.toml", "build_spec.json"))
        stops = 0
        for size in range(noted + 100, largest + 1, max(1, largest // 9)):
            told = in_a_fork(lambda size=size: limited(folder, size))  # type: ignore[misc]
            assert told == "" or ("make room" in told and "Error: " in told), told
            stops += bool(told)
            log_sizes(tmp_path / "full")
        assert stops > 3
        build(folder)
        assert same_tables(whole_build, tmp_path / "full")
        assert sorted(keys_of(tmp_path / "full")) == sorted(keys_of(whole_build))


TMPFS = """
import sys
sys.path[:0] = [sys.argv[1]]
import subprocess
from pathlib import Path
from types import SimpleNamespace
from small_builds import recipe
from kpmath_builder import BuildError, build
disk = Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60k", "tmpfs", disk], check=True)
made = recipe(disk / "b", SimpleNamespace(address=sys.argv[3]))
told = []
for size in range(60, 3000, 150):
    subprocess.run(["mount", "-o", f"remount,size={size}k", disk], check=True)
    try:
        build(made)
        break
    except BuildError as error:
        told.append(str(error))
assert all("No space left on device" in text and "make room" in text for text in told), told
subprocess.run(["cp", "-r", disk / "b", sys.argv[4]], check=True)
print("stopped", len(told))
"""


@pytest.mark.slow
def test_on_a_small_disk_it_goes_on_after_room_was_made(tmp_path: Path, whole_build: Path) -> None:
    """A real file system that is full, made larger until the build is through."""
    (tmp_path / "disk").mkdir()
    with DummyServer(play) as server:
        words = [str(Path(__file__).parent), str(tmp_path / "disk"), server.address, str(tmp_path / "copy")]
        ran = subprocess.run(
            ["unshare", "--mount", sys.executable, "-c", TMPFS, *words],
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode and ("unshare" in ran.stderr or "mount:" in ran.stderr):
        pytest.skip(f"this user may not mount: {ran.stderr.splitlines()[-1]}")
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout.split()[1]) >= 3
    assert same_tables(whole_build, tmp_path / "copy")
    assert [str(found) for found in Verifier(tmp_path / "copy").run()] == []


def as_nobody(made: Recipe) -> None:
    os.setuid(65_534)
    build(made)


@pytest.mark.parametrize("inside", named(["", "responses", "candidates"], "responses"))
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, inside: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user, whom a folder's mode holds off")
    with tempfile.TemporaryDirectory() as open_folder, DummyServer(play) as server:
        # Reads all modules and prompts, which the other user may not be able to.
        build(recipe(tmp_path, server))
        asked = server.requests
        folder = Path(open_folder) / "b"
        for name in ("responses", "knowledge", "candidates"):
            (folder / name).mkdir(parents=True)
        for path in (folder.parent, folder, *folder.iterdir()):
            path.chmod(0o777)
        (folder / inside).chmod(0o555)
        told = in_a_fork(lambda: as_nobody(recipe(folder, server)))
        assert "Error: " in told
        assert "cannot be " in told
        assert "Permission denied" in told
        assert server.requests == asked or inside == "candidates"


def test_a_server_that_dies_and_comes_back_is_waited_for(tmp_path: Path, whole_build: Path) -> None:
    """The build says what it waits for, asks nothing twice that was answered, and ends as if nothing had been."""
    notes: list[str] = []
    needed = len(keys_of(whole_build))
    never = held(asyncio.Event())
    with DummyServer(play, faults=lambda body, n: never if n >= needed // 2 else None) as first:
        made = recipe(tmp_path / "cut", first)
        worker = threading.Thread(target=lambda: build(made, progress=lambda p: notes.append(p.note)))
        worker.start()
        while first.requests < needed // 2 + 4:
            time.sleep(0.005)
    answered = first.requests
    while not any(note.startswith(f"no answer from http://127.0.0.1:{first.port}") for note in notes):
        time.sleep(0.01)
    with DummyServer(play, port=first.port) as second:
        worker.join()
        assert second.requests <= needed - answered + 16, "only what was in flight is asked again"
    assert same_tables(whole_build, tmp_path / "cut")


@pytest.mark.parametrize(
    "kind", named(["429", "429 Retry-After", "503", "reset", "closed mid-body", "cut off"], "429", "reset")
)
def test_a_server_that_refuses_everybody_for_a_while_gets_one_request_at_a_time(
    tmp_path: Path, whole_build: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """No blueprint is marked done because of it."""
    monkeypatch.setattr(endpoints, "FIRST_COOL_DOWN", 0.02)
    refusals: list[float] = []

    def faults(body: Body, number: int) -> Fault | None:
        now = time.monotonic()
        if number < 40 or (refusals and now - refusals[0] > 0.5):
            return None
        if task_of(body) != "probe":
            refusals.append(now)
        return PASSING[kind]

    with DummyServer(play, faults=faults, spoils_probe=True) as server:
        build(recipe(tmp_path / "held", server))
    assert same_tables(whole_build, tmp_path / "held")
    assert 0 < len(refusals) < 60, "16 in flight, 16 faults in a row, then one look after each rest"


def test_a_role_whose_server_fails_ends_the_build_only_after_the_others_answers(tmp_path: Path) -> None:
    """Solutions that are under way when the judge's server is given up are paid for: they are logged."""
    slow_solutions = 0.5

    async def late(http: object, answer: Body) -> object:
        from aiohttp import web

        await asyncio.sleep(slow_solutions)
        return web.json_response(answer)

    with (
        DummyServer(play, faults=lambda body, n: None if task_of(body) else late) as server,
        DummyServer(  # type: ignore[arg-type, return-value]
            play, faults=lambda body, n: status(503) if n >= 30 else None, spoils_probe=True
        ) as judge,
    ):
        made = recipe(
            tmp_path, server, roles_judge={"addresses": [judge.address], "patience": 0.3}, build_window=24
        )  # fmt: skip
        with pytest.raises(BuildError, match="has not answered"):
            build(made)
        solved = sum(not task_of(body) for body in server.bodies)
        assert solved > 0
        logged = b"".join(path.read_bytes() for path in (tmp_path / "responses").glob("synthesis-*.jsonl"))
        assert logged.count(b'"task":"solve"') == solved


def test_who_stays_away_ends_the_build_with_one_sentence(tmp_path: Path) -> None:
    with (
        DummyServer(
            play, faults=lambda body, number: status(503) if number > 30 else None, spoils_probe=True
        ) as server,
        pytest.raises(BuildError, match=r"has not answered for .* run the same command again"),
    ):
        build(recipe(tmp_path, server, teacher_patience=0.5))
    with pytest.raises(InputError, match="No server answers"):
        build(recipe(tmp_path, server))
