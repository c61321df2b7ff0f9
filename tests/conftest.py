"""Fixtures shared by all tests, and what keeps them independent of the machine's speed."""

import gc
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from commands import Kpmath
from dummy_server import DummyServer
from huggingface_hub import DatasetCardData
from hypothesis import HealthCheck, settings
from roleplay import play
from small_builds import recipe

from kpmath_builder import build, pipeline
from kpmath_builder.answers.workers import Limits, checker
from kpmath_builder.errors import InputError
from kpmath_builder.seeds import benchmarks
from kpmath_builder.seeds.rows import Table

settings.register_profile(
    "steady",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("search", settings.get_profile("steady"), derandomize=False, max_examples=2000)
settings.load_profile("steady")

# A shell ignores Ctrl+C for what it runs in the background, and so would each command that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Containers often forbid bytecode: each run would rewrite the asserts of all test files, and each command that a test starts
# would compile the package.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public development data beside the checkout; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(
            f"no development data at {SHARED_DATA.parent.name}/{SHARED_DATA.name} beside the checkout"
        )
    return SHARED_DATA


@pytest.fixture(scope="session")
def whole_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of `small_builds.recipe`, built in one go by a server without faults; it is only looked at."""
    folder = tmp_path_factory.mktemp("whole_build")
    with DummyServer(play) as server:
        build(recipe(folder, server))
    return folder


@pytest.fixture
def build_copy(whole_build: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder, which a test may change and build on."""
    return shutil.copytree(whole_build, tmp_path / "build_copy")


def pytest_collection_finish() -> None:
    """Set aside what stays for the whole run: each build would walk through thousands of tests twice."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def nothing_is_set_aside_again() -> Iterator[None]:
    """Leave out what a build does for the garbage collector: it would count all that is set aside already, each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "long_lived_objects_set_aside", nullcontext)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Iterator[None]:
    """Leave out the wait for the disk: what a process has written outlives its kill, and no test pulls the plug."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def equal_front_matter_once() -> Iterator[None]:
    """Write the YAML of equal cards once: most builds here are copies of a few, and PyYAML takes a tenth of the time of each."""
    plain, made = DatasetCardData.to_yaml, dict[str, str]()

    def remembered(data: DatasetCardData, **words: str) -> str:
        content = json.dumps([data.to_dict(), words], default=repr)
        if content not in made:
            made[content] = plain(data, **words)
        return made[content]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatasetCardData, "to_yaml", remembered)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_test_sets_of_the_hub() -> Iterator[None]:
    """Let no test, nor a build that tests share, ask the Hub for test sets or find those that somebody fetched before."""

    def refuse(hub: str, *_: object) -> Table:
        raise InputError(f"{hub} is not here.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmarks, "hub_answers", lambda: False)
        patch.setattr(benchmarks, "open_hub", refuse)
        yield


@pytest.fixture
def patient_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the checker limits that mean "never", so that a verdict does not hang on the speed of the machine."""
    monkeypatch.setattr(checker, "limits", Limits(seconds=30, patience=600))


@pytest.fixture
def kpmath(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Kpmath:
    """Run commands in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Kpmath(capsys, monkeypatch)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their parameter and place: bytes may hold a time, and workers must collect equal ids."""
    return argname if isinstance(val, bytes) else None
