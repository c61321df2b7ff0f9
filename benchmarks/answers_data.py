"""Reads the data that the measurements of answers share, and prints tables."""

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["OUTPUTS", "outputs", "rows_of", "table"]

OUTPUTS = {"GSM8K": "gsm8k_multi_model.jsonl.gz", "MATH level 5": "math_l5_multi_model.jsonl.gz"}


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSON lines file, gzipped or not."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        return [json.loads(line) for line in file]


def outputs(data: Path, name: str) -> list[dict[str, Any]]:
    """Return the problems of one set with their model outputs."""
    return rows_of(data / "model_outputs" / OUTPUTS[name])


def table(head: Sequence[str], body: Iterable[Sequence[object]]) -> None:
    """Print a markdown table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in body:
        print("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |")
    print()
