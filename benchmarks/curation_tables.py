"""What looking for repeats adds to writing the tables: processor time and peak memory with and without it, each in a process of its own.

    python benchmarks/curation_tables.py --seeds SHARED/gsm8k/train.jsonl --sets SHARED/gsm8k/test.jsonl SHARED/math/test.jsonl

The knowledge is that of a build on the seeds; the candidates are ten solutions each, all agreed upon, of sentences drawn from the seeds.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from generated import corpus, make_candidates

from kpmath_builder import Recipe, build
from kpmath_builder.curation.decisions import Decisions
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.dataset import writing
from kpmath_builder.folder.shards import ShardWriter
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.records import Candidate, SeedProblem, Stage
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
        print(
            f"and {took['with']['fixed']:.1f} s for the indexes and the seeds' own figure, whatever the number of rows"
        )
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
    writers = [ShardWriter(workspace.shard(number), {}, 0) for number in range(SHARDS)]
    for candidate in agreed(questions, knowledge.seeds):
        writers[candidate.blueprint.index % SHARDS].add(candidate)
    for writer in writers:
        writer.seal()


def agreed(questions: int, seeds: Sequence[SeedProblem]) -> Iterator[Candidate]:
    """Yield candidates that wait for the decision."""
    known = [seed.id for seed in seeds]
    asked = [sentence for seed in seeds for sentence in seed.problem.split(". ")]
    solved = [line for seed in seeds for line in seed.solution.splitlines()]
    for candidate in make_candidates(questions, corpus(200_000)):
        rng = random.Random(candidate.blueprint.index)
        solutions = tuple(
            solution.model_copy(update={"text": " ".join(rng.choices(solved, k=5))})
            for solution in candidate.solutions
        )
        question = " ".join(rng.choices(asked, k=4))
        parts = tuple(
            part.model_copy(update={"seed_id": known[candidate.blueprint.index % len(known)]})
            for part in candidate.blueprint.parts
        )
        blueprint = candidate.blueprint.model_copy(update={"parts": parts})
        changes = {
            "stage": Stage.AGREED,
            "blueprint": blueprint,
            "question": question,
            "solutions": solutions,
        }
        yield candidate.model_copy(update=changes)


def write_tables(folder: Path, *, is_compared: bool) -> None:
    """Write the tables of the folder; print seconds of the processor and peak memory."""
    workspace = Workspace(folder)
    recipe, knowledge = workspace.read_recipe(), Knowledge.existing(workspace)
    fixed = 0.0
    started = time.process_time()
    if is_compared:
        benchmarks = read_benchmarks(recipe.test_sets)
        RowChecks(knowledge.seeds, benchmarks).baseline()
        fixed = time.process_time() - started
        started = time.process_time()
    else:
        benchmarks = ()
        writing.curate = without_looking  # type: ignore[attr-defined,assignment]
        writing.RowChecks = Nothing  # type: ignore[attr-defined,assignment,misc]
    writing.write_dataset(recipe, workspace, knowledge, "sha256:0", benchmarks)
    seconds = time.process_time() - started
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"fixed": fixed, "seconds": seconds - fixed, "mebibytes": mebibytes}))


class Nothing:
    """Stands in place of the checks."""

    unshareable: frozenset[str] = frozenset()

    def __init__(self, seeds: Sequence[SeedProblem], *_: object, **__: object) -> None:
        self.seeds = seeds

    def baseline(self) -> dict[tuple[str, str], int]:
        """Return no counts."""
        return {}


def without_looking(_: object, checks: Nothing, recipe: Recipe, *__: object, **___: object) -> Decisions:
    """Return decisions that keep every agreed question."""
    from kpmath_builder.curation.report import CurationReport

    return Decisions(checks, recipe, CurationReport())  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
