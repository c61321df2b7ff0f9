"""Rows of the symbolic teacher, to be read by a person who counts the faulty ones.

    python benchmarks/symbolic_rows.py ../shared/data/gsm8k/train.jsonl [--questions 700] [--draw 4711] [--rows 200] [--backward] >ROWS.txt

Builds from a file of GSM8K in a temporary folder and prints one row of each of so many questions, in the order of a
seeded shuffle, with the seeds that it was made of. Reading them is the measurement.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq

from kpmath_builder import Recipe, build
from kpmath_builder.recipe.files import override


def main() -> None:
    """Build, sample and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("seeds", type=Path)
    parser.add_argument("--questions", type=int, default=700)
    parser.add_argument("--draw", type=int, default=4711, help="seed of the build and of the shuffle")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument(
        "--backward", action="store_true", help="blueprints of one topic: questions asked backward"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recipe = recipe_of(
            options.seeds, Path(folder, "build"), options.questions, options.draw, backward=options.backward
        )
        with redirect_stdout(sys.stderr):
            build(recipe)
        rows = pq.read_table(recipe.build.folder / "dataset" / "data" / "qa-pairs").to_pylist()
    for number, row in enumerate(sampled(rows, options.rows, options.draw), start=1):
        print("\n".join(entry(number, row)))


def recipe_of(seeds: Path, folder: Path, questions: int, draw: int, *, backward: bool = False) -> Recipe:
    """Return the recipe: one published solution a question, and of one topic or as many as usual; all else as it is by default."""
    shares = {"blueprints.one_topic_share": "1"} if backward else {}
    keys = {
        **shares,
        "name": "kpmath-symbolic-rows",
        "seeds.path": str(seeds.resolve()),
        "seeds.source": "openai/gsm8k",
        "seeds.licence": "mit",
        "seeds.shareable": "true",
        "seeds.format": "gsm8k",
        "teacher.kind": "symbolic",
        "selection.solutions_per_question": "1",
        "build.folder": str(folder),
        "build.questions": str(questions),
        "build.seed": str(draw),
    }
    return Recipe.of(override({}, keys))


def sampled(rows: list[dict[str, Any]], most: int, draw: int) -> list[dict[str, Any]]:
    """Return one row of each of `most` questions."""
    by_question = {row["candidate_id"]: row for row in rows}
    ids = sorted(by_question)
    Random(draw).shuffle(ids)
    return [by_question[one] for one in ids[:most]]


def entry(number: int, row: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of one row."""
    yield f"=== {number}: {row['candidate_id']} from {', '.join(row['seed_ids'])}"
    yield f"Q: {row['question']}"
    yield f"S: {row['solution']}"


if __name__ == "__main__":
    main()
