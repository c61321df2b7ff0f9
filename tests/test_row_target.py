"""Builds of an exact number of rows (`build.rows`): the draws that count, and builds that end with them."""

import random
import shutil
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
import roleplay
from commands import Kpmath
from dummy_server import Body, DummyServer, task_of
from factories import agreed, make_build
from small_builds import recipe, rows, same_tables

from kpmath_builder import BuildError, InputError, Recipe, build, rescore
from kpmath_builder.dataset.schemas import CONFIGS
from kpmath_builder.dataset.writing import RowBudget
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.folder.log_costs import draws_asked
from kpmath_builder.folder.log_scan import lines_of
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.inspection.status import read_status
from kpmath_builder.inspection.verify import Verifier
from kpmath_builder.prompts.plain_text import write_text
from kpmath_builder.prompts.replies import WriteReply
from kpmath_builder.protocol import Response
from kpmath_builder.records import DropReason
from kpmath_builder.synthesis.row_target import WINDOWS_AHEAD, DrawnPrefix

GAINS = [2, 0, 3, 1, 0, 4, 2]
ROWS = 12
MOST = 80
WINDOW = 4


# The draws that count


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("target", [1, 5, 6, 12])
def test_the_prefix_is_that_of_the_draws_in_order_whatever_order_they_end_in(seed: int, target: int) -> None:
    order = list(range(len(GAINS)))
    random.Random(seed).shuffle(order)
    prefix = DrawnPrefix(target)
    for index in order:
        prefix.add(index, GAINS[index])
    needed = next(i for i, total in enumerate(accumulate(GAINS), start=1) if total >= target)
    assert (prefix.length, prefix.rows) == (needed, sum(GAINS[:needed]))
    assert prefix.is_enough


def test_a_draw_behind_an_unfinished_one_does_not_count_yet() -> None:
    prefix = DrawnPrefix(1)
    prefix.add(1, 5)
    assert (prefix.length, prefix.is_enough, prefix.has(1), prefix.has(0)) == (0, False, True, False)
    prefix.add(0, 0)
    assert (prefix.length, prefix.rows) == (2, 5)


def test_a_higher_aim_takes_in_draws_that_have_ended_already() -> None:
    prefix = DrawnPrefix(2)
    for index, gain in enumerate(GAINS):
        prefix.add(index, gain)
    assert prefix.length == 1
    assert [one.rows for one in prefix.aim(5)] == [0, 3]
    assert prefix.length == 3


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100, None])
def test_the_last_question_gives_its_first_solutions_only_as_far_as_they_are_needed(
    limit: int | None,
) -> None:
    kept = [its for its in make_build(24).candidates if agreed(its)]
    budget = RowBudget(agreed, limit)
    chosen = [one for its in budget.needed(kept) for one in budget.published(its)]
    every = [one for its in kept for one in agreed(its)]
    assert chosen == every[:limit]


def test_draws_are_counted_up_to_the_last_question_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "synthesis-00000.jsonl"
    with ResponseLog(path) as log:
        for task, address in (("write", "4"), ("write", "12"), ("solve", "80"), ("extract", "seed/99")):
            log.put(f"sha256:{address}/0", task, address, Response(text="x", finish_reason="stop"))
    assert draws_asked(lines_of(path)) == 13
    assert draws_asked([]) == 0


# Whole builds


class _KilledError(Exception):
    pass


def _end(*_: object) -> None:
    raise _KilledError


def play(body: Body) -> str:
    """Answer in role; every third question or so is one and the same, so that repeats are dropped in every round."""
    if task_of(body) == "write" and body["seed"] % 3 == 0:
        return write_text(
            WriteReply(question="A hall has 12 rows of 14 chairs each. How many chairs are there?")
        )
    return roleplay.play(body)


def wanting(folder: Path, server: DummyServer, **changes: Any) -> Recipe:
    keys = {"build_rows": ROWS, "build_questions": MOST, "build_window": WINDOW, "seeds_limit": 8}
    return recipe(folder, server, **{**keys, "solutions_samples": 3, **changes})


def asked_questions(server: DummyServer) -> int:
    return sum(task_of(body) == "write" for body in server.bodies)


