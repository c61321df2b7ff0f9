"""The servers that a build runs itself: real processes and signals, with a stand-in for the engine (tests/fake_engine)."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from dummy_server import DummyServer
from roleplay import play
from test_build_served import assert_accounted, same_tables

from kpmath_builder import BuildError, InputError, Recipe, build, pipeline
from kpmath_builder.client import monitor
from kpmath_builder.engine import server as engine_server
from kpmath_builder.engine.command import (
    engine_arguments,
    engine_environment,
    gpu_groups,
    serve_command,
)
from kpmath_builder.engine.commits import commit_of
from kpmath_builder.engine.gpu_sharing import GpuSharing, sharing_of
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.processes import group_members
from kpmath_builder.engine.startup_log import last_fault, phase
from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.progress import Progress, Reporter
from kpmath_builder.recipe import VllmSettings

TESTS = Path(__file__).resolve().parent
SETTLED = 15.0
slow = pytest.mark.slow
"""More of what a fast test shows once."""


@pytest.fixture(autouse=True)
def _fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_VLLM", "")
    monkeypatch.setenv("FAKE_VLLM_OF", str(os.getpid()))
    monkeypatch.setenv("PYTHONPATH", f"{TESTS / 'fake_engine'}{os.pathsep}{TESTS}")
    monkeypatch.setattr(engine_server, "FIRST_PAUSE", 0.05)
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
            "teacher": {"kind": "vllm", "model": "org/tiny", "in_flight": 16, "patience": 20, **teacher},
            "topics": {"ask_above": 0.5},
            "solutions": {"samples": 4},
            "build": {"folder": str(folder), "questions": 40, "shards": 2, "window": 8},
        }
    )


def set_mood(folder: Path, mood: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "mood.json").write_text(json.dumps(mood))
    os.environ["FAKE_VLLM"] = str(folder / "mood.json")


def disturbed(
    made: Recipe, disturb: Callable[[list[int]], None], told: list[str] | None = None, *, after: int = 60
) -> list[str]:
    """Build, and once so many answers are logged, call `disturb` with the servers' process groups; return what was told."""
    told = [] if told is None else told
    done = []

    def listen(progress: Progress) -> None:
        if progress.note:
            told.append(progress.note)
        if not done and progress.stage == "synthesis" and progress.fresh.requests >= after:
            done.append(True)
            disturb(groups(made.build.folder))

    with patch.object(
        pipeline, "Reporter", partial(Reporter, interval=0.0)
    ):  # hear of every step, however quick
        build(made, progress=listen)
    assert done
    return told


def groups(folder: Path) -> list[int]:
    """Return the process groups of the servers that the ledger names."""
    notes = [json.loads(path.read_bytes()) for path in (folder / "engine").glob("running-*.json")]
    return [engine["group"] for note in notes for engine in note["engines"]]


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
    run = json.loads((undisturbed / "engine" / "runs.jsonl").read_text())
    assert (run["model"], run["servers"], run["restarts"]) == ("org/tiny", 1, 0)
    assert run["generated_tokens"] > 40
    assert run["calls"] >= run["generated_tokens"]


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
    told = disturbed(recipe(tmp_path), lambda found: DEATHS[kind](found[0]))
    assert any("has ended" in sentence and "starting it again" in sentence for sentence in told)
    assert any("is ready again" in sentence for sentence in told)
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


@slow
def test_a_server_that_stops_for_a_while_is_waited_for(tmp_path: Path, undisturbed: Path) -> None:
    def pause(found: list[int]) -> None:
        os.killpg(found[0], signal.SIGSTOP)
        resume = f"import os, signal, time; time.sleep(3); os.killpg({found[0]}, signal.SIGCONT)"
        subprocess.Popen([sys.executable, "-c", resume])

    told = disturbed(recipe(tmp_path), pause)
    assert not any("has ended" in sentence for sentence in told)
    assert same_rows(tmp_path, undisturbed)


