"""Seconds and memory to load a table, by the size of its row groups.

taskset -c 0 python benchmarks/hub_loads.py --pairs 200000 --rounds 9 --scratch FOLDER

qa-pairs in local files of 100,000 rows. Each load is a process of its own with an empty cache. The layouts take turns, in another order
each round, so that a disturbance meets them all; the fastest of all rounds counts, and the median stands beside it.
Processor time is that of the process (user and system, all threads) and suffers least from what else runs.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.parquet as pq
from generated import corpus, make_pairs

ROWS_PER_FILE = 100_000
GROUPS = (2_000, 10_000, 50_000, ROWS_PER_FILE)
MEASURE = """
import json, os, re, sys, time
from datasets import load_dataset
files = sorted(sys.argv[2:])
wall, cpu = time.monotonic(), time.process_time()
rows = load_dataset("parquet", data_files=files, split="train", streaming=sys.argv[1] == "first row")
rows = next(iter(rows)) if sys.argv[1] == "first row" else rows.num_rows
cost = [time.process_time() - cpu, time.monotonic() - wall]
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
print(json.dumps([*cost, peak]), flush=True)
os._exit(0)  # a half-read stream of `datasets` can hang at the end of the process
"""
Cost = tuple[float, float, float]
"""Processor seconds, wall seconds, and the megabytes that the process held at most."""


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scratch", type=Path, required=True)
    options = parser.parse_args()
    scratch = options.scratch.resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    table = make_pairs(options.pairs // 10, corpus())
    files = {group: write(table, group, scratch / str(group)) for group in GROUPS}
    for what in ("whole", "first row"):
        costs: dict[int, list[Cost]] = {group: [] for group in GROUPS}
        for number in range(options.rounds):
            for group in random.Random(number).sample(GROUPS, len(GROUPS)):
                costs[group].append(load(what, files[group], scratch / "home"))
        notify(what, costs)
    shutil.rmtree(scratch)


def write(table: pa.Table, group: int, folder: Path) -> list[Path]:
    """Write files as a build does, but for the size of their row groups."""
    folder.mkdir(parents=True)
    files = []
    for begin in range(0, table.num_rows, ROWS_PER_FILE):
        files.append(folder / f"{begin:08d}.parquet")
        pq.write_table(
            table.slice(begin, ROWS_PER_FILE),
            files[-1],
            row_group_size=group,
            compression="zstd",
            compression_level=3,
            use_content_defined_chunking=True,
            write_page_index=True,
        )
    return files


def load(what: str, files: list[Path], home: Path) -> Cost:
    """Load in a process of its own, with nothing prepared."""
    os.sync()  # else a load pays for what the one before wrote
    environment = {"PATH": os.environ["PATH"], "HF_HOME": str(home), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    command = [sys.executable, "-c", MEASURE, what, *map(str, files)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    shutil.rmtree(home, ignore_errors=True)
    cpu, wall, peak = json.loads(done.stdout.splitlines()[-1])
    return cpu, wall, peak


def notify(what: str, costs: dict[int, list[Cost]]) -> None:
    """Print a line a layout; the ratio is that of the fewest processor seconds to the best layout's."""
    best = min(cost[0] for group in costs.values() for cost in group)
    print(f"{what}: rows a group | processor s, least (median) | ratio | wall s, least (median) | MB at most")
    for group, measured in costs.items():
        cpu, wall, peak = zip(*measured, strict=True)
        seconds = [f"{min(times):.2f} ({median(times):.2f})" for times in (cpu, wall)]
        print(
            f"{group:,} | {seconds[0]} | {min(cpu) / best:.2f} | {seconds[1]} | {max(peak):.0f}", flush=True
        )


if __name__ == "__main__":
    main()
