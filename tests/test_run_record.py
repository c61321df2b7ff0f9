"""The record of a run: a line for each model, after those of earlier runs."""

import json
from pathlib import Path

import pytest

from kpmath_builder.execution.run_record import note_run


def test_a_run_is_recorded_with_a_line_for_each_model_after_those_of_earlier_runs(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "engine"
    note_run(folder, [{"model": "a"}, {}, {"model": "b"}])
    note_run(folder, [{"model": "c"}])
    lines = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    assert [line["model"] for line in lines] == ["a", "b", "c"]
    assert all(line["ended"].endswith("+00:00") for line in lines)


@pytest.mark.parametrize("records", [[], [{}], [{}, {}]])
def test_a_run_of_which_there_is_nothing_to_record_leaves_nothing(
    tmp_path: Path, records: list[dict[str, str]]
) -> None:
    note_run(tmp_path / "engine", records)
    assert not (tmp_path / "engine").exists()