def test_a_server_that_hangs_is_started_again(
    tmp_path: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(monitor, "LOOK", monitor.aiohttp.ClientTimeout(total=0.5))
    told = disturbed(recipe(tmp_path, patience=1.5), lambda found: os.killpg(found[0], signal.SIGSTOP))
    assert any("made no token for too long" in sentence for sentence in told)
    assert same_rows(tmp_path, undisturbed)


def test_what_is_left_of_a_dead_server_is_not_waited_for_long(
    tmp_path: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_server, "SECONDS_LEFT", 0.3)
    died: list[float] = []

    def kill(found: list[int]) -> None:
        set_mood(tmp_path, {})
        os.kill(found[0], signal.SIGKILL)
        died.append(time.monotonic())

    disturbed(recipe(tmp_path, {"stubborn": True}), kill)
    assert time.monotonic() - died[0] < 10
    assert same_rows(tmp_path, undisturbed)


def test_the_time_that_a_model_takes_to_load_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "SILENT_SECONDS", 0.5)
    made = recipe(tmp_path, {"loads": 2.5, "seconds": 0.2}, patience=2.0)
    told: list[str] = []
    build(made, progress=lambda progress: told.append(progress.note))
    assert not any("no token" in sentence or "not made a token" in sentence for sentence in told)


@slow
def test_a_server_that_dies_again_and_again_ends_the_build_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recipe(tmp_path)

    def ruin(found: list[int]) -> None:
        set_mood(tmp_path, {"fault": "CUDA out of memory"})
        os.killpg(found[0], signal.SIGKILL)

    told: list[str] = []
    with pytest.raises(BuildError, match=r"has ended 5 times: see .*org-tiny-0\.log"):
        disturbed(made, ruin, told)
    starts = [sentence for sentence in told if "did not start (torch.OutOfMemoryError: CUDA out" in sentence]
    assert len(starts) == 4
    assert all(sentence.endswith("Starting it again") for sentence in starts)


@pytest.mark.parametrize(
    ("mood", "teacher", "told"),
    [
        (
            {"fault": "CUDA out of memory"},
            {},
            r"did not start \(torch.OutOfMemoryError: CUDA out of memory\): see ",
        ),
        ({"obeys": False}, {}, r"ignores the JSON schema of a request \(it said 'hello'\)"),
        ({"model": "other"}, {}, "does not serve 'org/tiny' but other"),
        ({}, {"python": "/no/such/python"}, "There is no Python at /no/such/python: correct teacher.python"),
        ({}, {"servers": 2, "gpus": [0]}, "need 2, and there are 1"),
    ],
)
def test_a_server_that_cannot_do_the_work_ends_the_build_with_one_sentence(
    tmp_path: Path, mood: dict[str, Any], teacher: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told) as error:
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
    process = started(tmp_path, {"seconds": 0.3} if phase_name == "working" else {})
    if phase_name == "working":
        wait_for(lambda: any((tmp_path / "responses").glob("extract*")) and engine_begun(tmp_path))
        time.sleep(1.0)
    process.send_signal(number)
    assert process.wait(SETTLED) == 128 + number
    wait_for(lambda: not fake_processes())


def test_an_engine_that_outlived_a_killed_builder_is_found_named_and_ended(tmp_path: Path) -> None:
    process = started(tmp_path, {"seconds": 600})
    wait_for(lambda: engine_begun(tmp_path))
    process.kill()
    process.wait()
    os.kill(groups(tmp_path)[0], signal.SIGKILL)  # the server dies too, its engine stays
    assert fake_processes()
    told: list[str] = []
    build(recipe(tmp_path), progress=lambda progress: told.append(progress.note))
    assert any("still there from an earlier run (process group" in sentence for sentence in told)
    assert not list((tmp_path / "engine").glob("running-*"))


@slow
def test_engines_of_a_builder_that_lives_are_left_alone(tmp_path: Path) -> None:
    process = started(tmp_path, {"seconds": 600})
    wait_for(lambda: engine_begun(tmp_path))
    asyncio.run(EngineRegistry(tmp_path / "engine").end_orphans(pytest.fail))
    assert fake_processes()
    process.terminate()
    process.wait(SETTLED + 40)


