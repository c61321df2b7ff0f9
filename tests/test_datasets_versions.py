"""One folder, read alike by old and new `datasets`: each old version lives in an environment made for the test."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from factories import make_build

from kpmath_builder.schemas import CONFIGS, DEFAULT_CONFIG

READER = """
import json, sys
import datasets
for config in [None, *sys.argv[2:]]:
    for streaming in (False, True):
        rows = datasets.load_dataset(sys.argv[1], config, split="train", streaming=streaming)
        print(json.dumps([datasets.__version__, config, streaming, list(rows.features), list(rows)]))
"""

OLD_VERSIONS = [
    pytest.param(["datasets==3.6.0"], id="3.6.0"),
    # The last before scripts lost their default trust; it needs what was current in 2024.
    pytest.param(
        ["datasets==2.21.0", "numpy<2", "pyarrow<21", "huggingface_hub<1", "fsspec<2024.6.2"], id="2.21.0"
    ),
]


def read(python: Path | str, folder: Path, home: Path) -> tuple[str, list[list]]:
    """Return the version of `datasets` that `python` has, and all that it reads from a folder."""
    environment = {"PATH": os.environ["PATH"], "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    command = [str(python), "-c", READER, str(folder), *CONFIGS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    readings = [json.loads(line) for line in done.stdout.splitlines()]
    return readings[0][0], [rest for _, *rest in readings]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("requirements", OLD_VERSIONS)
def test_old_versions_read_the_same_rows(tmp_path: Path, requirements: list[str]):
    """Default config and each config, loaded and streamed: names of columns and every value."""
    make_build(candidates=60, seeds=12).write(tmp_path / "dataset", rows_per_file=25)
    venv.create(tmp_path / "old", with_pip=True)
    python = tmp_path / "old" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
    version, old = read(python, tmp_path / "dataset", tmp_path / "home-old")
    _, current = read(sys.executable, tmp_path / "dataset", tmp_path / "home-current")
    assert requirements[0] == f"datasets=={version}"
    assert old == current
    default, streamed, *_ = old
    assert default[3] == streamed[3] == next(rows for config, _, _, rows in old if config == DEFAULT_CONFIG)
    assert all(rows for *_, rows in old)
