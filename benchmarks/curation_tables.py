"""What looking for repeats adds to writing the tables: processor time and peak memory with and without it, each in a process of its own.

    python benchmarks/curation_tables.py --seeds SHARED/gsm8k/train.jsonl --sets SHARED/gsm8k/test.jsonl SHARED/math/test.jsonl

The knowledge is that of a build on the seeds; the candidates are generated, ten solutions each, all agreed upon.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from generated import corpus, make_candidates

from kpmath_builder import Recipe, build
from kpmath_builder.curation.decisions import Decisions
from kpmath_builder.dataset import writing
from kpmath_builder.folder.shards import ShardWriter
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.records import Candidate, Stage
from kpmath_builder.seeds.benchmarks import read_benchmarks

SHARDS = 8


def main() -> None:
    """Make a folder, write its tables both ways, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=Path, required=True)
    parser.add_argument("--sets", type=Path, nargs="*", default=[])
    parser.add_argument("--questions", type=int, default=50_000)
    parser.add_argument("--one", choices=("with", "without"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        write_tables(asked.folder, is_compared=asked.one == "with")
        return
    with TemporaryDirectory() as place:
        folder = Path(place) / "build"
        make_folder(folder, asked.seeds, asked.sets, asked.questions)
        took = {}
        for how in ("without", "with"):
            words = [
                sys.executable,
                __file__,
                "--seeds",
                str(asked.seeds),
                "--one",
                how,
                "--folder",
                str(folder),
            ]
            took[how] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
            print(f"{how:8} {took[how]['seconds']:8.1f} s {took[how]['mebibytes']:8,.0f} MiB", flush=True)
        for name in ("seconds", "mebibytes"):
            print(f"{name}: {took['with'][name] / took['without'][name]:.2f} times")


def make_folder(folder: Path, seeds: Path, sets: list[Path], questions: int) -> None:
    """Build a little on the seeds, then put generated candidates in the place of the build's."""
    tree = {
        "seeds": {"path": str(seeds), "source": "openai/gsm8k"},
        "contamination": {"sets": [{"name": str(path), "path": str(path)} for path in sets]},
        "build": {"folder": str(folder), "questions": SHARDS, "shards": SHARDS},
    }
    build(Recipe.of(tree))
    workspace = Workspace(folder)
    knowledge = Knowledge.existing(workspace)
    known = [seed.id for seed in knowledge.seeds]
    writers = [ShardWriter(workspace.shard(number), {}, 0) for number in range(SHARDS)]
    for candidate in agreed(questions, known):
        writers[candidate.blueprint.index % SHARDS].add(candidate)
    for writer in writers:
        writer.seal()


def agreed(questions: int, known: list[str]) -> Iterator[Candidate]:
    """Yield generated candidates that wait for the decision."""
    for candidate in make_candidates(questions, corpus()):
        parts = tuple(
            part.model_copy(update={"seed_id": known[candidate.blueprint.index % len(known)]})
            for part in candidate.blueprint.parts
        )
        blueprint = candidate.blueprint.model_copy(update={"parts": parts})
        yield candidate.model_copy(update={"stage": Stage.AGREED, "blueprint": blueprint})


def write_tables(folder: Path, *, is_compared: bool) -> None:
    """Write the tables of the folder; print seconds of the processor and peak memory."""
    workspace = Workspace(folder)
    recipe, knowledge = workspace.read_recipe(), Knowledge.existing(workspace)
    started = time.process_time()
    if is_compared:
        benchmarks = read_benchmarks(recipe.test_sets)
    else:
        benchmarks = ()
        writing.curate = without_looking  # type: ignore[attr-defined,assignment]
        writing.RowChecks = Nothing  # type: ignore[attr-defined,assignment,misc]
    writing.write_dataset(recipe, workspace, knowledge, "sha256:0", benchmarks)
    seconds = time.process_time() - started
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "mebibytes": mebibytes}))


class Nothing:
    """Stands in place of the checks."""

    unshareable: frozenset[str] = frozenset()

    def __init__(self, *_: object) -> None:
        pass

    def baseline(self) -> dict[tuple[str, str], int]:
        """Return no counts."""
        return {}


def without_looking(_: object, checks: Nothing, recipe: Recipe, *__: object) -> Decisions:
    """Return decisions that keep every agreed question."""
    from kpmath_builder.curation.report import CurationReport

    return Decisions(checks, recipe, CurationReport())  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
