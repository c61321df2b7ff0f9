"""The labelled cases: no false pair of the graders and shapes is accepted, hardly one of the traps, and the true ones are found."""

import json
from collections import Counter
from pathlib import Path

import pytest

from kpmath_builder.answers import equivalent, vote

TRUE = {"pairs_sources": 0.97, "pairs_shapes": 0.97, "pairs_traps": 0.95}
FALSE = {"pairs_sources": 0, "pairs_shapes": 0, "pairs_traps": 0.05}


@pytest.mark.parametrize("name", TRUE)
def test_true_pairs_are_found_and_false_ones_refused(shared_data: Path, name: str):
    lines = (shared_data / "answer_cases" / f"{name}.jsonl").read_text().splitlines()
    count, found = Counter[bool](), Counter[bool]()
    for row in map(json.loads, lines):
        count[row["equal"]] += 1
        found[row["equal"]] += equivalent(row["prediction"], row["reference"]).equal
    assert found[True] >= TRUE[name] * count[True]
    assert found[False] <= FALSE[name] * count[False]


def test_pairs_that_were_missed_are_equal(shared_data: Path):
    rows = [
        json.loads(line)
        for line in (shared_data / "answer_cases" / "equal_more.jsonl").read_text().splitlines()
    ]
    assert [row for row in rows if not equivalent(row["a"], row["b"]).equal] == []


def test_votes_come_out_as_expected(shared_data: Path):
    rows = [
        json.loads(line) for line in (shared_data / "answer_cases" / "votes.jsonl").read_text().splitlines()
    ]
    for row in rows:
        result = vote(row["answers"], row["mode"], min_share=row.get("min_share", 0.5))
        assert (list(result.kept), result.reason) == (row["kept"], row["reason"]), row["kind"]
        assert bool(result) == (row["winner"] is not None)
        assert row["winner"] is None or equivalent(str(result.winner), row["winner"])
