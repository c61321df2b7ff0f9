"""Processor time of the symbolic teacher: for a seed that is read, and for a blueprint that is led through a build.

    python benchmarks/symbolic.py ../shared/data/gsm8k/train.jsonl [CHECKOUT …]

Several checkouts are measured in turns, and each is compared with the first; processor time is counted, of the best of three rounds, so that
a busy machine changes little.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
SEEDS, QUESTIONS = 1_000, 300


def one(seeds: str) -> None:
    """Measure in this process and print figures as JSON."""
    from kpmath_builder import Recipe, build
    from kpmath_builder.symbolic.passages import passage_of
    from kpmath_builder.symbolic.reasons import UnfitError
    from kpmath_builder.symbolic.topics import extract

    with Path(seeds).open(encoding="utf-8") as file:
        rows = random.Random(0).sample([json.loads(line) for line in file], SEEDS)
    began = time.process_time()
    for row in rows:
        try:
            passage_of(row["question"], row["answer"])
        except UnfitError:
            continue
        extract(row["question"], row["answer"])
    read = time.process_time() - began
    stages: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        recipe = {"build": {"folder": f"{folder}/build", "questions": QUESTIONS}}
        build(
            Recipe.of(recipe),
            progress=lambda progress: stages.setdefault(progress.stage, time.process_time()) and None,
        )
    synthesis = stages["tables"] - stages["synthesis"]
    print(json.dumps({"seed": 1000 * read / SEEDS, "blueprint": 1000 * synthesis / QUESTIONS}))


def main(seeds: str, checkouts: list[str]) -> None:
    """Print a table over the checkouts."""
    best: dict[str, dict[str, float]] = {}
    for _ in range(ROUNDS):
        for checkout in checkouts:
            command = [sys.executable, __file__, "--one", seeds]
            environment = {**os.environ, "PYTHONPATH": checkout}
            told = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
            )
            before = best.setdefault(checkout, told)
            best[checkout] = {name: min(before[name], told[name]) for name in told}
    print("| checkout | ms a seed | of the first | ms a blueprint | of the first |\n|---|---|---|---|---|")
    first = best[checkouts[0]]
    for checkout, took in best.items():
        cells = [f"{took[name]:.2f} | {took[name] / first[name]:.2f}" for name in ("seed", "blueprint")]
        print(f"| {Path(checkout).name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(sys.argv[2])
    else:
        main(sys.argv[1], sys.argv[2:] or [str(Path(__file__).resolve().parents[1])])
