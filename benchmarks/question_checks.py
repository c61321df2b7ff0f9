"""How many good problems the program's checks of questions refuse: problems that people wrote, and questions that models wrote.

    python benchmarks/question_checks.py ../shared/data [--ids]

Each problem stands as a question between the prompt of the writer and three practices drawn from another file, as in a build. What is
refused here is refused wrongly, or has the fault that the rule looks for; `--ids` prints which, so that people can look. No text is
printed.
"""

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kpmath_builder.prompts import Prompts
from kpmath_builder.synthesis.question_checks import find_fault

SETS = {
    "GSM8K train": ("gsm8k/train.jsonl", "question", "gsm8k/test.jsonl"),
    "GSM8K test": ("gsm8k/test.jsonl", "question", "gsm8k/train.jsonl"),
    "MATH train": ("math/train.jsonl.gz", "problem", "math/test.jsonl"),
    "MATH test": ("math/test.jsonl", "problem", "math/train.jsonl.gz"),
    "written by a model, from GSM8K": (
        "synthetic/mathscale_repro_gsm8k_generated.json",
        "question",
        "gsm8k/train.jsonl",
    ),
    "written by a model, from MATH (a)": (
        "synthetic/mathscale_repro_math_a_generated.json",
        "question",
        "math/train.jsonl.gz",
    ),
    "written by a model, from MATH (b)": (
        "synthetic/mathscale_repro_math_b_generated.json",
        "question",
        "math/train.jsonl.gz",
    ),
}
"""Name to the file of the questions, their field, and the file of the practices."""


def main() -> None:
    """Print a line per set: problems, refused, and by which reason."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--ids", action="store_true", help="print the numbers of the refused problems")
    options = parser.parse_args()
    prompt = Prompts.load().instructions("write")
    print("| questions | number | refused | share | reasons |\n|---|---|---|---|---|")
    for name, (file, field, others) in SETS.items():
        refused = dict(_refused(options.data / file, field, options.data / others, prompt))
        count = len(_rows(options.data / file))
        reasons = ", ".join(f"{n} {reason}" for reason, n in Counter(refused.values()).most_common())
        print(
            f"| {name} | {count:,} | {len(refused)} | {len(refused) / count:.2%} | {reasons or '–'} |",
            flush=True,
        )
        if options.ids:
            print({number: str(reason) for number, reason in refused.items()})


def _refused(file: Path, field: str, others: Path, prompt: str) -> Iterator[tuple[int, str]]:
    practices = [_practice(row) for row in _rows(others)]
    for number, row in enumerate(_rows(file)):
        drawn = random.Random(number).sample(practices, 3)
        if fault := find_fault(row[field].strip(), drawn, prompt):
            yield number, fault.reason.value


def _practice(row: dict[str, Any]) -> dict[str, str]:
    return {
        "problem": row.get("problem") or row["question"],
        "solution": row.get("solution") or row["answer"],
    }


def _rows(file: Path) -> list[dict[str, Any]]:
    text = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode()
    rows = json.loads(text) if file.suffix == ".json" else map(json.loads, text.splitlines())
    return list(rows)


if __name__ == "__main__":
    main()
