"""What docs/hub.md tells people to type works as it stands there, on the Hub of the tests."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_hub import LoopbackHub, serve

pytest_plugins = ("hub_fixtures",)
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^kpmath (?:publish|verify) .*", PAGE, re.MULTILINE)
DOWNLOAD = re.search(r"`(hf download .*?)`, then\s+`(cd .*?)`", PAGE)
CALLS = [
    call for call in re.findall(r"`((?:load_dataset|kpmath_builder\.load)\(.*?\))`", PAGE) if "…" not in call
]
"""From the table of ways to load; those with `trust_remote_code` are for old versions (test_datasets_versions.py)."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Path]) -> Path:
    """Return a folder with a build called NAME."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "builds").mkdir()
    (folder / "builds" / "NAME").symlink_to(builds["new"])
    return folder


@pytest.fixture(scope="module")
def hub(place: Path) -> Iterator[LoopbackHub]:
    """Return a Hub on which the commands of the page were run."""
    with serve(place / "hub") as running:
        for command in COMMANDS:
            done = shell(
                command.replace("kpmath ", f"{sys.executable} -m kpmath_builder ", 1), running, place
            )
            assert done.returncode == 0, done.stderr
        yield running


def shell(command: str, hub: LoopbackHub, place: Path) -> subprocess.CompletedProcess[str]:
    """Run a line in a shell with our programs, the Hub and a token."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": "hf_test",
        "HF_HOME": str(place / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    return subprocess.run(
        ["/bin/bash", "-c", command], cwd=place, env=environment, capture_output=True, text=True, check=False
    )


def test_the_commands_publish_and_verify(hub: LoopbackHub):
    assert [command.split()[1] for command in COMMANDS] == ["publish", "verify"]
    assert set(hub.repo("org/kpmath").tags) == {"v1.2.0"}


def test_a_version_is_checked_without_our_program(hub: LoopbackHub, place: Path):
    assert DOWNLOAD
    done = shell(" && ".join(DOWNLOAD.groups()), hub, place)
    assert done.returncode == 0, done.stderr
    told = [line.rpartition(": ") for line in done.stdout.splitlines() if ": " in line]
    assert {"data/qa-pairs/train-00000-of-00001.parquet", "README.md"} <= {path for path, _, _ in told}
    assert {verdict for path, _, verdict in told if "/" in path} == {"OK"}


def test_the_calls_load_rows(hub: LoopbackHub, place: Path):
    calls = [call.replace("0.8", "0.7") for call in CALLS if "trust_remote_code" not in call]
    assert len(calls) == 2
    lines = [
        f"rows = {call}; print(len(rows['train'] if isinstance(rows, dict) else rows))" for call in calls
    ]
    # 0.7, because no vote of the tests' rows is clearer
    code = "\n".join(["import kpmath_builder", "from datasets import load_dataset", *lines])
    (place / "calls.py").write_text(code, encoding="utf-8")
    done = shell(f"{sys.executable} calls.py", hub, place)
    assert done.returncode == 0, done.stderr
    plain, filtered = map(int, done.stdout.split())
    assert 0 < filtered < plain
