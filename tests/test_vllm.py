"""The servers that a build runs itself: real processes and signals, with a stand-in for the engine (tests/fake_engine)."""

import asyncio
import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from dummy_server import DummyServer
from ports import listeners
from roleplay import play
from test_build_served import assert_accounted, same_tables

from kpmath_builder import BuildError, InputError, Recipe, build, pipeline
from kpmath_builder.client import handshake, monitor
from kpmath_builder.client.connection import Connection
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.engine import restarts
from kpmath_builder.engine import server as engine_server
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.process_group import ProcessGroup
from kpmath_builder.engine.processes import group_members
from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.progress import Progress, Reporter

TESTS = Path(__file__).resolve().parent
LONG = 120.0
"""Seconds that nothing here takes, on any machine."""
slow = pytest.mark.slow
"""More of what a fast test shows once."""


@pytest.fixture(autouse=True)
def _fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_VLLM", "")
    monkeypatch.setenv("FAKE_VLLM_OF", str(os.getpid()))
    monkeypatch.setenv("PYTHONPATH", f"{TESTS / 'fake_engine'}{os.pathsep}{TESTS}")
    monkeypatch.setattr(restarts, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(monitor, "SECONDS_BETWEEN_LOOKS", 0.2)


@pytest.fixture(autouse=True)
def _no_engine_is_left() -> Iterator[None]:
    yield
    assert not fake_processes(), "an engine outlived its build"


def fake_processes() -> list[int]:
    """Return the living processes of stand-ins that this test run has started, servers and engines."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes()
            ours = f"FAKE_VLLM_OF={os.getpid()}\0".encode() in (path / "environ").read_bytes()
        except OSError:
            continue
        if ours and (b"vllm.entrypoints.cli.main" in words or b"VLLM::EngineCore" in words):
            found.append(int(path.name))
    return found


def recipe(folder: Path, mood: dict[str, Any] | None = None, **teacher: Any) -> Recipe:
    set_mood(folder, mood or {})
    return Recipe.of(
        {
            "teacher": {"kind": "vllm", "model": "org/tiny", "in_flight": 16, "patience": 600, **teacher},
            "topics": {"ask_above": 0.5},
            "solutions": {"samples": 4},
            "build": {"folder": str(folder), "questions": 40, "shards": 2, "window": 8},
        }
    )


def set_mood(folder: Path, mood: dict[str, Any]) -> None:
    file = folder.with_name(f"{folder.name}-mood.json")  # a build folder holds nothing else
    file.write_text(json.dumps(mood))
    os.environ["FAKE_VLLM"] = str(file)


def disturbed(
    made: Recipe,
    disturb: Callable[[list[int]], None],
    notes: list[str] | None = None,
    *,
    after: int = 60,
    on_note: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Build, and once so many answers are logged, call `disturb` with the servers' process groups; return the notes."""
    notes = [] if notes is None else notes
    done = []

    def listen(progress: Progress) -> None:
        if progress.note:
            notes.append(progress.note)
            on_note(progress.note)
        if not done and progress.stage == "synthesis" and progress.fresh.requests >= after:
            done.append(True)
            disturb(groups(made.build.folder))

    with patch.object(
        pipeline, "Reporter", partial(Reporter, interval=0.0)
    ):  # hear of every step, however quick
        build(made, progress=listen)
    assert done
    return notes


def groups(folder: Path) -> list[int]:
    """Return the process groups of the servers in the registry."""
    return [engine["group"] for engine in registered(folder)]


def registered(folder: Path) -> list[dict[str, Any]]:
    """Return the engines in the registry."""
    records = [json.loads(path.read_bytes()) for path in (folder / "engine").glob("running-*.json")]
    return [engine for record in records for engine in record["engines"]]


def engine_of(group: int) -> int:
    return next(member.pid for member in group_members(group) if member.pid != group)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of a build without any fault."""
    folder = tmp_path_factory.mktemp("undisturbed")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{TESTS / 'fake_engine'}{os.pathsep}{TESTS}"
    try:
        build(recipe(folder))
    finally:
        os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)
    return folder


def same_rows(folder: Path, undisturbed: Path) -> bool:
    assert_accounted(folder, 40)
    return same_tables(undisturbed / "dataset" / "data", folder / "dataset" / "data")


def test_a_build_starts_its_server_stops_it_and_keeps_log_and_record(undisturbed: Path) -> None:
    assert_accounted(undisturbed, 40)
    assert not list((undisturbed / "engine").glob("running-*"))
    (log,) = (undisturbed / "engine").glob(f"*-{os.getpid()}/org-tiny-0.log")
    assert "Starting to load model org/tiny" in log.read_text()
    (socket,) = re.findall(r"--uds (\S+)", log.read_text())
    assert not Path(socket).parent.exists()
    run = json.loads((undisturbed / "engine" / "runs.jsonl").read_text())
    assert (run["model"], run["servers"], run["restarts"]) == ("org/tiny", 1, 0)
    assert run["generated_tokens"] > 40
    assert run["calls"] >= run["generated_tokens"]


@slow
def test_no_process_of_a_server_listens_at_a_port(tmp_path: Path) -> None:
    found: list[dict[int, list[str]]] = []
    disturbed(recipe(tmp_path, servers=2, gpus=[0, 1]), lambda groups: found.extend(map(listeners, groups)))
    assert [len(processes) for processes in found] == [2, 2]
    assert not [address for processes in found for addresses in processes.values() for address in addresses]


def test_a_port_that_a_process_listens_at_is_found() -> None:
    script = "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdin
        assert process.stdout
        port = int(process.stdout.readline())
        assert listeners(process.pid) == {process.pid: [f"0100007F:{port:04X}"]}
        process.stdin.close()


DEATHS: dict[str, Callable[[int], None]] = {
    "server killed": lambda group: os.kill(group, signal.SIGKILL),
    "server ended": lambda group: os.kill(group, signal.SIGTERM),
    "engine killed": lambda group: os.kill(engine_of(group), signal.SIGKILL),
    "both killed": lambda group: os.killpg(group, signal.SIGKILL),
}


@pytest.mark.parametrize(
    "kind", ["server killed", *(pytest.param(k, marks=slow) for k in DEATHS if k != "server killed")]
)
def test_a_server_that_dies_is_started_again_and_no_blueprint_is_lost(
    tmp_path: Path, undisturbed: Path, kind: str
) -> None:
    notes = disturbed(recipe(tmp_path), lambda found: DEATHS[kind](found[0]))
    assert any("has ended" in note and "starting it again" in note for note in notes)
    assert any("is ready again" in note for note in notes)
    assert same_rows(tmp_path, undisturbed)
    assert json.loads((tmp_path / "engine" / "runs.jsonl").read_text())["restarts"] == 1


@slow
def test_of_two_servers_with_gpus_of_their_own_one_dies_and_the_other_goes_on(
    tmp_path: Path, undisturbed: Path
) -> None:
    made = recipe(tmp_path, servers=2, gpus=[3, 5])
    disturbed(made, lambda found: os.killpg(found[0], signal.SIGKILL))
    assert same_rows(tmp_path, undisturbed)
    logs = [path.read_text() for path in sorted((tmp_path / "engine").glob("*/org-tiny-*.log"))]
    assert ["on GPUs 3" in logs[0], "on GPUs 5" in logs[1]] == [True, True]


class Clock:
    """The monitor's clock, which a test may put forward, or let race: then each look at it takes five minutes."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.races = False

    def monotonic(self) -> float:
        self.ahead += 300.0 if self.races else 0.0
        return time.monotonic() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(monitor, "time", clock)
    monkeypatch.setattr(monitor, "LOOK_SECONDS", 1.0)
    monkeypatch.setattr(handshake, "PROBE_SECONDS", 1.0)
    return clock


@slow
def test_a_server_that_stops_for_a_while_is_waited_for(
    tmp_path: Path, undisturbed: Path, clock: Clock
) -> None:
    groups: list[int] = []

    def pause(found: list[int]) -> None:
        os.killpg(found[0], signal.SIGSTOP)
        groups.extend(found)
        clock.races = True

    def resume(note: str) -> None:
        if "has not made a token for" in note:
            clock.races = False
            os.killpg(groups[0], signal.SIGCONT)

    notes = disturbed(recipe(tmp_path, patience=10**6), pause, on_note=resume)
    assert any("has not made a token for" in note for note in notes)
    assert not any("has ended" in note for note in notes)
    assert same_rows(tmp_path, undisturbed)


@slow
def test_a_server_that_hangs_is_started_again(tmp_path: Path, undisturbed: Path, clock: Clock) -> None:
    def hang(found: list[int]) -> None:
        os.killpg(found[0], signal.SIGSTOP)
        clock.races = True

    def calm(note: str) -> None:
        clock.races = clock.races and "has made no token for too long" not in note

    notes = disturbed(recipe(tmp_path), hang, on_note=calm)
    assert sum("has made no token for too long" in note for note in notes) == 1
    assert sum("has ended by SIGKILL" in note for note in notes) == 1
    assert same_rows(tmp_path, undisturbed)


@slow
def test_what_is_left_of_a_dead_server_is_not_waited_for_long(
    tmp_path: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that ignores SIGTERM outlives its server; a server that is stopped in good order may take an hour here."""
    monkeypatch.setattr(engine_server, "SECONDS_FOR_REMNANTS", 0.3)
    monkeypatch.setattr(ProcessGroup.end, "__defaults__", (3600.0,))

    def kill(found: list[int]) -> None:
        set_mood(tmp_path, {})
        os.kill(found[0], signal.SIGKILL)

    notes = disturbed(recipe(tmp_path, {"stubborn": True}), kill)
    assert any("is ready again" in note for note in notes)
    assert same_rows(tmp_path, undisturbed)


@slow
def test_the_time_that_a_model_takes_to_load_is_not_silence(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_server, "SECONDS_BETWEEN_MESSAGES", 0.0)
    made = recipe(tmp_path, {"loads_until": str(tmp_path / "loaded")})
    notes: list[str] = []

    def listen(progress: Progress) -> None:
        notes.append(progress.note)
        if " starts (" in progress.note and not clock.ahead:
            clock.ahead = 1000.0
            (tmp_path / "loaded").touch()

    build(made, progress=listen)
    assert clock.ahead
    assert not any("token" in note for note in notes if "made" in note)
    assert json.loads((tmp_path / "engine" / "runs.jsonl").read_text())["restarts"] == 0


@slow
def test_a_server_that_dies_again_and_again_ends_the_build_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recipe(tmp_path)

    def ruin(found: list[int]) -> None:
        set_mood(tmp_path, {"fault": "CUDA out of memory"})
        os.killpg(found[0], signal.SIGKILL)

    notes: list[str] = []
    with pytest.raises(BuildError, match=r"has ended 5 times: see .*org-tiny-0\.log"):
        disturbed(made, ruin, notes)
    starts = [sentence for sentence in notes if "did not start (torch.OutOfMemoryError: CUDA out" in sentence]
    assert len(starts) == 4
    assert all(sentence.endswith("Starting it again") for sentence in starts)


@slow
def test_a_server_that_cannot_be_started_again_for_want_of_disk_ends_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else would notice: its requests would wait for ever."""

    def fill_the_disk(found: list[int]) -> None:
        monkeypatch.setattr(EngineRegistry, "add", fail)
        os.killpg(found[0], signal.SIGKILL)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(BuildError, match=r"has ended and cannot be started again: .*No space left on device"):
        disturbed(recipe(tmp_path), fill_the_disk)


def test_a_server_that_is_never_ready_is_given_up_and_ended(tmp_path: Path) -> None:
    notes: list[str] = []

    async def unasked(_: Endpoint) -> bool:
        raise AssertionError("it was never ready")

    connection = Connection(["unix:/no/such/socket"], verify=unasked, probe=unasked, notify=notes.append)
    processes = ProcessGroup(
        "vLLM",
        ["sleep", "600"],
        os.environ,
        socket_path=tmp_path / "s",
        log=tmp_path / "log",
        registry=EngineRegistry(tmp_path / "engine"),
    )
    server = engine_server.Server(
        processes,
        connection=connection,
        endpoint=connection.pool.all[0],
        patience=1800.0,
        on_failure=lambda error: pytest.fail(str(error)),
        clock=partial(next, count(0.0, 700.0)),
    )

    async def run() -> None:
        try:
            await server.start()
        finally:
            await connection.close()

    with pytest.raises(BuildError, match=r"is not ready after 1800 s \(importing its libraries\): see .*log"):
        asyncio.run(run())
    assert not groups(tmp_path)  # it has ended
    assert notes == [
        "vLLM starts (700 s): importing its libraries",
        "vLLM starts (1400 s): importing its libraries",
    ]


@pytest.mark.parametrize(
    ("mood", "teacher", "sentence"),
    [
        (
            {"fault": "CUDA out of memory"},
            {},
            r"did not start \(torch.OutOfMemoryError: CUDA out of memory\): see ",
        ),
        pytest.param({"model": "other"}, {}, "does not serve 'org/tiny' but other", marks=slow),
        ({}, {"python": "/no/such/python"}, "There is no Python at /no/such/python: correct teacher.python"),
        ({}, {"servers": 2, "gpus": [0]}, "need 2, and there are 1"),
    ],
)
def test_a_server_that_cannot_do_the_work_ends_the_build_with_one_sentence(
    tmp_path: Path, mood: dict[str, Any], teacher: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as error:
        build(recipe(tmp_path, mood, **teacher))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("number", "phase_name"),
    [
        (signal.SIGTERM, "working"),
        pytest.param(signal.SIGINT, "working", marks=slow),
        pytest.param(signal.SIGINT, "starting", marks=slow),
        pytest.param(signal.SIGTERM, "starting", marks=slow),
    ],
)
def test_a_build_stopped_by_a_signal_leaves_no_engine(tmp_path: Path, number: int, phase_name: str) -> None:
    never_ready = {"loads_until": str(tmp_path / "never")}
    process = started(tmp_path, {"seconds": 0.3} if phase_name == "working" else never_ready)
    if phase_name == "working":
        wait_for(lambda: any(True for _ in entries(tmp_path)))  # requests are under way
    process.send_signal(number)
    assert process.wait(LONG) == 128 + number
    wait_for(lambda: not fake_processes())


@pytest.mark.slow
def test_an_engine_that_outlived_a_killed_builder_is_found_named_and_ended(tmp_path: Path) -> None:
    process = started(tmp_path, {"seconds": 600})
    wait_for(lambda: engine_begun(tmp_path))
    process.kill()
    process.wait()
    (engine,) = registered(tmp_path)
    os.kill(engine["group"], signal.SIGKILL)  # the server dies too, its engine stays
    assert fake_processes()
    assert Path(engine["socket"]).is_socket()
    notes: list[str] = []
    build(recipe(tmp_path), progress=lambda progress: notes.append(progress.note))
    assert any("still there from an earlier run (process group" in note for note in notes)
    assert not Path(engine["socket"]).parent.exists()
    assert not list((tmp_path / "engine").glob("running-*"))


@slow
def test_engines_of_a_builder_that_lives_are_left_alone(tmp_path: Path) -> None:
    process = started(tmp_path, {"seconds": 600})
    wait_for(lambda: engine_begun(tmp_path))
    asyncio.run(EngineRegistry(tmp_path / "engine").end_orphans(pytest.fail))
    assert fake_processes()
    process.terminate()
    process.wait(LONG)


def started(folder: Path, mood: dict[str, Any]) -> "subprocess.Popen[bytes]":
    """Run `kpmath build` in a process of its own and return once its server was started."""
    (folder.with_name(f"{folder.name}-recipe.toml")).write_text(recipe(folder, mood).to_toml() + "\n")
    command = [
        sys.executable,
        "-m",
        "kpmath_builder",
        "build",
        str(folder.with_name(f"{folder.name}-recipe.toml")),
        "--set",
        "build.grace=0.2",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: bool(groups(folder)))
    return process


def engine_begun(folder: Path) -> bool:
    found = groups(folder)
    return bool(found) and len(group_members(found[0])) == 2


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# The same model, whoever runs it


@slow
def test_a_build_begun_with_an_engine_of_its_own_goes_on_at_a_server(
    tmp_path: Path, undisturbed: Path
) -> None:
    """What was answered is not asked again, and the tables are those of one build."""
    own = recipe(tmp_path).model_dump(mode="json", exclude_unset=True)
    build(Recipe.of({**own, "build": {**own["build"], "questions": 15}}))
    asked = len(list(entries(tmp_path)))
    with DummyServer(play, models=["org/tiny"]) as server:
        theirs = {**own["teacher"], "kind": "openai", "addresses": [server.address]}
        build(Recipe.of({**own, "teacher": theirs}))
        assert server.requests == len(list(entries(tmp_path))) - asked > 0
    assert same_rows(tmp_path, undisturbed)


def entries(folder: Path) -> Iterator[bytes]:
    for log in (folder / "responses").glob("*.jsonl"):
        yield from log.read_bytes().splitlines()


def test_a_model_that_bears_the_symbolic_teacher_s_name_is_another(tmp_path: Path) -> None:
    given = {"topics": {"ask_above": 0.5}, "build": {"folder": str(tmp_path), "questions": 4}}
    build(Recipe.of({**given, "teacher": {"kind": "symbolic"}}))
    with pytest.raises(InputError, match="was built with another recipe: the prompt of extract was 'none"):
        build(Recipe.of({**given, "teacher": {"kind": "openai", "model": "symbolic"}}))


# Models that share GPUs


@slow
def test_of_models_on_the_same_gpus_one_is_loaded_at_a_time(tmp_path: Path) -> None:
    made = recipe(tmp_path).model_dump(mode="json", exclude_unset=True)
    made["roles"] = {"judge": {"model": "org/judge"}}
    loaded: list[int] = []
    build(Recipe.of(made), progress=lambda _: loaded.append(len(groups(tmp_path))))
    assert_accounted(tmp_path, 40)
    assert max(loaded) == 1
    runs = [json.loads(line) for line in (tmp_path / "engine" / "runs.jsonl").read_text().splitlines()]
    assert {run["model"] for run in runs} == {"org/tiny", "org/judge"}


def test_teachers_that_are_not_asked_start_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with Teachers(recipe(tmp_path), pytest.fail) as teachers:
            assert teachers.load() == ""

    asyncio.run(run())
    assert not (tmp_path / "engine").exists()
