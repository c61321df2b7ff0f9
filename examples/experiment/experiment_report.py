"""The report of an experiment as Markdown: training sets, losses, PASS@1, paired tests, kinds of failure."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from choices import ARMS, BASE
from failure_kinds import FailureKind, kind_of
from outputs import written
from problems import SETS, problems_of, test_name
from rows import count_steps, read_rows
from stated_steps import stated_steps

from kpmath_builder import compare
from kpmath_builder.evaluation.paired import mcnemar, p_text
from kpmath_builder.evaluation.report import markdown_table
from kpmath_builder.evaluation.result import EvaluationResult, read_results
from kpmath_builder.evaluation.scores import Score

__all__ = ["PAIRS", "write_failures", "write_report"]

MODELS = (BASE, *ARMS)
PAIRS = (
    *((BASE, arm) for arm in ARMS),
    ("gsm8k", "symbolic"),
    ("gsm8k", "both"),
    ("half", "both"),
    ("half", "single"),
)
_SHOWN = 20
_SMALL = 100
_SIZES = (20, _SMALL)
_SO = re.compile(r"^So\b", re.MULTILINE)
_LETTER = re.compile(r"^So [A-Za-z] = ", re.MULTILINE)
_CLOSING = re.compile(r"^The (?:sum|difference) is\b", re.MULTILINE)
_MANY = 3


def write_report(folder: Path) -> Path:
    """Write `report.md` from the files of the steps, and return its path."""
    results = {name: read_results(folder / "evaluations" / name) for name in MODELS}
    target = folder / "report.md"
    target.write_text("\n".join(_lines(folder, results)) + "\n", encoding="utf-8")
    return target


def _lines(folder: Path, results: Mapping[str, EvaluationResult]) -> Iterator[str]:
    yield "# The experiment"
    yield ""
    yield "Every choice stands in `config.json`. Differences that their intervals do not tell from 0 are none."
    yield ""
    yield from _training_sets(folder)
    yield from _losses(folder)
    yield from _scores(results)
    yield from _levels(results)
    yield from _pairs(folder)
    yield from _failures(folder, results)
    yield from _overlaps(folder)


def _training_sets(folder: Path) -> Iterator[str]:
    yield "## Training sets"
    yield ""
    rows = []
    for arm in ARMS:
        its = list(read_rows(folder / "arms" / f"{arm}.jsonl"))
        steps = sorted(count_steps(row.solution) for row in its)
        learnt = sum(row.answer_tokens for row in its)
        stated = [step for row in its for step in stated_steps(row.solution)]
        small = sum(step.largest <= _SMALL for step in stated) / max(1, len(stated))
        one_part = sum(row.parts == 1 for row in its) / len(its)
        letters = sum(bool(_LETTER.search(row.solution)) for row in its) / len(its)
        quoted = sum("“" in row.question for row in its) / len(its)
        rows.append(
            (
                arm,
                f"{len(its):,}",
                f"{sum(row.tokens for row in its):,}",
                f"{learnt:,}",
                steps[len(steps) // 2],
                f"{steps[0]}–{steps[-1]}",
                f"{small:.0%}",
                f"{one_part:.0%}",
                f"{letters:.0%}",
                f"{quoted:.0%}",
            )
        )
    yield from markdown_table(
        (
            "arm",
            "rows",
            "tokens",
            "of them in solutions",
            "steps, median",
            "steps",
            f"steps with numbers up to {_SMALL}",
            "rows of one part",
            'with a line "So k = …"',
            "that quote a question",
        ),
        rows,
    )


def _losses(folder: Path) -> Iterator[str]:
    yield "## Loss on held-out solutions"
    yield ""
    yield "Mean per token, of solutions that no arm was trained on: GSM8K test, and rows of the symbolic build."
    yield ""
    base = _json(folder / "training" / f"{BASE}.json")["held_out"]
    traces = {arm: _json(folder / "training" / f"{arm}.json") for arm in ARMS}
    kinds = list(base)
    rows = [(BASE, *(f"{base[kind]:.3f}" for kind in kinds), "–")]
    for arm, trace in traces.items():
        speed = trace["tokens"] / trace["seconds"]
        rows.append((arm, *(f"{trace['held_out'][kind]:.3f}" for kind in kinds), f"{speed:.0f}"))
    yield from markdown_table(("model", *kinds, "tokens/s"), rows)
    yield "On the way, on the first 50 solutions of each kind:"
    yield ""
    curve = [
        (arm, f"{point['tokens']:,}", f"{point['training']:.3f}", *(f"{point[kind]:.3f}" for kind in kinds))
        for arm, trace in traces.items()
        for point in trace["curve"]
    ]
    yield from markdown_table(("arm", "tokens", "training", *kinds), curve)


def _scores(results: Mapping[str, EvaluationResult]) -> Iterator[str]:
    yield "## PASS@1"
    yield ""
    rows = []
    for model, result in results.items():
        for each in result.sets:
            texts = {found.rule: found.text for found in each.scores if _is_pass_at_1(found)}
            rows.append(
                (
                    model,
                    each.name,
                    f"{len(each.problems):,}",
                    texts["strict"],
                    texts["published"],
                    each.unread,
                )
            )
    yield from markdown_table(
        ("model", "set", "problems", "strict (95 %)", "published (95 %)", "unread answers"), rows
    )


def _levels(results: Mapping[str, EvaluationResult]) -> Iterator[str]:
    yield "By number of steps, rule `published`:"
    yield ""
    rows = []
    for name in SETS:
        tables = {
            model: next(each for each in result.sets if each.name == test_name(name)).levels
            for model, result in results.items()
        }
        for level, (count, _) in sorted(tables[BASE].items()):
            texts = [
                next(found.text for found in tables[model][level][1] if found.rule == "published")
                for model in results
            ]
            rows.append((name, level, f"{count:,}", *texts))
    yield from markdown_table(("set", "level", "problems", *results), rows)


def _pairs(folder: Path) -> Iterator[str]:
    yield "## Paired tests"
    yield ""
    yield "Rule `published`, differences in percentage points, p of McNemar's exact test."
    yield ""
    rows = []
    for first, second in PAIRS:
        found = compare(folder / "evaluations" / first, folder / "evaluations" / second)
        pair = [each for each in found.differences if each.rule == "published"]
        name = f"{first} → {second}"
        rows += [(name, each.name, each.text, len(each.gained), len(each.lost), each.p_text) for each in pair]
        gained, lost = (sum(map(len, its)) for its in zip(*((a.gained, a.lost) for a in pair), strict=True))
        rows.append((name, "all", "", gained, lost, p_text(mcnemar(gained, lost))))
    yield from markdown_table(("models", "set", "difference (95 %)", "gained", "lost", "p"), rows)


def _failures(folder: Path, results: Mapping[str, EvaluationResult]) -> Iterator[str]:
    yield "## What went wrong"
    yield ""
    yield f"By the rules of `failure_kinds.py`, over all wrong outputs. {_SHOWN} of each model, to be read by eye, are in `failures/`."
    yield ""
    rows, sizes = [], []
    for model, result in results.items():
        failures = list(_wrong(folder, model, result))
        counts = Counter(kind for kind, _, _, _ in failures)
        outputs = written(folder / "outputs" / f"{model}.jsonl")
        ended = Counter(row["end"] for row in outputs)
        tokens = sum(row["tokens"] for row in outputs) / len(outputs)
        looped = sum(len(_SO.findall(row["output"])) >= _MANY for row in outputs)
        closed = sum(bool(_CLOSING.search(row["output"])) for row in outputs)
        rows.append(
            (
                model,
                f"{len(failures):,}",
                *(counts[kind] for kind in FailureKind),
                ended["length"],
                f"{tokens:.0f}",
                looped,
                closed,
            )
        )
        sizes.append((model, *_right_by_size(outputs)))
    yield from markdown_table(
        (
            "model",
            "wrong",
            *FailureKind,
            "cut off, of all outputs",
            "tokens of an output",
            f'{_MANY} lines "So …" or more',
            'with a line "The sum is …"',
        ),
        rows,
    )
    yield "Steps of one operation that all outputs state, by the larger of their two numbers, and how many of them compute:"
    yield ""
    yield from markdown_table(
        ("model", *(f"up to {most:,}" for most in _SIZES), "larger"),
        sizes,
    )


def _right_by_size(outputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    stated = [step for row in outputs for step in stated_steps(row["output"])]
    for low, high in pairwise((-1, *_SIZES, math.inf)):
        right = [step.right for step in stated if low < step.largest <= high]
        yield f"{sum(right) / len(right):.0%} of {len(right):,}" if right else "–"


def write_failures(folder: Path, model: str) -> None:
    """Write some failures of a model with problem, output and kind: in turns of the sets, from evenly spread places."""
    found = list(_wrong(folder, model, read_results(folder / "evaluations" / model)))
    stride = max(1, len(found) // _SHOWN)
    parts = [f"# Failures of {model}\n"]
    for kind, name, problem, output in found[::stride][:_SHOWN]:
        parts.append(
            f"## {name} {problem['id']}: {kind}\n\n{problem['problem']}\n\nReference: {problem['answer']}\n\n```text\n{output}\n```\n"
        )
    target = folder / "failures" / f"{model}.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(parts), encoding="utf-8")


def _wrong(
    folder: Path, model: str, result: EvaluationResult
) -> Iterator[tuple[FailureKind, str, dict[str, str], str]]:
    outputs = {
        (row["dataset"], row["id"]): row["output"] for row in written(folder / "outputs" / f"{model}.jsonl")
    }
    for name, each in zip(SETS, result.sets, strict=True):
        problems = {problem["id"]: problem for problem in problems_of(name, folder)}
        for graded in each.problems:
            if not graded.right("published"):
                problem, output = problems[graded.id], outputs[each.name, graded.id]
                yield kind_of(problem["problem"], output), name, problem, output


def _overlaps(folder: Path) -> Iterator[str]:
    yield "## What the training sets repeat of the test sets"
    yield ""
    yield "All problems of the sets are compared, not only those drawn (docs/curation.md)."
    yield ""
    rows = [
        (arm, each["set"], each["kind"], each["rows"], each["problems"])
        for arm in ARMS
        for each in _json(folder / "overlap" / f"{arm}.json")
    ]
    yield from markdown_table(
        ("arm", "set", "kind", "rows", "problems hit"), rows or [("all", "all", "nothing found", 0, 0)]
    )


def _is_pass_at_1(found: Score) -> bool:
    return found.measure == "pass" and found.k == 1


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
