"""A node may die at any instruction: killed again and again, a build ends as if nothing had happened.

Each run is a process of its own (`forked_builds`), so that hundreds of runs take minutes.
"""

import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked_builds import IN_FLIGHT, Run, Served, finish, served, small
from small_builds import keys_of, same_tables

from kpmath_builder import build
from kpmath_builder.inspection.verify import Verifier

KILLS = 205
LASTS = {"extraction": 0.1, "knowledge": 0.03, "synthesis": 0.2, "sealing": 0.03, "tables": 0.03}
"""Phases that are killed in, and about how many seconds each lasts."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("server")) as running:
        yield running


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
