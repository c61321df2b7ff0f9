"""Seconds and memory to publish and load many rows, beside `push_to_hub` of the same rows.

python benchmarks/hub.py --pairs 800000 --scratch FOLDER

Everything goes through the loopback Hub of the tests, in a process of its own; each step is a process too, so that its
peak memory is its own. Loads are cold (nothing downloaded, nothing prepared) and warm (a second process).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from generated import corpus, make_candidates, write_build

ROOT = Path(__file__).resolve().parents[1]
PAIRS_PER_QUESTION = 10
PUBLISH = "from kpmath_builder import publish; publish({folder!r}, 'org/ours', {version!r})"
PUSH = """
from datasets import load_dataset
for config in ("qa-pairs", "scored", "kp-extraction"):
    rows = load_dataset("parquet", data_files={folder!r} + f"/dataset/data/{{config}}/*.parquet", split="train")
    rows.push_to_hub("org/theirs", config_name=config, set_default=True if config == "qa-pairs" else None)
"""
LOAD = "from datasets import load_dataset; print(load_dataset({repo!r}, {config!r}, split='train').num_rows)"
HEAD = "import datasets, time; datasets.config.USE_PARQUET_EXPORT = False; begun = time.monotonic()\n"
TAIL = """
import re
print(time.monotonic() - begun, re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], flush=True)
import os
os._exit(0)  # a half-read stream of `datasets` can hang at the end of the process
"""
"""Seconds without the import of `datasets`, and the largest resident set."""
STREAM = (
    "from datasets import load_dataset; "
    "print(next(iter(load_dataset({repo!r}, {config!r}, split='train', streaming=True)))['id'])"
)


def main() -> None:
    """Run all steps and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=800_000)
    parser.add_argument("--scratch", type=Path, required=True)
    options = parser.parse_args()
    folder = options.scratch / "build"
    if not (folder / "manifest.json").exists():
        generate(folder, options.pairs // PAIRS_PER_QUESTION)
    for left in [path for path in options.scratch.iterdir() if path != folder]:
        shutil.rmtree(left)
    with subprocess.Popen(
        _server(options.scratch), stdout=subprocess.PIPE, text=True, cwd=ROOT / "tests"
    ) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split("HF_ENDPOINT=")[1].split()[0]
        try:
            measure(folder, address, options.scratch)
        finally:
            server.kill()


def generate(folder: Path, questions: int) -> None:
    """Write a build and tell its size; a second run uses it again."""
    begun = time.monotonic()
    counts = write_build(folder, make_candidates(questions, corpus()), fingerprint="generated")
    print(f"wrote {counts.rows} in {time.monotonic() - begun:.0f} s")
    for config, written in counts.configs.items():
        sizes = f"{written.file_bytes / 1e6:.0f} MB, {written.arrow_bytes / 1e6:.0f} MB as Arrow"
        print(f"  {config}: {written.files} files, {sizes}")


def _server(scratch: Path) -> list[str]:
    return [sys.executable, "-m", "loopback_hub", "--port", "0", "--root", str(scratch.resolve() / "hub")]


def measure(folder: Path, address: str, scratch: Path) -> None:
    """Publish, push and load; loads in turns, the fastest of two counts."""
    there = str(folder.resolve())
    home = scratch / "home"
    for name, code in (
        ("publish", PUBLISH.format(folder=there, version="1.0.0")),
        ("publish again", PUBLISH.format(folder=there, version="1.0.0")),
        ("push_to_hub", PUSH.format(folder=there)),
    ):
        notify(name, [step(code, address, home)])
        shutil.rmtree(home, ignore_errors=True)
    taken: dict[str, list[tuple[float, float]]] = {}
    for repo in ("org/ours", "org/theirs", "org/ours", "org/theirs"):
        for config in ("qa-pairs", "scored"):
            for way, code in (("first streamed row", STREAM), ("cold", LOAD), ("warm", LOAD)):
                cost = step(code.format(repo=repo, config=config), address, home)
                taken.setdefault(f"{repo} {config} {way}", []).append(cost)
            shutil.rmtree(home)
    for name, costs in taken.items():
        notify(name, costs)
    for repo in ("org/ours", "org/theirs"):
        tell_commits(repo, address)


def notify(name: str, costs: list[tuple[float, float]]) -> None:
    """Print the fewest seconds and the most memory."""
    seconds, megabytes = min(cost[0] for cost in costs), max(cost[1] for cost in costs)
    print(f"{name}: {seconds:.1f} s, {megabytes:.0f} MB at most", flush=True)


def step(code: str, address: str, home: Path) -> tuple[float, float]:
    """Run Python code in a process of its own and return its seconds and the megabytes that it held at most."""
    os.sync()  # else a step pays for what the one before wrote
    environment = {
        "PATH": os.environ["PATH"],
        "HF_HOME": str(home.resolve()),
        "HF_ENDPOINT": address,
        "HF_TOKEN": "hf_test",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
    }
    command = [sys.executable, "-c", HEAD + code + TAIL]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    seconds, kilobytes = map(float, done.stdout.split()[-2:])
    return seconds, kilobytes / 1024


def tell_commits(repo: str, address: str) -> None:
    """Print commits and files of a repository."""
    from urllib.request import urlopen

    with urlopen(f"{address}/api/datasets/{repo}/commits/main") as answer:
        commits = len(json.load(answer)) - 1
    with urlopen(f"{address}/api/datasets/{repo}/tree/main?recursive=true") as answer:
        files = [item for item in json.load(answer) if item["type"] == "file"]
    size = sum(file["size"] for file in files) / 1e6
    print(f"{repo}: {commits} commits on main, {len(files)} files, {size:.0f} MB")


if __name__ == "__main__":
    main()
