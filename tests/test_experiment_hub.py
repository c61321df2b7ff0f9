"""The experiment's sets from the Hub: by their ids there, in the layouts that they have there, through the real client."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi
from loopback_hub import LoopbackHub

from kpmath_builder import data, load

pytest_plugins = ("hub_fixtures",)
pytestmark = pytest.mark.slow

EXPERIMENT = Path(__file__).resolve().parents[1] / "examples" / "experiment"
PREPARE = """
import run
from choices import parse
folder, choices = parse()
for path, make in run._preparation(folder, choices):
    if path.parent.name == "held_out":
        break
    make()
"""
CARD = """---
configs:
- config_name: {config}
  data_files:
  - split: train
    path: {folder}/train-*
  - split: test
    path: {folder}/test-*
---
"""
GSM8K_TEST = {
    "question": "Ada saves 11 coins a week for 9 weeks and spends 30 coins. How many coins are left?",
    "answer": "She saves 11*9=<<11*9=99>>99 coins.\nLeft are 99-30=<<99-30=69>>69 coins.\n#### 69",
}
SVAMP = {
    "ID": "chal-1",
    "Body": "Ben had 17 marbles. He lost 5 of them.",
    "Question": "How many marbles does Ben have now?",
    "Equation": "( 17.0 - 5.0 )",
    "Answer": "12.0",
    "Type": "Subtraction",
}
MAWPS = {
    "id": "mawps__1",
    "question": "Cleo picked 8 pears and 6 plums. How many fruits did she pick?",
    "chain": "",
    "result": "14",
    "equation": "x = 8 + 6",
    "expression": "8 + 6",
}


def put(
    api: HfApi, made: Path, name: str, config: str, splits: Mapping[str, Iterable[Mapping[str, str]]]
) -> None:
    """Make a dataset as its owners have laid it out: a card with configs, and Parquet files."""
    folder = "data" if config == "default" else config
    (made / folder).mkdir(parents=True)
    (made / "README.md").write_text(CARD.format(config=config, folder=folder))
    for split, rows in splits.items():
        pq.write_table(pa.Table.from_pylist([*rows]), made / folder / f"{split}-00000-of-00001.parquet")
    api.create_repo(name, repo_type="dataset")
    api.upload_folder(repo_id=name, repo_type="dataset", folder_path=made)


def test_sets_and_seeds_come_from_the_hub(hub: LoopbackHub, tmp_path: Path):
    """Without a word about files the sets are drawn and the rows built from four tables of three datasets."""
    bundled = Path(str(data.__path__[0]), "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    seeds = [json.loads(line) for line in bundled]
    api = HfApi(endpoint=hub.url, token="hf_test")
    put(api, tmp_path / "1", "openai/gsm8k", "main", {"train": seeds, "test": [GSM8K_TEST]})
    put(api, tmp_path / "2", "ChilleD/SVAMP", "default", {"train": [SVAMP], "test": [SVAMP]})
    put(api, tmp_path / "3", "MU-NLPC/Calc-mawps", "default", {"train": [MAWPS], "test": [MAWPS]})
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_TOKEN": "hf_test",
        "HF_HUB_DISABLE_XET": "1",
        "PYTHONPATH": str(EXPERIMENT),
    }
    out = tmp_path / "experiment"
    command = [sys.executable, "-c", PREPARE, "--out", str(out), "--model", "none", "--questions", "60"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    drawn = {
        path.stem: json.loads(path.read_text().splitlines()[0]) for path in (out / "tests").glob("*.jsonl")
    }
    assert {name: (drawn[name]["answer"], drawn[name]["level"]) for name in ("gsm8k", "svamp", "mawps")} == {
        "gsm8k": ("69", "2 steps"),
        "svamp": ("12.0", "1 step"),
        "mawps": ("14", "1 step"),
    }
    rows = list(load(out / "build" / "dataset"))
    assert len(rows) > 20
    assert {len(row["seed_ids"]) for row in rows} == {1, 2, 3}
