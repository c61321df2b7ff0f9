"""How many good problems the program's checks of questions refuse, and how many faults of a known kind they find.

    python benchmarks/question_checks.py ../shared/data [--ids]

Good problems are those that people wrote, and questions that models wrote. Each stands as a question between the prompt of the writer
and three practices drawn from another file, as in a build. What is refused here is refused wrongly, or has the fault that the rule looks
for; `--ids` prints which, so that people can look. No text is printed. Faults are made of the same problems by program.
"""

import argparse
import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
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

_NUMBER = re.compile(r"(?<![\d.,])\d+(?![\d.,]*\d)")


def _renumbered(practice: Mapping[str, str]) -> str:
    return _NUMBER.sub(lambda number: str(int(number[0]) + 7), practice["problem"])


def _without_question(practice: Mapping[str, str]) -> str:
    sentences = re.split(r"(?<=[.?!])\s+(?=[A-Z])", practice["problem"].strip())
    return " ".join(sentence for sentence in sentences if "?" not in sentence)


WITHOUT_QUESTION = "another problem without its sentences with a question mark"
FAULTS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "a shown practice": lambda practice: practice["problem"],
    "a shown practice, each number 7 larger": _renumbered,
    "a shown practice's solution": lambda practice: practice["solution"],
    "a shown practice and one more sentence": lambda practice: practice["problem"] + " What is twice that?",
    "a problem with its solution": lambda practice: (
        f"{practice['problem']}\n\nSolution: {practice['solution']}"
    ),
    WITHOUT_QUESTION: _without_question,
}
"""Name to what is made of a practice."""


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
            print(refused)
    print("\n| fault | GSM8K test | MATH-500 |\n|---|---|---|")
    sets = [
        [_practice(row) for row in _rows(options.data / file)]
        for file in ("gsm8k/test.jsonl", "math/math500.jsonl")
    ]
    for name in FAULTS:
        print(f"| {name} | {' | '.join(f'{_found(name, practices, prompt):.1%}' for practices in sets)} |")


def _found(name: str, practices: list[dict[str, str]], prompt: str) -> float:
    """Return the share of the faults that are found."""
    hidden = name == WITHOUT_QUESTION
    made = [(FAULTS[name](one).strip(), one) for one in practices if not hidden or "?" in one["problem"]]
    found = [find_fault(text, [] if hidden else [one], prompt) for text, one in made if text]
    return sum(fault is not None for fault in found) / len(found)


def _refused(file: Path, field: str, others: Path, prompt: str) -> Iterator[tuple[int, str]]:
    practices = [_practice(row) for row in _rows(others)]
    for number, row in enumerate(_rows(file)):
        drawn = random.Random(number).sample(practices, 3)
        if fault := find_fault(row[field].strip(), drawn, prompt):
            yield number, fault.reason.value


def _practice(row: dict[str, Any]) -> dict[str, str]:
    return {
        "topic": "Subject - Subcategory",
        "problem": row.get("problem") or row["question"],
        "solution": row.get("solution") or row["answer"],
    }


def _rows(file: Path) -> list[dict[str, Any]]:
    text = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode()
    rows = json.loads(text) if file.suffix == ".json" else map(json.loads, text.splitlines())
    return list(rows)


if __name__ == "__main__":
    main()
