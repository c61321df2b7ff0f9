"""Ctrl+C and SIGTERM: once, what is under way is finished; twice, at once."""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dummy_server import DummyServer
from roleplay import play

from kpmath_builder import Recipe, build
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.stopping import Interrupted


@pytest.fixture(scope="module")
def server() -> Iterator[DummyServer]:
    """Answers take a while: whoever is interrupted has requests under way."""
    with DummyServer(play, seconds=0.7) as running:
        yield running


@pytest.fixture(scope="module")
def slow_server() -> Iterator[DummyServer]:
    """Answers take so long that nobody could mistake waiting for them for ending at once."""
    with DummyServer(play, seconds=6.0) as running:
        yield running


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
    command = [sys.executable, "-m", "kpmath_builder", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for_requests(server: DummyServer, count: int) -> None:
    while server.requests < count:
        time.sleep(0.01)


def logged(folder: Path) -> int:
    total = 0
    for path in (folder / "responses").glob("*.jsonl"):
        with ResponseLog(path, writable=False) as log:
            assert not log.damaged
            assert not log.torn_bytes
            total += len(log)
    return total


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_once_sends_nothing_more_and_keeps_every_answer(
    server: DummyServer, tmp_path: Path, signum: int, status: int
) -> None:
    before = server.requests
    with start(words(server, tmp_path)) as process:
        wait_for_requests(server, before + 20)
        process.send_signal(signum)
        said, _ = process.communicate()
    assert process.returncode == status
    sent = server.requests - before
    assert sent <= 32, "the 8 under way, and at most the 8 that followed before the signal came"
    assert logged(tmp_path) == sent
    assert "no new requests" in said
    again = re.search(r"Go on with: kpmath (.*)", said)
    assert again
    assert shlex.split(again[1]) == words(server, tmp_path)


def test_twice_ends_at_once(slow_server: DummyServer, tmp_path: Path) -> None:
    before = slow_server.requests
    with start(words(slow_server, tmp_path)) as process:
        wait_for_requests(slow_server, before + 8)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        process.communicate()
    assert process.returncode == 130
    assert time.monotonic() - sent < 3


def test_what_takes_longer_than_the_grace_is_left(slow_server: DummyServer, tmp_path: Path) -> None:
    before = slow_server.requests
    with start(words(slow_server, tmp_path, "--set", "build.grace=0.1")) as process:
        wait_for_requests(slow_server, before + 8)
        process.send_signal(signal.SIGTERM)
        sent = time.monotonic()
        process.communicate()
    assert process.returncode == 143
    assert time.monotonic() - sent < 3
    assert logged(tmp_path) < slow_server.requests - before


def test_to_go_on_a_regeneration_must_not_begin_another(server: DummyServer, tmp_path: Path) -> None:
    before = server.requests
    with start(words(server, tmp_path, "--shards", "1", "--regenerate")) as process:
        wait_for_requests(server, before + 4)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate()
    again = re.search(r"Go on with: kpmath (.*)", said)
    assert again
    assert again[1].endswith("--shards 1")


def small(server: DummyServer, folder: Path) -> Recipe:
    teacher = {"kind": "openai", "model": "dummy", "addresses": [server.address], "in_flight": 8}
    return Recipe.of(
        {"teacher": teacher, "seeds": {"limit": 40}, "build": {"folder": str(folder), "questions": 9}}
    )


def test_build_raises_in_the_main_thread_and_puts_the_handlers_back(
    server: DummyServer, tmp_path: Path
) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    before = server.requests
    killer = threading.Thread(
        target=lambda: (wait_for_requests(server, before + 9), os.kill(os.getpid(), signal.SIGTERM))
    )
    killer.start()
    with pytest.raises(Interrupted) as stopped:
        build(small(server, tmp_path))
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
