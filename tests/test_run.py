"""How the samples of a request are cut into calls, and what a response costs; the record of a run."""

import json
from pathlib import Path

import pytest

from kpmath_builder.execution.run import _runs, cost_of
from kpmath_builder.execution.run_record import note_run
from kpmath_builder.protocol import Response
from kpmath_builder.records import Tokens


@pytest.mark.parametrize(
    ("samples", "longest", "runs"),
    [
        ([0, 1, 2, 3], 10, [[0, 1, 2, 3]]),
        ([0, 1, 2, 3, 4], 2, [[0, 1], [2, 3], [4]]),
        ([0, 1, 3, 4], 10, [[0, 1], [3, 4]]),
        ([5], 1, [[5]]),
        ([2, 4, 6], 3, [[2], [4], [6]]),
        ([1, 2, 3, 7, 8, 9, 10], 3, [[1, 2, 3], [7, 8, 9], [10]]),
    ],
)
def test_samples_are_asked_for_in_runs_without_gaps_of_no_more_than_a_call_takes(
    samples: list[int], longest: int, runs: list[list[int]]
) -> None:
    assert list(_runs(samples, longest)) == runs


@pytest.mark.parametrize(
    ("end", "refused", "given_up"), [("stop", 0, 0), ("length", 0, 0), ("refused", 1, 0), ("given_up", 0, 1)]
)
def test_a_response_costs_its_tokens_and_counts_under_how_it_ended(
    end: str, refused: int, given_up: int
) -> None:
    response = Response(text="x", finish_reason=end, prompt_tokens=7, completion_tokens=3)
    assert cost_of(response) == Tokens(requests=1, prompt=7, completion=3, given_up=given_up, refused=refused)


def test_a_run_is_recorded_with_a_line_for_each_model_after_those_of_earlier_runs(tmp_path: Path) -> None:
    note_run(tmp_path / "engine", [{"model": "a"}, {}, {"model": "b"}])
    note_run(tmp_path / "engine", [{"model": "c"}])
    lines = [json.loads(line) for line in (tmp_path / "engine" / "runs.jsonl").read_text().splitlines()]
    assert [line["model"] for line in lines] == ["a", "b", "c"]
    assert all(line["ended"].endswith("+00:00") for line in lines)


@pytest.mark.parametrize("records", [[], [{}], [{}, {}]])
def test_a_run_of_which_there_is_nothing_to_record_leaves_nothing(
    tmp_path: Path, records: list[dict[str, str]]
) -> None:
    note_run(tmp_path / "engine", records)
    assert not (tmp_path / "engine").exists()
