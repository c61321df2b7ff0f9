"""Test problems of an experiment: each set as a whole, and those drawn from it, in files that `kpmath evaluate` reads."""

import json
import random
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from choices import Choices

from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.catalogue import KNOWN, open_sets
from kpmath_builder.files.durable import write_atomically
from kpmath_builder.recipe import TestSetSettings
from kpmath_builder.seeds.rows import Row, open_file, open_hub

__all__ = [
    "FIELDS",
    "SETS",
    "draw_problems",
    "drawn_file",
    "problems_of",
    "rows_of",
    "steps_of",
    "test_name",
    "whole_set",
]

SETS = ("gsm8k", "svamp", "mawps")
FIELDS = {"problem": "problem", "answer": "answer", "level": "level", "id": "id"}
_OPERATION = re.compile(r"(?<=[\w).])\s*[-+*/]")
_STEPS_OF_TYPE = {"singleop": 1, "multiarith": 2}
"""MAWPS in files: SingleOp has one operation, MultiArith two; the other two parts are mixed."""
_MANY = 5


def draw_problems(name: str, choices: Choices, folder: Path) -> None:
    """Write all problems of a set, then those that are drawn from it, in the order of the set."""
    place = getattr(choices, "gsm8k_test" if name == "gsm8k" else name)
    rows = rows_of(place, KNOWN[name].split, KNOWN[name].config)
    lines = [
        {
            "id": problem.id,
            "problem": problem.question,
            "answer": problem.reference,
            "level": steps_of(row.columns),
            "solution": row.columns["answer"] if name == "gsm8k" else "",
        }
        for problem, row in zip(open_sets([f"{name}={place}"])[0].problems, rows, strict=True)
    ]
    chosen = random.Random(choices.seed).sample(range(len(lines)), min(choices.limit_test, len(lines)))
    _write(_whole_file(name, folder), lines)
    _write(drawn_file(name, folder), [lines[number] for number in sorted(chosen)])


def test_name(name: str) -> str:
    """Return what a drawn set is called in the evaluations: not as the whole set, whose columns the package knows."""
    return f"{name}-drawn"


def rows_of(place: str, split: str, config: str | None = None) -> list[Row]:
    """Return all rows of a file or of a dataset on the Hub.

    Raises
    ------
    InputError
        If it is neither, or cannot be loaded.
    """
    if Path(place).is_file():
        return list(open_file(Path(place)).rows)
    try:
        return list(open_hub(place, split, config, None).rows)
    except InputError as error:
        raise InputError(
            f"{place} is no file, and could not be loaded from the Hub: give a file with --gsm8k-train, --gsm8k-test, --svamp or --mawps."
        ) from error


def steps_of(columns: Mapping[str, Any]) -> str:
    """Return the number of steps that a row states, as the level of its problem; "not stated" if it states none."""
    formula = columns.get("Equation") or columns.get("expression")
    if "<<" in (solution := str(columns.get("answer", ""))):
        count = solution.count("<<")
    elif formula is not None:
        count = len(_OPERATION.findall(str(formula)))
    else:
        count = _STEPS_OF_TYPE.get(str(columns.get("type")), 0)
    if not count:
        return "not stated"
    return "1 step" if count == 1 else f"{count} steps" if count < _MANY else f"{_MANY} steps or more"


def drawn_file(name: str, folder: Path) -> Path:
    """Return where the drawn problems of a set are."""
    return folder / "tests" / f"{name}.jsonl"


def problems_of(name: str, folder: Path) -> list[dict[str, str]]:
    """Return the drawn problems of a set."""
    return [json.loads(line) for line in drawn_file(name, folder).read_text(encoding="utf-8").splitlines()]


def whole_set(name: str, folder: Path) -> TestSetSettings:
    """Return a whole set as the contamination check reads it; GSM8K alone has solutions."""
    fields = {"problem": "problem", "id": "id"} | ({"solution": "solution"} if name == "gsm8k" else {})
    return TestSetSettings(name=name, path=_whole_file(name, folder), fields=fields)


def _whole_file(name: str, folder: Path) -> Path:
    return folder / "tests" / f"{name}-whole.jsonl"


def _write(target: Path, lines: Iterable[Mapping[str, str]]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, "".join(json.dumps(line) + "\n" for line in lines).encode())
