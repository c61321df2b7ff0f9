"""Rows of a build that repeat something, beside what they repeat, to be read by eye.

python benchmarks/curation_rows.py FOLDER --check row --kind renumbered -n 30
"""

import argparse
import random
from pathlib import Path

import pyarrow.parquet as pq


def main() -> None:
    """Print the counts, then some pairs of questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", choices=("row", "seed"), default="row")
    parser.add_argument("--kind", default="renumbered")
    parser.add_argument("-n", "--number", type=int, default=30)
    asked = parser.parse_args()
    tables = asked.folder / "dataset" / "data"
    rows = pq.read_table(tables / "scored", columns=["id", "question", "reason", "repeats"]).to_pylist()
    questions = {row["id"]: row["question"] for row in rows}
    if asked.check == "seed":
        seeds = pq.read_table(tables / "kp-extraction", columns=["id", "problem"]).to_pylist()
        questions = {seed["id"]: seed["problem"] for seed in seeds}
    marked = [
        (row, mark)
        for row in rows
        for mark in row["repeats"]
        if (mark["check"], mark["kind"]) == (asked.check, asked.kind)
    ]
    print(f"{len(marked):,} of {len(rows):,} rows")
    for row, mark in random.Random(0).sample(marked, min(asked.number, len(marked))):
        print(
            f"\n{row['id']} ({row['reason'] or 'kept'}), similarity {mark['similarity']:.2f}, of {mark['id']}"
        )
        print(f"  {row['question']}\n  {questions[mark['id']]}")


if __name__ == "__main__":
    main()
