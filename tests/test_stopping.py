"""Ctrl+C and SIGTERM: once, what is under way is finished; twice, at once."""

import asyncio
import contextlib
import gc
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from dummy_server import Body, DummyServer
from families import first
from roleplay import play

from kpmath_builder import Recipe, build, stopping
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.stopping import Interrupted, Stop

BEFORE_THE_STOP = 12
"""Requests that are answered; those that come later wait until the test lets them go."""
LONG = 120.0
"""Seconds; an end that has not come by then was no end at once."""


@dataclass
class Held:
    """A server whose later answers are under way for as long as a test wishes."""

    server: DummyServer
    let_go: threading.Event


@pytest.fixture
def held() -> Iterator[Held]:
    """Give a server that holds back its answers: whoever is interrupted has requests under way."""
    let_go = threading.Event()

    async def late(http: web.Request, answer: Body) -> web.StreamResponse:
        while not let_go.is_set():  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(0.01)
        return web.json_response(answer)

    with DummyServer(play, faults=lambda body, n: late if n >= BEFORE_THE_STOP else None) as server:
        yield Held(server, let_go)
        let_go.set()


def words(server: DummyServer, folder: Path, *more: str) -> list[str]:
    settings = {
        "teacher.kind": "openai",
        "teacher.model": "dummy",
        "teacher.addresses": f'["{server.address}"]',
        "teacher.in_flight": "8",
        "seeds.limit": "40",
        "build.folder": str(folder),
        "build.questions": "40",
    }
    recipe = Path(__file__).resolve().parents[1] / "examples" / "quickstart.toml"
    return ["build", str(recipe), *(w for pair in settings.items() for w in ("--set", "=".join(pair))), *more]


def start(arguments: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-u", "-m", "kpmath_builder", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for_requests(server: DummyServer, count: int) -> None:
    while server.requests < count:
        time.sleep(0.01)


def heard_of_the_stop(process: subprocess.Popen[str]) -> str:
    """Return what a process says until it says that it stops."""
    assert process.stdout
    said = ""
    while "no new requests" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def logged(folder: Path) -> int:
    total = 0
    for path in (folder / "responses").glob("*.jsonl"):
        with ResponseLog(path, writable=False) as log:
            assert not log.damaged
            assert not log.torn_bytes
            total += len(log)
    return total


@pytest.mark.parametrize(("signum", "status"), first(1, [(signal.SIGINT, 130), (signal.SIGTERM, 143)]))
def test_once_sends_nothing_more_and_keeps_every_answer(
    held: Held, tmp_path: Path, signum: int, status: int
) -> None:
    with start(words(held.server, tmp_path)) as process:
        wait_for_requests(held.server, BEFORE_THE_STOP + 8)
        process.send_signal(signum)
        heard_of_the_stop(process)
        held.let_go.set()
        said, _ = process.communicate()
    assert process.returncode == status
    assert logged(tmp_path) == held.server.requests == BEFORE_THE_STOP + 8
    again = re.search(r"Go on with: kpmath (.*)", said)
    assert again
    assert shlex.split(again[1]) == words(held.server, tmp_path)


def test_twice_ends_at_once(held: Held, tmp_path: Path) -> None:
    with start(words(held.server, tmp_path)) as process:
        wait_for_requests(held.server, BEFORE_THE_STOP + 8)
        process.send_signal(signal.SIGINT)
        heard_of_the_stop(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert not held.let_go.is_set()


def test_a_second_signal_that_a_finalizer_swallows_ends_the_grace() -> None:
    """Python reports what is raised there, and goes on."""
    stop = Stop(grace=3600.0)

    async def work() -> None:
        stop.signalled(signal.SIGINT)
        with contextlib.suppress(Interrupted):
            stop.signalled(signal.SIGINT)
        await asyncio.sleep(3600.0)

    with pytest.raises(Interrupted):
        stop.run(work())


@pytest.mark.slow
def test_what_takes_longer_than_the_grace_is_left(held: Held, tmp_path: Path) -> None:
    with start(words(held.server, tmp_path, "--set", "build.grace=0.1")) as process:
        wait_for_requests(held.server, BEFORE_THE_STOP + 8)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LONG)
    assert process.returncode == 143
    assert logged(tmp_path) == BEFORE_THE_STOP


@pytest.mark.slow
def test_to_go_on_a_regeneration_must_not_begin_another(held: Held, tmp_path: Path) -> None:
    with start(words(held.server, tmp_path, "--shards", "1", "--regenerate")) as process:
        wait_for_requests(held.server, BEFORE_THE_STOP + 1)
        process.send_signal(signal.SIGINT)
        heard_of_the_stop(process)
        held.let_go.set()
        said, _ = process.communicate()
    again = re.search(r"Go on with: kpmath (.*)", said)
    assert again
    assert again[1].endswith("--shards 1")


def small(server: DummyServer, folder: Path) -> Recipe:
    teacher = {"kind": "openai", "model": "dummy", "addresses": [server.address], "in_flight": 8}
    return Recipe.of(
        {"teacher": teacher, "seeds": {"limit": 40}, "build": {"folder": str(folder), "questions": 9}}
    )


def test_build_raises_in_the_main_thread_and_puts_the_handlers_back(held: Held, tmp_path: Path) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    def kill() -> None:
        wait_for_requests(held.server, BEFORE_THE_STOP + 8)
        os.kill(os.getpid(), signal.SIGTERM)
        held.let_go.set()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(Interrupted) as stopped:
        build(small(held.server, tmp_path))
    killer.join()
    assert stopped.value.exit_status == 143
    assert isinstance(stopped.value, KeyboardInterrupt), "no `except Exception` swallows it"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_build_in_another_thread_leaves_signals_alone(tmp_path: Path) -> None:
    handlers: list[object] = []
    with DummyServer(play) as server:
        worker = threading.Thread(
            target=lambda: build(
                small(server, tmp_path), progress=lambda _: handlers.append(signal.getsignal(signal.SIGTERM))
            )
        )
        worker.start()
        worker.join()
    assert set(handlers) == {signal.getsignal(signal.SIGTERM)}
    assert (tmp_path / "manifest.json").exists()


def test_a_build_runs_where_an_event_loop_runs_already_as_in_a_notebook(tmp_path: Path) -> None:
    async def cell() -> int:
        made = build(Recipe.of({"build": {"folder": str(tmp_path), "questions": 4}}))
        return made.rows["scored"]

    assert asyncio.run(cell()) == 4


def test_a_second_signal_leaves_no_warning_about_what_it_cut_off() -> None:
    """Wherever it comes, also between the making of a coroutine and its first step."""

    async def unbegun() -> None:
        raise AssertionError

    stop = Stop(grace=LONG)

    async def work() -> None:
        cut_off = unbegun()
        stop.signalled(signal.SIGINT)
        stop.signalled(signal.SIGINT)
        await cut_off

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with contextlib.suppress(Interrupted):
            stop.run(work())
            pytest.fail("the second signal ends it at once")
        gc.collect()
    assert not told


def test_a_signal_before_the_first_step_leaves_no_coroutine_behind(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    async def work() -> None:
        raise AssertionError

    def interrupted(_: object) -> None:
        raise Interrupted(signal.SIGINT)

    monkeypatch.setattr(stopping, "run_apart", interrupted)
    with pytest.raises(Interrupted):
        Stop().run(work())
    gc.collect()
    assert not recwarn.list
