"""Blueprints per second and peak memory of whole builds with the symbolic teacher, at two sizes of the same recipe.

    python benchmarks/build.py ../shared/data/gsm8k/train.jsonl 10000 40000

Each build runs in a process of its own, so that its peak memory is its own. The claim is a ratio: memory does not grow with the
number of blueprints.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def one(seeds: str, questions: int) -> None:
    """Build in this process and print figures as JSON."""
    from kpmath_builder import Recipe, build  # the parent needs none of it

    with tempfile.TemporaryDirectory() as folder:
        recipe = Recipe.of(
            {
                "seeds": {"path": seeds},
                "build": {"folder": f"{folder}/build", "questions": questions, "shards": 8},
            }
        )
        began = time.perf_counter()
        result = build(recipe)
        seconds = time.perf_counter() - began
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(
        json.dumps(
            {
                "questions": questions,
                "seconds": seconds,
                "peak": peak / 1024,
                "size": size / 2**20,
                "passed": result.funnel["passed"],
            }
        )
    )


def main(seeds: str, sizes: list[str]) -> None:
    """Print a table over the sizes."""
    print("| blueprints | kept | blueprints/s | peak memory, MiB | folder, MiB |\n|---|---|---|---|---|")
    for size in sizes:
        run = subprocess.run(
            [sys.executable, __file__, "--one", seeds, size], check=True, capture_output=True, text=True
        )
        told = json.loads(run.stdout.splitlines()[-1])
        rate = told["questions"] / told["seconds"]
        print(
            f"| {told['questions']:,} | {told['passed']['kept']:,} | {rate:.0f} | {told['peak']:.0f} | {told['size']:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1], sys.argv[2:])
