"""The file of a model's outputs: one line for each, as `kpmath evaluate --outputs` reads them."""

import json
from pathlib import Path
from typing import Any

from kpmath_builder.evaluation.templates import PAPER, read_template

__all__ = ["STOP", "cut", "written"]

STOP = read_template(PAPER).stop
"""Where an output has run on into another problem."""


def written(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file of outputs. A line that a kill tore is removed from the file."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        path.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]


def cut(text: str) -> str:
    """Return an output up to the place at which it runs on into another problem."""
    for mark in STOP:
        text = text.partition(mark)[0]
    return text.strip()
