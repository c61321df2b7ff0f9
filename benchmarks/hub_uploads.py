"""Bytes newly stored on the Hub when a table changes, by the layout of its files; `hub_loads.py` has the time to load them.

python benchmarks/hub_uploads.py --pairs 100000 --scratch FOLDER

The real Xet client cuts files into chunks and stores those that are new in a content store in a local folder; the growth
of that folder is what an upload costs. One store per layout: first the table, then each edit of it.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from generated import corpus, make_pairs

ROOT = Path(__file__).resolve().parents[1]
Settings = dict[str, Any]
LAYOUTS: dict[str, Settings] = {
    "2,000 rows a group": {"row_group_size": 2_000},
    "10,000 rows a group": {"row_group_size": 10_000},
    "50,000 rows a group": {"row_group_size": 50_000},
    "one group a file": {"row_group_size": 10_000_000},
    "10,000, chunks of 32 to 128 KiB": {
        "row_group_size": 10_000,
        "use_content_defined_chunking": {"min_chunk_size": 32 << 10, "max_chunk_size": 128 << 10},
    },
    "10,000, chunks of 8 to 32 KiB": {
        "row_group_size": 10_000,
        "use_content_defined_chunking": {"min_chunk_size": 8 << 10, "max_chunk_size": 32 << 10},
    },
    "10,000, no content-defined chunks": {"row_group_size": 10_000, "use_content_defined_chunking": False},
}
UPLOAD = """
import sys
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("org/table", repo_type="dataset", exist_ok=True)
api.upload_file(path_or_fileobj=sys.argv[1], path_in_repo="data/table.parquet", repo_id="org/table", repo_type="dataset")
"""


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--scratch", type=Path, required=True)
    options = parser.parse_args()
    scratch = options.scratch.resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    tables = edits(options.pairs)
    print("layout | MB first | " + " | ".join(f"MB more: {name}" for name in list(tables)[1:]))
    for layout, settings in LAYOUTS.items():
        folder = scratch / str(list(LAYOUTS).index(layout))
        folder.mkdir(parents=True)
        costs = stored(tables, settings, folder)
        shutil.rmtree(folder)
        print(" | ".join([layout, *(f"{cost / 1e6:.1f}" for cost in costs)]), flush=True)


def edits(pairs: int) -> dict[str, pa.Table]:
    """Return the table, and the table after each edit."""
    words = corpus()
    table = make_pairs(pairs // 10, words)
    kept = sorted(random.Random(0).sample(range(table.num_rows), round(table.num_rows * 0.995)))
    return {
        "first": table,
        "5 % of rows appended": pa.concat_tables([table, make_pairs(pairs // 200, words, first=pairs // 10)]),
        "all scored anew": make_pairs(pairs // 10, words, share=0.8),
        "one row deleted": pa.concat_tables([table[:1_000], table[1_001:]]),
        "0.5 % of rows deleted": table.take(kept),
    }


def stored(tables: dict[str, pa.Table], settings: Settings, folder: Path) -> list[int]:
    """Return the bytes that each table added to one store."""
    store = folder / "store"
    command = [sys.executable, "-m", "loopback_hub", "--port", "0", "--root", str(folder / "hub")]
    command += ["--xet-cas", f"local://{store}"]
    costs = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT / "tests") as server:
        assert server.stdout is not None
        address = server.stdout.readline().split("HF_ENDPOINT=")[1].split()[0]
        for name, table in tables.items():
            path = folder / f"{name}.parquet"
            writing = {"use_content_defined_chunking": True, **settings}
            pq.write_table(
                table, path, compression="zstd", compression_level=3, write_page_index=True, **writing
            )
            before = size(store)
            run(
                UPLOAD,
                path,
                {"HF_ENDPOINT": address, "HF_TOKEN": "hf_test", "HF_HOME": str(folder / "home" / name)},
            )
            costs.append(size(store) - before)
        server.kill()
    return costs


def run(code: str, path: Path, environment: dict[str, str]) -> str:
    """Run Python code in a process of its own and return what it printed."""
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "PATH": os.environ["PATH"], "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, env={**quiet, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    return done.stdout


def size(store: Path) -> int:
    """Return the bytes of all chunks; the store's indexes, of a fixed size, do not count."""
    return sum(path.stat().st_size for path in (store / "xet" / "xorbs" / "xorbs").glob("*"))


if __name__ == "__main__":
    main()
