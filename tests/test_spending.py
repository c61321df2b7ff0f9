"""What a build may cost: a limit over all answers of a folder, and the price of a run."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from commands import run_command
from dummy_server import DummyServer, body_text
from roleplay import play
from small_builds import keys_of, recipe, same_tables

from kpmath_builder import BuildError, InputError, build
from kpmath_builder.execution.spending import SECONDS_BETWEEN_LOOKS, Spending
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.folder.log_scan import LogTotals
from kpmath_builder.progress import Progress
from kpmath_builder.protocol import Response


def spent(folder: Path) -> int:
    total = LogTotals(folder / "responses").read()
    return total.prompt + total.completion


def test_a_build_stops_at_its_limit_keeps_all_and_goes_on_when_it_is_raised(
    tmp_path: Path, whole_build: Path
) -> None:
    with DummyServer(play) as server:
        whole = spent(whole_build)
        limit, folder = whole // 2, tmp_path / "limited"
        with pytest.raises(BuildError, match=r"build.max_tokens is .*raise it with --set build.max_tokens"):
            build(recipe(folder, server, build_max_tokens=limit))
        assert limit <= spent(folder) < whole
        first = server.requests
        assert len(keys_of(folder)) == first

        with pytest.raises(BuildError, match="have cost"):
            build(recipe(folder, server, build_max_tokens=limit))
        assert server.requests == first, "a restart does not begin at zero"

        build(recipe(folder, server, build_max_tokens=whole))
        assert server.requests == len(keys_of(whole_build)), "nothing is paid twice"
        assert same_tables(whole_build, folder)


def test_a_finished_build_needs_no_tokens_whatever_the_limit(build_copy: Path) -> None:
    with DummyServer(play) as server:
        assert build(recipe(build_copy, server, build_max_tokens=1)).already_built


def test_a_limit_that_is_spent_is_one_sentence_and_exit_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with DummyServer(play) as server:
        (tmp_path / "r.toml").write_text(recipe(tmp_path / "b", server, build_max_tokens=2_000).to_toml())
        status, _, err = run_command(("build", tmp_path / "r.toml"), capsys, monkeypatch)
    assert status == 1
    assert err.startswith("kpmath: The answers in this folder have cost")
    assert err.count("\n") == 1


def test_a_server_that_counts_no_tokens_cannot_be_limited_and_that_is_said(tmp_path: Path) -> None:
    def uncounted(text: str) -> str:
        return json.dumps({name: value for name, value in json.loads(text).items() if name != "usage"})

    with (
        DummyServer(play, faults=lambda body, number: body_text(uncounted)) as server,
        pytest.raises(InputError, match="reports no token counts"),
    ):
        build(recipe(tmp_path, server, build_max_tokens=10**9))


def test_what_another_process_spends_in_the_folder_counts_too(tmp_path: Path) -> None:
    now = [0.0]
    spending = Spending(1_000, tmp_path, clock=lambda: now[0])
    spending.check()
    with ResponseLog(tmp_path / "synthesis-00007.jsonl") as log:
        log.put("sha256:a/0", "write", "7", Response(text="x", finish_reason="stop", prompt_tokens=999))
        spending.check()
        log.put("sha256:b/0", "write", "7", Response(text="x", finish_reason="stop", completion_tokens=1))
        spending.check()
        now[0] += SECONDS_BETWEEN_LOOKS
        with pytest.raises(BuildError, match="have cost 1,000 tokens"):
            spending.check()


@pytest.mark.parametrize(
    ("costs", "over"), [((400, 599), False), ((400, 600), False), ((400, 601), True), ((1_001,), True)]
)
def test_what_is_under_way_may_reach_the_limit_and_not_pass_it(
    tmp_path: Path, costs: Sequence[int], *, over: bool
) -> None:
    """The last answer that a build needs may cost the last token."""
    spending = Spending(1_000, tmp_path, clock=lambda: 0.0)
    with ResponseLog(tmp_path / "synthesis-00000.jsonl") as log:

        def answer(number: int, cost: int) -> None:
            response = Response(text="x", finish_reason="stop", prompt_tokens=cost)
            log.put(f"sha256:{number}/0", "write", "1", response)
            spending.add([response])

        *before, last = enumerate(costs)
        for number, cost in before:
            answer(number, cost)
        if over:
            with pytest.raises(BuildError, match="have cost"):
                answer(*last)
        else:
            answer(*last)


def test_three_answers_in_a_row_without_a_count_are_a_server_that_counts_nothing(tmp_path: Path) -> None:
    """One that is left out now and then is let pass, and so is whatever is no answer."""
    spending = Spending(1_000, tmp_path, clock=lambda: 0.0)
    uncounted, counted = (Response(text="x", finish_reason="stop", prompt_tokens=cost) for cost in (0, 5))
    for response in (uncounted, uncounted, counted, uncounted, uncounted):
        spending.add([response])
    for text, ended in (("no", "refused"), ("", "stop"), ("no", "given_up")):
        spending.add([Response(text=text, finish_reason=ended)])
    with pytest.raises(InputError, match="reports no token counts"):
        spending.add([uncounted])


def test_an_absurd_count_in_an_old_log_counts_as_nothing(tmp_path: Path) -> None:
    lines = [
        b'{"key":"sha256:a/0","task":"write","for":"1","response":{"text":"","finish_reason":"stop","prompt_tokens":%d}}\n'
        % count
        for count in (7, 10**30, 2**62, 10**9 + 1)
    ]
    huge = lines[0].replace(b"7}", b"9" * 5_000 + b"}")
    (tmp_path / "synthesis-00000.jsonl").write_bytes(b"".join([*lines, huge]))
    assert LogTotals(tmp_path).read().prompt == 7


def test_words_of_a_model_are_not_read_as_counts(tmp_path: Path) -> None:
    text = 'x","prompt_tokens":12,"finish_reason":"given_up","completion_tokens":9'
    with ResponseLog(tmp_path / "synthesis-00000.jsonl") as log:
        log.put("sha256:a/0", "write", "1", Response(text=text, finish_reason="stop", prompt_tokens=3))
    totals = LogTotals(tmp_path).read()
    assert (totals.prompt, totals.completion, totals.given_up, totals.requests) == (3, 0, 0, 1)


def test_the_price_of_a_run_is_shown_while_it_runs_and_recorded(tmp_path: Path) -> None:
    told: list[Progress] = []
    with DummyServer(play) as server:
        made = recipe(
            tmp_path,
            server,
            teacher_price_per_million_prompt_tokens=2.0,
            teacher_price_per_million_completion_tokens=8.0,
        )
        build(made, progress=told.append)
    total = LogTotals(tmp_path / "responses").read()
    cost = (total.prompt * 2.0 + total.completion * 8.0) / 1e6
    assert told[-1].cost == pytest.approx(cost)
    (record,) = map(json.loads, (tmp_path / "engine" / "runs.jsonl").read_text().splitlines())
    assert record["cost"] == pytest.approx(cost, abs=1e-6)


def test_without_prices_no_cost_is_shown(tmp_path: Path) -> None:
    told: list[Progress] = []
    with DummyServer(play) as server:
        build(recipe(tmp_path, server), progress=told.append)
    assert {progress.cost for progress in told} == {None}
    assert "cost" not in (tmp_path / "engine" / "runs.jsonl").read_text()
