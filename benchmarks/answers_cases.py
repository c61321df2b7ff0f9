"""Equality and votes on every file of labelled cases, beside math-verify on the same rows."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from answers_data import rows_of, table
from answers_suites import SUITES, math_verify_says

from kpmath_builder.answers import equivalent, vote

__all__ = ["cases", "pairs"]

PAIRS = ("pairs_sources", "pairs_shapes", "pairs_traps")


def pairs(data: Path) -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
    """Yield each file of pairs as its name and rows of prediction, reference and whether they are equal."""
    for name in PAIRS:
        rows = rows_of(data / "answer_cases" / f"{name}.jsonl")
        yield name, [(row["prediction"], row["reference"], row["equal"]) for row in rows]
    more = rows_of(data / "answer_cases" / "equal_more.jsonl")
    yield "equal_more", [(row["a"], row["b"], True) for row in more]
    for name in SUITES:
        rows = rows_of(data / "equivalence" / f"{name}_pairs.jsonl")
        yield name, [(row["prediction"], row["reference"], row["equal"]) for row in rows]


def cases(data: Path, *, rows: bool) -> None:
    """Print true pairs found and false pairs accepted per file, and the votes that come out as they should."""
    body, contradictions = [], []
    for name, labelled in pairs(data):
        ours, published, theirs = (Counter[tuple[bool, bool]]() for _ in range(3))
        kinds = Counter[str]()
        for prediction, reference, equal in labelled:
            verdict = equivalent(prediction, reference)
            kinds[verdict.kind] += 1
            ours[equal, verdict.equal] += 1
            published[equal, equivalent(prediction, reference, rule="published").equal] += 1
            theirs[equal, math_verify_says(prediction, reference)] += 1
            if verdict.equal != equal:
                contradictions.append(
                    (name, equal, f"`{prediction}`", f"`{reference}`", verdict.kind, verdict.reason)
                )
        true = sum(equal for *_, equal in labelled)
        body.append(
            (
                name,
                true,
                len(labelled) - true,
                *(_cell(c) for c in (ours, published, theirs)),
                kinds["unknown"],
            )
        )
    table(
        (
            "file",
            "true pairs",
            "false pairs",
            "ours: true found / false accepted",
            "by the rule `published`",
            "math-verify: true found / false accepted",
            "unknown",
        ),
        body,
    )
    votes = rows_of(data / "answer_cases" / "votes.jsonl")
    wrong = [row["kind"] for row in votes if not _as_expected(row)]
    print(f"votes: {len(votes) - len(wrong)} of {len(votes)} come out as expected\n")
    if rows:
        table(("file", "label", "prediction", "reference", "ours", "why"), contradictions)
        table(("vote that comes out otherwise",), ([kind] for kind in wrong))


def _cell(count: Counter[tuple[bool, bool]]) -> str:
    return f"{count[True, True]} / {count[False, True]}"


def _as_expected(row: dict[str, Any]) -> bool:
    result = vote(row["answers"], row["mode"], min_share=row.get("min_share", 0.5))
    winner = result.winner is not None and equivalent(result.winner, row["winner"] or "").equal
    expected = winner if row["winner"] else result.winner is None
    return expected and list(result.kept) == row["kept"] and result.reason == row["reason"]