def asked_once(server: DummyServer, whole: Path) -> bool:
    """Whether nothing was asked twice, and little beyond the last row."""
    asked = [(body["seed"], body["n"], str(body["messages"])) for body in server.bodies]
    beyond = asked_questions(server) - len(rows(whole, "scored"))
    return len(asked) == len(set(asked)) and beyond <= WINDOWS_AHEAD * WINDOW


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a build of so many rows, in one go; it is only looked at."""
    folder = tmp_path_factory.mktemp("rows")
    with DummyServer(play) as server:
        assert build(wanting(folder, server)).rows["qa-pairs"] == ROWS
    return folder


def test_the_tables_end_with_the_draw_that_gives_the_last_row(whole: Path) -> None:
    """What is kept is counted after repeats are dropped, and the draws have no gap."""
    scored, pairs = rows(whole, "scored"), rows(whole, "qa-pairs")
    assert len(pairs) == ROWS
    assert [row["index"] for row in scored] == list(range(len(scored)))
    assert scored[-1]["id"] == pairs[-1]["candidate_id"]
    assert DropReason.DUPLICATE in {row["reason"] for row in scored}


@pytest.mark.parametrize(("shards", "window"), [(1, 1), (8, 256)], ids=["narrow", "wide"])
def test_shards_and_window_change_no_byte_and_little_is_asked_beyond_the_last_row(
    whole: Path, tmp_path: Path, shards: int, window: int
) -> None:
    with DummyServer(play) as server:
        build(wanting(tmp_path, server, build_shards=shards, build_window=window))
        beyond = asked_questions(server) - len(rows(whole, "scored"))
    assert same_tables(whole, tmp_path)
    assert 0 <= beyond <= WINDOWS_AHEAD * window


def test_a_build_that_was_stopped_goes_on_to_the_same_rows_and_asks_nothing_twice(
    whole: Path, tmp_path: Path
) -> None:
    """The limit of tokens stops it in the middle; all that was answered is kept."""
    with DummyServer(play) as server:
        with pytest.raises(BuildError, match=r"build\.max_tokens"):
            build(wanting(tmp_path, server, build_max_tokens=9_000))
        assert read_status(tmp_path).rows_wanted == ROWS
        build(wanting(tmp_path, server))
        assert asked_once(server, whole)
    assert same_tables(whole, tmp_path)


def test_reasoning_that_is_published_is_no_row_of_its_own(tmp_path: Path) -> None:
    with DummyServer(lambda body: f"<think>\nLet me see.\n</think>\n\n{play(body)}") as server:
        changes = {"selection_reasoning": "column", "solutions_keep_thinking": True}
        result = build(wanting(tmp_path, server, **changes))
    assert (result.rows["qa-pairs"], result.shortfall) == (ROWS, "")


def test_a_kill_while_shards_are_sealed_leaves_no_mixture(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two numbers of draws, that is: all shards are made again, whichever were sealed."""
    with DummyServer(play) as server:
        with monkeypatch.context() as patch:
            patch.setattr(Workspace, "note_sealed", _end)
            with pytest.raises(_KilledError):
                build(wanting(tmp_path, server))
        assert len(list((tmp_path / "candidates").glob("shard-*.jsonl"))) == 1
        build(wanting(tmp_path, server))
        assert asked_once(server, whole)
    assert same_tables(whole, tmp_path)


def test_more_rows_are_drawn_on_for_and_fewer_need_a_word(whole: Path, tmp_path: Path) -> None:
    folder, direct = tmp_path / "grown", tmp_path / "direct"
    shutil.copytree(whole, folder)
    with DummyServer(play) as server:
        build(wanting(folder, server, build_rows=ROWS + 6))
        build(wanting(direct, server, build_rows=ROWS + 6))
        assert same_tables(folder, direct)
        with pytest.raises(InputError, match=f"holds {ROWS + 6} rows, and build.rows is {ROWS} now"):
            build(wanting(folder, server))
        build(wanting(folder, server), shrink=True)
    assert same_tables(whole, folder)


def test_a_rescore_draws_no_further_than_was_asked_and_says_what_is_missing(
    whole: Path, tmp_path: Path
) -> None:
    """And going back gives the same tables again; the log alone confirms them."""
    folder = shutil.copytree(whole, tmp_path / "again")
    stricter = rescore(folder, {"consensus.min_share": "0.9"})
    assert 0 < stricter.rows["qa-pairs"] < ROWS
    assert f"rows of {ROWS} (build.rows) are kept" in stricter.shortfall
    assert stricter.shortfall.endswith("draws: run `kpmath build` to go on.")
    verifier = Verifier(folder)
    assert list(verifier.run()) == []
    assert verifier.checked["candidates"] == len(rows(folder, "scored"))
    back = rescore(folder, {"consensus.min_share": "0.5"})
    assert back.shortfall == ""
    assert all(rows(whole, config) == rows(folder, config) for config in CONFIGS)


def test_a_build_whose_questions_are_used_up_writes_what_there_is_and_says_so(
    whole: Path, tmp_path: Path, kpmath: Kpmath
) -> None:
    """With the exit status of what is not done."""
    folder = shutil.copytree(whole, tmp_path / "few")
    drawn = len(rows(whole, "scored"))
    with DummyServer(play) as server:
        result = build(wanting(folder, server, build_rows=500, build_questions=drawn + 1))
        status, out, _ = kpmath("build", folder / "recipe.toml")
    assert result.rows["scored"] == drawn + 1
    assert (status, result.shortfall in out) == (1, True)
    assert "raise build.questions" in result.shortfall
    assert "of 500 rows" in read_status(folder).sentence


def test_a_folder_in_which_another_process_builds_is_waited_for(whole: Path, tmp_path: Path) -> None:
    """Nothing is asked, and the shards that are there stay."""
    folder = shutil.copytree(whole, tmp_path / "held")
    with DummyServer(play) as server:
        with (
            Workspace(folder).open_log("synthesis", 2, print),
            pytest.raises(BuildError, match="wait for it"),
        ):
            build(wanting(folder, server, build_rows=ROWS + 1))
        assert not server.requests
    assert len(list((folder / "candidates").glob("shard-*.jsonl"))) == 4


def test_one_process_makes_a_build_of_so_many_rows(whole: Path, tmp_path: Path) -> None:
    with DummyServer(play) as server:
        with pytest.raises(InputError, match="leave --shards out"):
            build(wanting(tmp_path, server), shards=[0])
        assert not server.requests
