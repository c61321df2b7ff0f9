"""Sources of a mix on the Hub: read as they stream in, from one commit, and not read again."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hub_steps import REPO, put
from loopback_hub import LoopbackHub
from mix_sources import make_sources

from kpmath_builder.mixing import MixRecipe

pytest_plugins = ("hub_fixtures",)
pytestmark = pytest.mark.slow

FIELDS = {"question": "question", "solution": "solution", "answer": "answer", "id": "id"}


def mix(endpoint: str, folder: Path, revision: str | None) -> subprocess.CompletedProcess[str]:
    """Mix the pairs of a published dataset in a process that knows this Hub and no other."""
    tree: dict[str, Any] = {
        "folder": str(folder / "mix"),
        "sources": {
            "ours": {"kind": "build", "path": str(folder / "sources" / "second")},
            "theirs": {
                "kind": "custom",
                "hub": REPO,
                "hub_config": "qa-pairs",
                "fields": FIELDS,
                "licence": "mit",
            },
        },
        "contamination": {"sets": []},
    }
    if revision:
        tree["sources"]["theirs"]["revision"] = revision
    (folder / "mix.toml").write_text(MixRecipe.of(tree).to_toml())
    environment = {
        **os.environ,
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(folder / "home"),
        "HF_TOKEN": "hf_test",
        "HF_HUB_DISABLE_XET": "1",
    }
    command = [sys.executable, "-m", "kpmath_builder", "mix", str(folder / "mix.toml"), "--json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_set_is_read_from_one_commit_of_the_hub(hub: LoopbackHub, tmp_path: Path):
    """An old version by its tag, then the head; what did not change is not read again."""
    build = make_sources(tmp_path / "sources") / "build"
    commit = put(hub, build, "1.0.0").commit
    published = [row["id"] for row in pq.read_table(build / "dataset" / "data" / "qa-pairs").to_pylist()]
    first = mix(hub.url, tmp_path, "v1.0.0")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["sources"]["theirs"]["stayed"] == len(published)
    spool = tmp_path / "mix" / "sources" / "theirs.jsonl"
    header = json.loads(spool.open().readline())
    assert header["state"] == f"{REPO}@{commit}"
    written = spool.stat().st_mtime_ns
    again = mix(hub.url, tmp_path, None)  # the head is the same commit
    assert again.returncode == 0, again.stderr
    rows = pq.read_table(tmp_path / "mix" / "dataset" / "data" / "plus").to_pylist()
    assert [row["source_id"] for row in rows if row["source"] == REPO] == published
    assert spool.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("revision", "status", "told"),
    [("v9.9.9", 2, "sources.theirs.revision"), (None, 2, "does not show org/kpmath")],
    ids=["revision", "dataset"],
)
def test_what_the_hub_does_not_have_is_one_sentence(
    hub: LoopbackHub, tmp_path: Path, revision: str | None, status: int, told: str
):
    build = make_sources(tmp_path / "sources") / "build"
    if revision:
        put(hub, build, "1.0.0")
    done = mix(hub.url, tmp_path, revision)
    assert (done.returncode, told in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_hub_that_is_not_there_leaves_what_was_read(tmp_path: Path):
    make_sources(tmp_path / "sources")
    done = mix("http://127.0.0.1:9", tmp_path, None)
    assert (done.returncode, "The Hub cannot be reached for org/kpmath" in done.stderr) == (1, True), (
        done.stderr
    )
    assert (tmp_path / "mix" / "sources" / "ours.jsonl").exists()
