"""A node may die at any instruction: killed again and again, a build ends as if nothing had happened.

Each run is a process of its own, forked where all modules are loaded already, so that hundreds of runs take minutes.
"""

import mmap
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_builds import keys_of, recipe, same_tables

from kpmath_builder import Recipe, build
from kpmath_builder.folder.shards import ShardWriter
from kpmath_builder.inspection.verify import Verifier
from kpmath_builder.knowledge.store import Knowledge

KILLS = 205
PHASES = ("start", "seeds", "extraction", "topics", "knowledge", "synthesis", "sealing", "tables")
LASTS = {"extraction": 0.1, "knowledge": 0.03, "synthesis": 0.2, "sealing": 0.03, "tables": 0.03}
"""Phases that are killed in, and about how many seconds each lasts."""
IN_FLIGHT = 6

SERVER = """
import asyncio, hashlib, json, os, sys
sys.path[:0] = [sys.argv[1]]
from dummy_server import DummyServer
from roleplay import play
answered = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def reply(body):
    text = json.dumps(body, sort_keys=True)
    os.write(answered, hashlib.sha256(text.encode()).hexdigest().encode() + b"\\n")
    return play(body)
async def serve():
    async with DummyServer(reply, seconds=0.004) as server:
        print(server.address, flush=True)
        await asyncio.Event().wait()
asyncio.run(serve())
"""


class Served(SimpleNamespace):
    """A dummy server in a process of its own, and the digests of all that it has answered."""

    address: str
    journal: Path

    def answered(self, since: int = 0) -> list[str]:
        return self.journal.read_text().split()[since:]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    journal = tmp_path_factory.mktemp("server") / "answered"
    command = [sys.executable, "-c", SERVER, str(Path(__file__).parent), str(journal)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Served(address=process.stdout.readline().strip(), journal=journal)
        process.kill()


def small(folder: Path, server: Served) -> Recipe:
    return recipe(
        folder, server, seeds_limit=8, build_questions=10, build_shards=3, solutions_samples=3, teacher_in_flight=IN_FLIGHT
    )  # fmt: skip


class Run:
    """A build in a forked process; `phase` tells where it is."""

    def __init__(self, made: Recipe) -> None:
        self._phase = mmap.mmap(-1, 1)
        self.pid = os.fork()
        if self.pid == 0:
            self._build(made)

    @property
    def phase(self) -> str:
        return PHASES[self._phase[0]]

    def _at(self, phase: str) -> None:
        self._phase[0] = PHASES.index(phase)

    def _build(self, made: Recipe) -> None:
        status = 1
        try:
            self._mark(ShardWriter, "seal", "sealing")
            self._mark(Knowledge, "save", "knowledge")
            build(made, progress=lambda progress: self._at(progress.stage))
            status = 0
        except BaseException:  # noqa: BLE001 - told where the test's output is seen
            traceback.print_exc()
        finally:
            os._exit(status)

    def _mark(self, owner: Any, name: str, phase: str) -> None:
        plain: Callable[..., Any] = getattr(owner, name)

        def marked(*words: Any) -> Any:
            before = self.phase
            self._at(phase)
            plain(*words)
            self._at(before)

        setattr(owner, name, marked)

    def ended(self) -> bool:
        """Whether it came to its end; a failure of its own is a failure of the test."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        assert pid == 0 or status == 0, f"the build failed with {status}"
        return pid != 0

    def kill(self) -> str:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return self.phase


def finish(made: Recipe) -> float:
    began = time.monotonic()
    run = Run(made)
    while not run.ended():
        time.sleep(0.002)
    return time.monotonic() - began


def kill_at_random(run: Run, chance: random.Random, length: float) -> str | None:
    """Kill at any instant, or at any instant of one phase; None where the build was faster."""
    began = time.monotonic()
    at = chance.uniform(0, length)
    wanted = chance.choice((None, *LASTS))
    while not run.ended():
        if (run.phase == wanted) if wanted else (time.monotonic() - began >= at):
            time.sleep(chance.uniform(0, LASTS[wanted]) if wanted else 0)
            return None if run.ended() else run.kill()
        time.sleep(0.0005)
    return None


def undisturbed(folder: Path, server: Served) -> float:
    """Build in this process, which loads all modules for those that are forked off it; return how long one of those takes."""
    build(small(folder, server))
    return min(finish(small(folder.with_name(f"timed{number}"), server)) for number in range(3))


def assert_whole(folder: Path, whole: Path) -> None:
    assert same_tables(whole, folder)
    assert sorted(keys_of(folder)) == sorted(keys_of(whole)), "each answer is there once"
    assert [str(found) for found in Verifier(folder).run()] == []
    assert not [path for path in folder.rglob("*") if path.suffix == ".part"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_build_survives_any_number_of_kills(server: Served, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    length = undisturbed(whole, server)
    chance = random.Random(20_261_122)
    kills: Counter[str] = Counter()
    run_number = 0
    while kills.total() < KILLS:
        folder = tmp_path / str(run_number)
        run_number += 1
        before, killed = len(server.answered()), 0
        for _ in range(chance.choice((1, 1, 2, 4))):
            if phase := kill_at_random(Run(small(folder, server)), chance, length):
                kills[phase] += 1
                killed += 1
        finish(small(folder, server))
        assert_whole(folder, whole)
        again = Counter(server.answered(before))
        twice = sum(count - 1 for count in again.values())
        assert twice <= killed * IN_FLIGHT, "nothing is answered twice but what was in flight at a kill"
        shutil.rmtree(folder)
    sys.stdout.write(f"{kills.total()} kills in {run_number} builds of {length:.2f} s: {dict(kills)}\n")
    assert set(kills) >= {"extraction", "knowledge", "synthesis", "sealing", "tables"}


def test_a_build_survives_a_kill(server: Served, tmp_path: Path) -> None:
    """The storm in small, for every day."""
    chance = random.Random(1)
    length = undisturbed(tmp_path / "whole", server)
    for number in range(3):
        folder = tmp_path / str(number)
        kill_at_random(Run(small(folder, server)), chance, length)
        finish(small(folder, server))
        assert_whole(folder, tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_log_that_was_cut_or_changed_at_any_byte_is_found_out_and_mended(
    server: Served, tmp_path: Path
) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "hurt"
    undisturbed(whole, server)
    assert [str(found) for found in Verifier(whole).run()] == []
    chance = random.Random(7)
    for number in range(80):
        shutil.copytree(whole, folder)
        path = chance.choice([log for log in (folder / "responses").glob("*.jsonl") if log.stat().st_size])
        content = bytearray(path.read_bytes())
        if number % 2:
            del content[chance.randrange(len(content)) :]
        else:
            content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
        path.write_bytes(content)
        assert next(iter(Verifier(folder).run()), None) is not None, "it is found out"
        for made in ("candidates", "knowledge", "dataset"):
            shutil.rmtree(folder / made)
        (folder / "manifest.json").unlink()
        finish(small(folder, server))
        assert same_tables(whole, folder)
        shutil.rmtree(folder)