def started(folder: Path, mood: dict[str, Any]) -> "subprocess.Popen[bytes]":
    """Run `kpmath build` in a process of its own and return once its server was started."""
    (folder / "recipe-in.toml").write_text(recipe(folder, mood).to_toml() + "\n")
    command = [
        sys.executable,
        "-m",
        "kpmath_builder",
        "build",
        str(folder / "recipe-in.toml"),
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
    deadline = time.monotonic() + SETTLED
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# The same model, whoever runs it


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


# By turns


@slow
def test_models_on_the_same_gpus_are_loaded_by_turns(tmp_path: Path, undisturbed: Path) -> None:
    made = recipe(tmp_path).model_dump(mode="json", exclude_unset=True)
    made["roles"] = {"judge": {"model": "org/judge"}}
    told: list[int] = []

    def listen(progress: Progress) -> None:
        told.append(len(groups(tmp_path)))

    build(Recipe.of(made), progress=listen)
    assert_accounted(tmp_path, 40)
    assert max(told) == 1
    runs = [json.loads(line) for line in (tmp_path / "engine" / "runs.jsonl").read_text().splitlines()]
    assert {run["model"] for run in runs} == {"org/tiny", "org/judge"}


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ({}, {}, True),
        ({"gpus": [0]}, {"gpus": [1]}, False),
        ({"gpus": [0, 1]}, {"gpus": ["1"]}, True),
        ({"gpus": [0]}, {}, True),
        ({"gpu_sharing": "together"}, {"gpu_sharing": "together"}, False),
    ],
)
def test_only_models_whose_gpus_overlap_take_turns(
    one: dict[str, Any], other: dict[str, Any], *, shared: bool
) -> None:
    base = {"model": "a"}
    found = sharing_of([VllmSettings(**(base | one)), VllmSettings(**(base | other | {"model": "b"}))])
    assert bool(found) == shared
    assert len(set(map(id, found.values()))) <= 1


def test_a_turn_ends_when_nothing_of_it_is_under_way() -> None:
    events: list[str] = []

    class Model:
        def __init__(self, name: str) -> None:
            self.name = name

        async def wake(self) -> None:
            events.append(f"{self.name} wakes")

        async def rest(self) -> None:
            events.append(f"{self.name} rests")

    async def run() -> None:
        gpu_sharing, models = GpuSharing(), [Model("a"), Model("b")]

        async def use(model: Model) -> None:
            async with gpu_sharing.turn(model):
                events.append(model.name)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(use(models[i % 2]) for i in range(6)))

    asyncio.run(run())
    assert events == ["a wakes", "a", "a", "a", "a rests", "b wakes", "b", "b", "b"]


# The command line


def test_the_command_asks_for_guidance_no_foreign_defaults_and_cached_tokens() -> None:
    settings = VllmSettings(model="org/m", revision="v1", tensor_parallel=2, arguments=("--dtype", "half"))
    words = serve_command(settings, 8123)
    pairs = dict(pairwise(words))
    assert words[1:5] == ["-m", "vllm.entrypoints.cli.main", "serve", "org/m"]
    assert pairs["--served-model-name"] == settings.model_name == "org/m@v1"
    assert (pairs["--revision"], pairs["--tensor-parallel-size"], pairs["--port"]) == ("v1", "2", "8123")
    assert json.loads(pairs["--structured-outputs-config"])["backend"] == "guidance"
    assert pairs["--generation-config"] == "vllm"
    assert {"--enable-prompt-tokens-details", "--dtype"} <= set(words)


@pytest.mark.parametrize(
    "given", ["--structured-outputs-config.backend=xgrammar", "--structured-outputs-config", "--revision"]
)
def test_an_argument_of_the_recipe_takes_the_place_of_ours(given: str) -> None:
    settings = VllmSettings(model="m", revision="r", arguments=(given, "x"))
    words = [word.partition("=")[0].partition(".")[0] for word in engine_arguments(settings)]
    assert words.count(given.partition("=")[0].partition(".")[0]) == 1


