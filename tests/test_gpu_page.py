"""docs/gpu.md read at three in the morning: each command, key and recipe on it exists, and its SLURM script does what it says."""

import os
import re
import shlex
import signal
import subprocess
import time
import tomllib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
import typer

from kpmath_builder import Recipe
from kpmath_builder.cli import app

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "gpu.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
SHELL = [text for kind, text in BLOCKS if kind == "sh"]
EXAMPLES = sorted({*(ROOT / "examples").glob("*.toml")} - {ROOT / "examples/mix.toml"})


def commands() -> list[list[str]]:
    """Return the words of each `kpmath` command on the page, without comments."""
    lines = "\n".join(SHELL).replace("\\\n", " ").splitlines()
    inline = re.findall(r"`(kpmath [^`]*)`", PAGE.replace("\n", " "))
    words = [
        shlex.split(line.rstrip("& "), comments=True)
        for line in (*lines, *inline)
        if line.startswith("kpmath ")
    ]
    assert len(words) > 6
    return words


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_each_command_exists_with_its_options_and_its_keys(words: list[str]) -> None:
    command = typer.main.get_group(app).commands[words[1]]
    known = {option for parameter in command.params for option in parameter.opts}
    given = [word for word in words if word.startswith("--")]
    assert set(given) <= known
    keys = dict(word.split("=", 1) for before, word in pairwise(words) if before == "--set")
    named = next((word for word in words if word.startswith("examples/")), "examples/quickstart.toml")
    Recipe.read(ROOT / named, keys)


@pytest.mark.parametrize("block", [text for kind, text in BLOCKS if kind == "toml"])
def test_each_recipe_on_the_page_is_one(block: str) -> None:
    teacher = {"kind": "vllm", "model": "org/m"}
    tree = tomllib.loads(block)
    Recipe.of({**tree, "teacher": teacher | tree["teacher"]})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("overrides", [{}, {"teacher.kind": "symbolic"}], ids=["as it is", "rehearsed"])
def test_each_example_is_a_recipe_and_can_be_rehearsed(path: Path, overrides: Mapping[str, str]) -> None:
    recipe = Recipe.read(path, overrides)
    kinds = {recipe.teacher_for(role).kind for role in ("extractor", "writer", "judge", "solver")}
    assert not overrides or kinds == {"symbolic"}


@pytest.fixture
def batch(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Run the page's SLURM script as task 3 of its array, with a `kpmath` that works until it is told to stop."""
    (script,) = (text for text in SHELL if "#SBATCH" in text)
    (tmp_path / "kpmath.sbatch").write_text(script)
    stubs = {
        "kpmath": 'echo "$@" > called; trap "echo stopped > stopped; exit 143" TERM; while [ ! -e done ]; do sleep 0.05; done',
        "scontrol": 'echo "$@" > requeued',
    }
    for name, body in stubs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{body}\n")
        (tmp_path / name).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SLURM_ARRAY_TASK_ID": "3",
        "SLURM_ARRAY_JOB_ID": "77",
        "SCRATCH": "/scratch",
    }
    process = subprocess.Popen(["bash", "kpmath.sbatch"], cwd=tmp_path, env=environment)
    wait_for(tmp_path / "called")
    return process


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_slurm_script_gives_each_task_shards_of_its_own(
    tmp_path: Path, batch: subprocess.Popen[bytes]
) -> None:
    (tmp_path / "done").touch()
    assert batch.wait(120) == 0
    words = (tmp_path / "called").read_text().split()
    shards = [int(number) for number in words[words.index("--shards") + 1].split(",")]
    assert shards == list(range(3, 200, 16))
    assert "build.folder=/scratch/kpmath" in words
    assert not (tmp_path / "requeued").exists()


def test_slurm_s_signal_stops_the_build_in_good_order_and_queues_the_task_again(
    tmp_path: Path, batch: subprocess.Popen[bytes]
) -> None:
    batch.send_signal(signal.SIGTERM)
    batch.wait(120)
    assert (tmp_path / "stopped").exists()
    assert (tmp_path / "requeued").read_text() == "requeue 77_3\n"
