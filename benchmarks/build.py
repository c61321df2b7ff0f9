"""Blueprints per second and peak memory of whole builds with the symbolic teacher, at several sizes of the same recipe.

    python benchmarks/build.py ../shared/data/gsm8k/train.jsonl 10000 40000
    python benchmarks/build.py ../shared/data/gsm8k/train.jsonl 10000 40000 solutions.samples=3

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


def one(seeds: str, questions: str, settings: list[str]) -> None:
    """Build in this process and print figures as JSON."""
    from kpmath_builder import Recipe, build  # the parent needs none of it
    from kpmath_builder.recipe.files import override

    with tempfile.TemporaryDirectory() as folder:
        given = dict(setting.split("=", 1) for setting in settings)
        keys = {"seeds.path": seeds, "build.folder": f"{folder}/build", "build.questions": questions, **given}
        recipe = Recipe.of(override({}, keys))
        began = time.perf_counter()
        result = build(recipe)
        seconds = time.perf_counter() - began
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    told = {
        "seconds": seconds,
        "peak": peak / 1024,
        "size": size / 2**20,
        "kept": result.funnel["passed"]["kept"],
    }
    print(json.dumps(told))


def main(seeds: str, words: list[str]) -> None:
    """Print a table over the sizes."""
    settings = [word for word in words if "=" in word]
    print("| blueprints | kept | blueprints/s | peak memory, MiB | folder, MiB |\n|---|---|---|---|---|")
    for size in (int(word) for word in words if "=" not in word):
        command = [sys.executable, __file__, "--one", seeds, str(size), *settings]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        told = json.loads(run.stdout.splitlines()[-1])
        rate = size / told["seconds"]
        print(
            f"| {size:,} | {told['kept']:,} | {rate:.0f} | {told['peak']:.0f} | {told['size']:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        main(sys.argv[1], sys.argv[2:])