@pytest.mark.parametrize(
    ("settings", "visible", "groups"),
    [
        ({}, "", [None]),
        ({}, "4,5", [None]),
        ({"gpus": [2]}, "", [[2]]),
        ({"servers": 2}, "4,5", [["4"], ["5"]]),
        ({"servers": 2, "tensor_parallel": 2}, "", [[0, 1], [2, 3]]),
        ({"servers": 2, "data_parallel": 2, "gpus": [7, 6, 5, 4]}, "0", [[7, 6], [5, 4]]),
        ({"gpus": ["GPU-8f2a"]}, "", [["GPU-8f2a"]]),
    ],
)
def test_gpus_are_divided_among_the_servers(
    settings: dict[str, Any], visible: str, groups: list[list[int | str] | None]
) -> None:
    made = VllmSettings(model="m", **settings)
    assert gpu_groups(made, {"CUDA_VISIBLE_DEVICES": visible}) == groups


@pytest.mark.parametrize(
    ("model", "revision", "name"),
    [
        ("Qwen/Qwen3-8B", None, "Qwen/Qwen3-8B"),
        ("Qwen/Qwen3-8B", "abc", "Qwen/Qwen3-8B@abc"),
        ("/scratch/models/mine", None, "mine"),
        ("./mine", "v2", "mine@v2"),
    ],
)
def test_a_model_is_named_without_the_machine_s_paths(model: str, revision: str | None, name: str) -> None:
    assert VllmSettings(model=model, revision=revision).model_name == name


def test_an_engine_may_keep_its_compiled_python_and_starts_faster_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Images for containers forbid it to all programs."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in engine_environment([0])


def test_a_model_s_commit_is_read_from_the_hub_s_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--org--m"
    (repository / "snapshots" / "abc123").mkdir(parents=True)
    (repository / "snapshots" / "abc123" / "config.json").touch()
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc123")
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path))
    assert commit_of(VllmSettings(model="org/m")) == "abc123"
    assert commit_of(VllmSettings(model="org/other", revision="v1")) == "v1"
    assert commit_of(VllmSettings(model="/models/mine")) == ""


# The log


def test_the_log_says_what_the_engine_does_and_why_it_ended(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert (phase(log), last_fault(log)) == ("importing its libraries", "")
    log.write_text("INFO Starting to load model x\nLoading weights took 3 s\n")
    assert phase(log) == "preparing the model"
    log.write_text(
        "(EngineCore pid=1) ERROR 11-22 [core.py:9] torch.OutOfMemoryError: CUDA out of memory.\n"
        "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}\n"
    )
    assert last_fault(log) == "torch.OutOfMemoryError: CUDA out of memory"


def test_only_what_an_engine_says_since_its_own_start_is_told_of_it(tmp_path: Path) -> None:
    """A log holds all starts; a warning that names an error is none."""
    log = tmp_path / "x.log"
    log.write_text("torch.OutOfMemoryError: CUDA out of memory\nApplication startup complete\n")
    begins = log.stat().st_size
    with log.open("a") as file:
        file.write(
            "(APIServer pid=1) WARNING 11-22 12:11:56 [system_utils.py:255] This can cause fd limit errors like "
            "`OSError: [Errno 24] Too many open files`.\n(EngineCore pid=2) INFO Initializing a V1 LLM engine\n"
        )
    assert (phase(log, begins), last_fault(log, begins)) == ("starting the engine", "")
    with log.open("a") as file:
        file.write(
            "(APIServer pid=1) ERROR 11-22 12:12:00 vllm.v1.engine.exceptions.EngineDeadError: it is dead\n"
        )
    assert last_fault(log, begins) == "vllm.v1.engine.exceptions.EngineDeadError: it is dead"


def test_staff_that_asks_nobody_starts_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with Teachers(recipe(tmp_path), pytest.fail) as teachers:
            assert teachers.load() == ""

    asyncio.run(run())
    assert not (tmp_path / "engine").exists()
