"""What response logs hold in numbers, line by line."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder.folder.log_costs import costs_by_task
from kpmath_builder.folder.log_scan import LogTotals, lines_of, tasks_answered, tokens_of, unanswered
from kpmath_builder.folder.paths import Paths
from kpmath_builder.records import Tokens


def line(key: str, task: str = "solve", address: int | str = 0, **response: Any) -> bytes:
    """Return a line as a log has it, less its checksum."""
    said = {"text": "x", "finish_reason": "stop", **response}
    entry = {"key": key, "task": task, "for": str(address), "response": said}
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def test_lines_cost_what_their_responses_say() -> None:
    lines = [
        line("a", prompt_tokens=10, completion_tokens=3),
        line("b", prompt_tokens=5),
        line("c", finish_reason="refused"),
        line("d", finish_reason="given_up"),
        line("e", finish_reason="given_up"),
    ]
    assert tokens_of(lines) == Tokens(requests=5, prompt=15, completion=3, refused=1, given_up=2)
    assert tokens_of([]) == Tokens()


@pytest.mark.parametrize(
    ("count", "counted"),
    [(10**9, 10**9), (10**9 + 1, 0), (9_999_999_999, 0), (10**10, 0), (10**30, 0), (0, 0)],
)
def test_a_count_that_no_response_can_have_counts_as_none(count: int, counted: int) -> None:
    assert tokens_of([line("a", prompt_tokens=count)]).prompt == counted


def test_a_text_that_looks_like_a_cost_costs_nothing() -> None:
    said = '{"a":1,"prompt_tokens":7,"finish_reason":"refused"}'
    assert tokens_of([line("a", text=said)]) == Tokens(requests=1)


def test_a_request_that_was_answered_later_is_no_longer_unanswered(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    assert unanswered(path) == Counter()
    path.write_bytes(
        b"".join(
            [
                line("a", finish_reason="refused"),
                line("b", finish_reason="given_up"),
                line("c", finish_reason="given_up"),
                line("d"),
                line("b"),
                line("d", finish_reason="refused"),
                line("c", finish_reason="given_up"),
            ]
        )
    )
    assert unanswered(path) == Counter(refused=2, given_up=1)


def test_each_task_that_has_an_answer_in_one_of_the_logs_is_found_and_no_more_is_read(tmp_path: Path) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_bytes(line("a", "write") + line("b", "judge") + b"no line\n")
    other.write_bytes(line("c", "solve"))
    assert tasks_answered([one, other], ["write", "solve", "work"]) == {"write", "solve"}
    assert tasks_answered([one, other], ["write", "judge"]) == {"write", "judge"}
    assert tasks_answered([tmp_path / "nothing"], ["write"]) == set()
    unread = tmp_path / "a folder"
    unread.mkdir()
    assert tasks_answered([one, unread], ["judge"]) == {"judge"}


def test_the_total_goes_on_where_it_stopped_and_leaves_an_unfinished_line_for_later(tmp_path: Path) -> None:
    path, totals = tmp_path / "log.jsonl", LogTotals(tmp_path)
    assert totals.read() == Tokens()
    whole, half = line("a", prompt_tokens=1), line("b", prompt_tokens=20)
    path.write_bytes(whole + half[:-5])
    assert totals.read().prompt == 1
    assert totals.read().prompt == 1
    path.write_bytes(whole + half)
    (tmp_path / "more.jsonl").write_bytes(line("c", prompt_tokens=300))
    (tmp_path / "log.lock").write_bytes(line("d", prompt_tokens=4000))
    assert totals.read() == Tokens(requests=3, prompt=321)
    assert totals.read() == Tokens(requests=3, prompt=321)


def test_without_a_log_there_are_no_lines(tmp_path: Path) -> None:
    assert list(lines_of(tmp_path / "nothing")) == []


def test_costs_are_told_by_task_and_lines_without_one_are_left_out() -> None:
    lines = [
        line("a", "write", 0, prompt_tokens=10, completion_tokens=2),
        line("b", "write", 0, prompt_tokens=10),
        line("c", "write", 'say "1"', prompt_tokens=10),
        line("d", "solve", 0, completion_tokens=5),
        b"damaged\n",
    ]
    costs = costs_by_task(lines)
    assert costs.keys() == {"write", "solve"}
    assert costs["write"].tokens == Tokens(requests=3, prompt=30, completion=2)
    assert costs["write"].addresses == {b'"0"', b'"say \\"1\\""'}
    assert costs["write"].stored == sum(map(len, lines[:3]))
    assert costs["solve"].tokens == Tokens(requests=1, completion=5)


@pytest.mark.parametrize(
    ("stage", "task", "role"),
    [("extract", "extract", "extractor"), ("synthesis", "judge", "judge"), ("synthesis", "solve", "solver"), ("preview", "write", "writer")],
)  # fmt: skip
def test_a_role_has_answered_if_one_of_its_tasks_is_in_a_log_of_its_stage(
    tmp_path: Path, stage: str, task: str, role: str
) -> None:
    paths = Paths(tmp_path)
    paths.make()
    assert paths.answered(["extract", "write", "judge", "solve"]) == set()
    paths.log(stage, 3).write_bytes(line("a", task))
    assert paths.answered(["extract", "write", "judge", "solve"]) == {role}
    assert paths.answered(["work"]) == set()
    assert paths.logs() == [tmp_path / "responses" / f"{stage}-00003.jsonl"]
    assert paths.unanswered(stage, 3) == Counter()


def test_an_answer_counts_in_the_log_of_its_stage_alone(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.make()
    paths.log("extract").write_bytes(line("a", "solve"))
    assert paths.answered(["solve", "extract"]) == set()


def test_without_a_number_the_first_log_of_a_stage_is_meant(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.make()
    (paths.responses / "extract-00000.jsonl").write_bytes(line("a", "extract", finish_reason="refused"))
    assert paths.unanswered("extract") == Counter(refused=1)


def test_the_folders_may_be_there_already_and_logs_may_be_another_folder_s(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "a" / "b", tmp_path / "theirs")
    paths.make()
    paths.make()
    assert sorted(path.name for path in paths.folder.iterdir()) == ["candidates", "knowledge"]
    assert paths.log("extract") == tmp_path / "theirs" / "extract-00000.jsonl"
    assert paths.shard(12) == paths.folder / "candidates" / "shard-00012.jsonl"
