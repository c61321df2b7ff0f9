"""PASS@1 of recorded real outputs by both rules, model by model, beside published figures; and what the rules disagree on.

    python benchmarks/evaluation.py ../shared/data

The outputs are to half of the problems of each set, chosen at random. Where a figure was published for the whole set, it should lie in
the interval of the half. ZeroEval reads the first number in the answer field of the first JSON object; read so, its outputs stand in a column of
their own, so that a difference in reading is told from one in grading.
"""

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from answers_data import OUTPUTS, outputs, table
from published_accuracy import PUBLISHED, UNPARSED

from kpmath_builder.evaluation.grading import Grade, named_answer
from kpmath_builder.evaluation.problems import EvalProblem
from kpmath_builder.evaluation.scores import GradedProblem, graded, score

ZEROEVAL = "ZeroEval"
_FIELD = re.compile(r'"?answer"?\s*:\s*"?([^"\n]*)')
_BOX = re.compile(r"\\boxed\{(\w+)\}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
Models = Mapping[tuple[str, str], list[GradedProblem]]
PROGRAMS = "Program-of-Thoughts"
"""Its outputs are programs, which nobody runs here."""


def main() -> None:
    """Print, for each set, a table of its models, and the disagreements by kind."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", action="store_true", help="also print each disagreement")
    arguments = parser.parse_args()
    for name in OUTPUTS:
        models = by_model(arguments.data, name)
        print(f"### {name}\n")
        table(
            ("model", "outputs", "unread", "strict", "published rule", "published figure", "read in its way"),
            model_rows(name, models, read_as_reported(arguments.data, name)),
        )
        listed = list(disagreements(models))
        table(("strict", "published", "math-verify", "answers"), kinds([found for *_, found in listed]))
        if arguments.rows:
            table(
                ("model", "problem", "answer", "reference", "strict", "published", "math-verify"),
                ((model, row.id, its.answer, row.reference, *verdicts(its)) for model, row, its in listed),
            )


def by_model(data: Path, name: str) -> Models:
    """Return the graded problems of each source's models."""
    found: dict[tuple[str, str], list[GradedProblem]] = defaultdict(list)
    for row in outputs(data, name):
        problem = EvalProblem(str(row["problem_id"]), "", row["gold"])
        for output in row["outputs"]:
            if output["source"] != PROGRAMS:
                one = graded(problem, [named_answer(output["text"])], ["recorded"])
                found[output["source"], output["model"]].append(one)
    return found


def read_as_reported(data: Path, name: str) -> Mapping[str, float]:
    """Return the accuracy of ZeroEval's models if the first number in the first object's answer counts."""
    right: dict[str, list[bool]] = defaultdict(list)
    for row in outputs(data, name):
        for output in row["outputs"]:
            if output["source"] == ZEROEVAL:
                found, gold = first_number(first_answer(output["text"])), first_number(row["gold"])
                right[output["model"]].append(found is not None and found == gold)
    return {model: sum(each) / len(each) for model, each in right.items()}


def first_answer(text: str) -> str:
    """Return the answer field of the first JSON object, or of the first mention where that is none, or what stands in a box."""
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text, max(text.find("{"), 0))
        return str(value["answer"])
    except (ValueError, KeyError, TypeError, IndexError):
        found = _FIELD.search(text) or _BOX.search(text)
        return found[1] if found else ""


def first_number(text: str) -> float | None:
    """Return the first number, without dollar signs and commas."""
    found = _NUMBER.search(text.replace("$", "").replace(",", ""))
    return None if found is None else float(found[0])


def model_rows(name: str, models: Models, reported: Mapping[str, float]) -> Iterator[tuple[object, ...]]:
    """Yield a row for each model, the best first, and how many published figures lie in the interval."""
    scored = {key: score(problems, (1,), 0) for key, problems in models.items()}
    inside: Counter[bool] = Counter()
    for (source, model), (strict, published) in sorted(scored.items(), key=lambda item: -item[1][0].value):
        problems = models[source, model]
        unread = sum(problem.grades[0].answer is None for problem in problems) / len(problems)
        figure = PUBLISHED[name].get(model)
        told = "–"
        if figure is not None:
            is_inside = published.interval.low <= figure / 100 <= published.interval.high
            inside[is_inside] += 1
            lost = UNPARSED[name].get(model)
            told = (
                f"{figure}"
                + ("" if is_inside else " **outside**")
                + (f"; {lost} not parsed there" if lost else "")
            )
        theirs = f"{reported[model]:.1%}" if source == ZEROEVAL else "–"
        yield model, len(problems), f"{unread:.1%}", strict.text, published.text, told, theirs
    yield "inside the interval", f"{inside[True]} of {inside.total()}", "", "", "", "", ""


def disagreements(models: Models) -> Iterator[tuple[str, GradedProblem, Grade]]:
    """Yield each output on which the rules, or math-verify and one of them, disagree."""
    for (_, model), problems in models.items():
        for problem in problems:
            for found in problem.grades:
                if found.disagrees:
                    yield model, problem, found


def kinds(found: list[Grade]) -> Iterator[tuple[object, ...]]:
    """Yield how often each combination of verdicts occurs."""
    for verdict, count in Counter(map(verdicts, found)).most_common():
        yield *verdict, count


def verdicts(found: Grade) -> tuple[str, ...]:
    """Return the three verdicts in words."""
    words = {True: "right", False: "wrong", None: "–"}
    return words[found.strict], words[found.published], words[found.math_verify]


if __name__ == "__main__":
    main()
