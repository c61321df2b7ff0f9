"""Reading and voting on real model outputs: agreement with labels, abstentions, and what a vote share is worth."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from answers_data import OUTPUTS, outputs, rows_of, table

from kpmath_builder.answers import Answer, equivalent, final_answer, vote

__all__ = ["calibration", "planted", "reading"]

BANDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
DRAWS = 5
PLANTED = 1_000


def reading(data: Path, *, rows: bool) -> None:
    """Print, per source, abstentions, accuracy, and agreement with the labelled correctness."""
    body, missed = [], []
    for name in OUTPUTS:
        count: dict[str, Counter[str]] = defaultdict(Counter)
        for problem in outputs(data, name):
            for output in problem["outputs"]:
                answer = final_answer(output["text"])
                right = answer is not None and equivalent(answer, problem["gold"]).equal
                tally = count[output["source"]]
                tally["outputs"] += 1
                tally["abstained"] += answer is None
                tally["right"] += right
                if "upstream_correct" in output:
                    tally["labelled"] += 1
                    tally["agrees"] += right == output["upstream_correct"]
                    if right != output["upstream_correct"]:
                        missed.append(
                            (
                                output["source"],
                                problem["gold"],
                                answer,
                                output.get("upstream_answer", ""),
                            )
                        )
        for source, tally in count.items():
            share = (
                f"{tally['agrees']} of {tally['labelled']} ({tally['agrees'] / tally['labelled']:.2%})"
                if tally["labelled"]
                else "–"
            )
            body.append(
                (
                    name,
                    source,
                    tally["outputs"],
                    f"{tally['abstained'] / tally['outputs']:.2%}",
                    f"{tally['right'] / tally['outputs']:.1%}",
                    share,
                )
            )
    table(("set", "source", "outputs", "abstained", "right", "agrees with the label"), body)
    if rows:
        table(("source", "gold", "read", "upstream read"), missed)


def calibration(data: Path, *, rows: bool) -> None:  # noqa: ARG001 - one signature for all measurements
    """Print the accuracy of the majority at bands of its share, for classes and for counted strings, 10 outputs a vote."""
    for name in OUTPUTS:
        curves = {"equivalence classes": defaultdict(list[bool]), "counted strings": defaultdict(list[bool])}
        rng = random.Random(20261122)
        for problem in outputs(data, name):
            answers = [final_answer(output["text"]) for output in problem["outputs"]]
            for _ in range(DRAWS):
                drawn = rng.sample(answers, 10)
                for method, majority in (("equivalence classes", _by_class), ("counted strings", _by_string)):
                    winner, share = majority(drawn)
                    if winner is not None:
                        band = next(i for i, top in enumerate(BANDS) if share <= top + 1e-9)
                        curves[method][band].append(equivalent(winner, problem["gold"]).equal)
        print(f"{name}: majority of 10 outputs of as many models, {DRAWS} draws a problem\n")
        table(
            ("method", *(f"≤ {band:.0%}" for band in BANDS), "all"),
            (_curve(method, bands) for method, bands in curves.items()),
        )


def planted(data: Path, *, rows: bool) -> None:  # noqa: ARG001 - one signature for all measurements
    """Print how often 5 right votes of 8 win where all are written in notations drawn at random and the 3 wrong ones agree."""
    rng = random.Random(20261122)
    solutions = rows_of(data / "math" / "test.jsonl")
    golds = [
        str(answer)
        for row in solutions
        if (answer := final_answer(row["solution"])) and answer.text.lstrip("-").isdigit()
    ]
    right = Counter[str]()
    for _ in range(PLANTED):
        gold, wrong = rng.sample(golds, 2)
        written = [rng.choice(_notations(int(value))) for value in (gold,) * 5 + (wrong,) * 3]
        votes = [final_answer(f"The answer is {text}.") for text in written]
        for method, majority in (("equivalence classes", _by_class), ("counted strings", _by_string)):
            winner, _ = majority(votes)
            right[method] += winner is not None and equivalent(winner, gold).equal
    table(
        ("method", f"right of {PLANTED}"),
        ((method, f"{count} ({count / PLANTED:.1%})") for method, count in right.items()),
    )


def _notations(value: int) -> list[str]:
    return [
        f"{value}", f"{value}.0", rf"\frac{{{2 * value}}}{{2}}", f"x = {value}", f"{value:,}" if abs(value) > 999 else f"+{value}",
        rf"{value} \text{{ cm}}", rf"\sqrt{{{value**2}}}" if value > 0 else f"({value})", f"{3 * value}/3", f"**{value}**",
    ]  # fmt: skip


def _curve(method: str, bands: dict[int, list[bool]]) -> Sequence[object]:
    cells = [
        f"{sum(bands[i]) / len(bands[i]):.1%} ({len(bands[i])})" if bands[i] else "–"
        for i in range(len(BANDS))
    ]
    every = [right for band in bands.values() for right in band]
    return (method, *cells, f"{sum(every) / len(every):.1%}")


Majority = Callable[[Sequence[Answer | None]], tuple[Answer | None, float]]


def _by_class(answers: Sequence[Answer | None]) -> tuple[Answer | None, float]:
    result = vote(answers, "paper")
    return (result.classes[0].answer if result.classes else None), result.share


def _by_string(answers: Sequence[Answer | None]) -> tuple[Answer | None, float]:
    written = Counter(str(answer) for answer in answers if answer)
    if not written:
        return None, 0.0
    text, count = min(written.items(), key=lambda item: (-item[1], item[0]))
    return Answer(text, (text,)), count / written.total()
