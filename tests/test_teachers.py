"""Who plays which role in a build: every role is checked in time, and what was given up is asked again when told."""

import asyncio
import json
from pathlib import Path
from typing import get_args

import pytest
from commands import run_command
from dummy_server import DummyServer, task_of
from families import first
from roleplay import play
from small_builds import keys_of, recipe, rows, same_tables

from kpmath_builder import InputError, build
from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.inspection.status import read_status
from kpmath_builder.inspection.verify import Verifier
from kpmath_builder.protocol import Response, Task
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import DropReason

NOBODY = "http://127.0.0.1:9"
"""Nothing listens at this port."""


def with_judge(made: Recipe, address: str) -> Recipe:
    """Return the recipe with a judge at a server of its own."""
    tree = made.model_dump(mode="json")
    tree["roles"] = {"judge": {**tree["teacher"], "addresses": [address]}}
    return Recipe.of(tree)


def test_a_missing_judge_is_found_before_anything_is_paid_for(tmp_path: Path) -> None:
    with DummyServer(play) as server:
        with pytest.raises(InputError, match="No server answers"):
            build(with_judge(recipe(tmp_path, server), NOBODY))
        assert not server.bodies
        assert not keys_of(tmp_path)


def test_a_missing_embedding_server_is_found_before_anything_is_paid_for(tmp_path: Path) -> None:
    with DummyServer(play) as server:
        made = recipe(
            tmp_path,
            server,
            topics_embedding="openai",
            topics_embedding_model="e",
            topics_embedding_addresses=[NOBODY],
        )
        with pytest.raises(InputError, match="No server answers"):
            build(made)
        assert not server.bodies


def test_a_judge_that_has_answered_all_it_is_asked_need_not_run(build_copy: Path) -> None:
    with DummyServer(play) as server:
        build(with_judge(recipe(build_copy, server, solutions_samples=5), NOBODY))
        assert set(map(task_of, server.bodies)) == {""}, "only solutions are asked for"


def test_a_judge_that_is_needed_again_and_missing_ends_the_build(build_copy: Path) -> None:
    with DummyServer(play) as server, pytest.raises(InputError, match="No server answers"):
        build(with_judge(recipe(build_copy, server, build_questions=48), NOBODY))


def give_up(folder: Path, task: str, end: str = "given_up") -> None:
    """Leave a finished build as if one request had got no answer, and other shards had not been touched."""
    workspace = Workspace(folder)
    line = next(
        found
        for found in map(json.loads, workspace.log("synthesis").read_bytes().splitlines())
        if found["task"] == task
    )
    with ResponseLog(workspace.log("synthesis")) as log:
        reason = "the server failed at this request each time (500): scripted"
        log.put(line["key"], task, line["for"], Response(text=reason, finish_reason=end))
    workspace.reopen([0])


@pytest.mark.parametrize(
    ("task", "end"),
    first(1, [("judge", "given_up"), ("write", "given_up"), ("solve", "given_up"), ("write", "refused")]),
)
def test_what_was_not_answered_stays_so_until_it_is_to_be_retried(
    whole_build: Path, build_copy: Path, task: str, end: str
) -> None:
    with DummyServer(play) as server:
        folder, made = build_copy, recipe(build_copy, server)
        give_up(folder, task, end)

        given_up = build(made)
        assert "1 requests got no answer" in (folder / "dataset" / "README.md").read_text()
        assert not server.requests, "it is not asked again"
        assert given_up.funnel["tokens"][task][end] == 1
        assert getattr(read_status(folder).shards[0].tokens, end) == 1
        assert "1 requests were refused or given up" in read_status(folder).sentence
        texts = [row["detail"] for row in rows(folder, "scored")]
        texts += [solution["text"] for row in rows(folder, "scored") for solution in row["solutions"]]
        assert sum("scripted" in text for text in texts) == 1
        assert not list(Verifier(folder).run())

        retried = build(made, retry_given_up=True)
        assert server.requests == 1
        assert retried.funnel["tokens"][task][end] == 0
        assert same_tables(whole_build, folder)
        assert "given up" not in read_status(folder).sentence
        assert getattr(read_status(folder).shards[0].tokens, end) == 0
        assert not list(Verifier(folder).run())


def test_only_the_chosen_shards_are_retried(build_copy: Path) -> None:
    with DummyServer(play) as server:
        made = recipe(build_copy, server)
        give_up(build_copy, "write")
        build(made)
        build(made, shards=[1, 2], retry_given_up=True)
        assert not server.requests
        assert "1 requests were refused or given up" in read_status(build_copy).sentence


def test_a_retry_without_anything_given_up_leaves_a_finished_build_as_it_is(
    tmp_path: Path, build_copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with DummyServer(play) as server:
        (tmp_path / "r.toml").write_text(recipe(build_copy, server).to_toml())
        status, out, _ = run_command(("build", tmp_path / "r.toml", "--retry-given-up"), capsys, monkeypatch)
        assert (status, "already built" in out) == (0, True)


def test_a_candidate_whose_question_was_given_up_is_dropped_as_unwritten(build_copy: Path) -> None:
    with DummyServer(play) as server:
        give_up(build_copy, "write")
        build(recipe(build_copy, server))
    reasons = [row["reason"] for row in rows(build_copy, "scored")]
    assert reasons.count(DropReason.UNWRITTEN.value) == 1


@pytest.mark.parametrize(
    ("answers", "roles"),
    [
        ({}, set()),
        ({"extract": ["extract"]}, {"extractor"}),
        ({"topics": ["same_topic"]}, set()),
        ({"synthesis": ["write", "write"]}, {"writer"}),
        (
            {"extract": ["extract"], "synthesis": ["write", "judge", "solve"]},
            {"extractor", "writer", "judge", "solver"},
        ),
    ],
)
def test_the_log_says_which_roles_have_answered(
    tmp_path: Path, answers: dict[str, list[str]], roles: set[str]
) -> None:
    workspace = Workspace(tmp_path)
    workspace.make()
    for stage, tasks in answers.items():
        with ResponseLog(workspace.log(stage)) as log:
            for number, task in enumerate(tasks):
                log.put(f"sha256:{number}/0", task, "1", Response(text="x", finish_reason="stop"))
    assert workspace.answered(get_args(Task)) == roles


def test_a_cancelled_build_still_closes_its_teachers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The grace of a stop may end while engines are being ended."""
    closes, closed = asyncio.Event(), asyncio.Event()

    async def close(teachers: Teachers) -> None:
        closes.set()
        await asyncio.sleep(0.05)
        closed.set()

    async def work() -> None:
        async with Teachers(Recipe.of({"build": {"folder": str(tmp_path)}}), lambda _: None):
            pass

    async def main() -> None:
        working = asyncio.create_task(work())
        await closes.wait()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert closed.is_set()

    monkeypatch.setattr(Teachers, "_close", close)
    asyncio.run(main())
