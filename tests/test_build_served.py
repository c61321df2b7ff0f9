"""A whole build against a real OpenAI-compatible server over HTTP, healthy and faulty."""

import filecmp
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from dummy_server import LASTING, ODD, PASSING, Body, DummyServer, Fault, body_text, choices, storm, task_of
from families import first, named
from roleplay import play
from small_builds import keys_of

from kpmath_builder import BuildError, InputError, Recipe, build, rescore
from kpmath_builder.client import retries
from kpmath_builder.funnel import Funnel
from kpmath_builder.recipe import SolutionsSettings
from kpmath_builder.records import DropReason, Stage


def recipe(folder: Path, server: DummyServer, **build_keys: Any) -> Recipe:
    return Recipe.of(
        {
            "teacher": {
                "kind": "openai",
                "model": "dummy",
                "addresses": [server.address],
                "in_flight": 64,
                "patience": 600,
            },
            "seeds": {"limit": 20},
            "topics": {"ask_above": 0.5},
            "solutions": {"samples": 6},
            "build": {"folder": str(folder), "questions": 60, "shards": 3, "window": 16, **build_keys},
        }
    )


def rows(folder: Path, config: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / "dataset" / "data" / config).to_pylist()


def same_tables(one: Path, other: Path) -> bool:
    names = sorted(str(p.relative_to(one)) for p in one.rglob("*") if p.is_file())
    assert names == sorted(str(p.relative_to(other)) for p in other.rglob("*") if p.is_file())
    return filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])


def assert_accounted(folder: Path, questions: int) -> None:
    """Every blueprint is in `scored` once, kept or dropped with a reason, and the funnel adds up."""
    scored = rows(folder, "scored")
    assert [row["index"] for row in scored] == list(range(questions))
    assert all((row["status"] == "kept") == (row["reason"] is None or row["reason"] == "") for row in scored)
    funnel = json.loads((folder / "manifest.json").read_text())["funnel"]
    passed = [funnel["passed"][stage.value] for stage in Stage]
    assert passed[0] == questions
    assert passed == sorted(passed, reverse=True)
    assert passed[-1] == sum(row["status"] == "kept" for row in scored)
    assert sum(count for _, _, count in funnel["ended"]) == questions
    pairs = {row["candidate_id"] for row in rows(folder, "qa-pairs")}
    assert pairs == {row["id"] for row in scored if row["status"] == "kept"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a build without any fault, which is only looked at."""
    folder = tmp_path_factory.mktemp("whole")
    with DummyServer(play) as server:
        build(recipe(folder, server))
        assert server.peak <= 64
    return folder


@pytest.fixture
def built(whole: Path, tmp_path: Path) -> Path:
    """Return a copy of it that a test may change."""
    return shutil.copytree(whole, tmp_path / "built")


def test_a_served_build_keeps_and_drops_with_reasons(whole: Path) -> None:
    assert_accounted(whole, 60)
    assert rows(whole, "qa-pairs")
    reasons = {row["reason"] for row in rows(whole, "scored")}
    assert {DropReason.LOW_QUALITY.value, DropReason.TOO_MANY_PARTS.value} <= reasons


@pytest.mark.parametrize(("shards", "window"), [(1, 1), (8, 256)])
def test_windows_and_shards_and_calls_change_no_byte(
    tmp_path: Path, whole: Path, shards: int, window: int
) -> None:
    with DummyServer(play) as server:
        build(recipe(tmp_path, server, shards=shards, window=window))
    assert same_tables(whole / "dataset", tmp_path / "dataset")


def test_adaptive_sampling_asks_for_fewer_and_is_the_same_for_all_shards_and_after_a_rescore(
    built: Path, tmp_path: Path
) -> None:
    """What was asked for at first, all samples or few, changes nothing in the tables; a log that lacks samples says so."""
    adaptive = {"samples": 6, "sampling": "adaptive"}
    with DummyServer(play) as server:
        for name, keys in {"a": {"shards": 1, "window": 1}, "b": {"shards": 8, "window": 256}}.items():
            build(
                recipe(tmp_path / name, server, **keys).model_copy(
                    update={"solutions": SolutionsSettings(**adaptive)}
                )
            )
        assert server.requests < 2 * len(keys_of(built))
        asked = server.requests
        rescore(built, {"solutions.sampling": "adaptive"})
        back = rescore(tmp_path / "a", {"solutions.sampling": "fixed"})
        assert server.requests == asked
    assert same_tables(built / "dataset" / "data", tmp_path / "b" / "dataset" / "data")
    assert Funnel.from_json(back.funnel).not_asked > 0
    assert {len(row["solutions"]) for row in rows(tmp_path / "b", "scored") if row["consensus_mode"]} == {
        3,
        4,
        5,
        6,
    }


def test_a_finished_build_asks_nothing_and_needs_no_server(built: Path) -> None:
    with DummyServer(play) as gone:
        made = recipe(built, gone)
    assert build(made).already_built
    (built / "manifest.json").unlink()
    before = (built / "dataset" / "README.md").read_bytes()
    assert not build(made).already_built
    assert (built / "dataset" / "README.md").read_bytes() == before


def test_rescoring_asks_nothing_and_building_on_asks_only_what_is_missing(built: Path) -> None:
    with DummyServer(play) as server:
        made = recipe(built, server)
        strict = rescore(built, {"consensus.min_share": "0.95"})
        assert strict.rows["qa-pairs"] < len(
            [r for r in rows(built, "scored") if r["stage"] in ("agreed", "kept", "solved")]
        )
        notes: list[str] = []
        loose = rescore(
            built, {"judging.threshold": "0.0"}, progress=lambda progress: notes.append(progress.note)
        )
        assert not server.requests
        hint = (
            rf"\d+ candidates need answers that were never asked for: .*`kpmath build {built}/recipe\.toml`"
        )
        assert re.search(hint, notes[-1])
        assert any(row["reason"] == DropReason.NOT_ASKED.value for row in rows(built, "scored"))
        on = build(
            Recipe.of({**made.model_dump(mode="json", exclude_unset=True), "judging": {"threshold": 0.0}})
        )
        assert server.requests
        assert on.rows["qa-pairs"] > loose.rows["qa-pairs"]
        assert not any(row["reason"] == DropReason.NOT_ASKED.value for row in rows(built, "scored"))


MALFORMED: dict[str, Fault] = {
    "a remark": choices(content="Sure! Here is a question for you."),
    "cut-off JSON": choices(content='{"question": "A farmer has'),
    "wrong types": choices(content='{"question": 3, "topics": "none", "key_points_present": "high"}'),
    "blank": choices(content=" \n"),
}


@pytest.mark.parametrize("seed", first(1, range(3)))
def test_every_blueprint_ends_once_in_a_storm_of_faults(tmp_path: Path, seed: int) -> None:
    kinds = [*PASSING.values(), *LASTING.values(), *ODD.values(), *MALFORMED.values()]
    with DummyServer(play, faults=storm(seed, 0.25, kinds)) as server:
        build(recipe(tmp_path, server))
    assert_accounted(tmp_path, 60)


@pytest.mark.parametrize(
    ("task", "reason"),
    [("write", DropReason.UNWRITTEN), ("judge", DropReason.UNJUDGED), ("", DropReason.UNSOLVED)],
)
@pytest.mark.parametrize(
    "fault",
    named(
        [*LASTING, *MALFORMED, "empty text", "null content", "endless repetition", "refusal in words"],
        "context overflow", "null content",
    ),
)  # fmt: skip
def test_a_reply_that_never_validates_drops_the_blueprint_with_its_reason(
    tmp_path: Path, task: str, reason: DropReason, fault: str
) -> None:
    if task == "write" and fault in {"a remark", "refusal in words"}:
        reason = DropReason.TALK  # plain text is a question to the reader, and none to the program's checks
    spoilt = {**PASSING, **LASTING, **MALFORMED, **ODD}[fault]

    def faults(body: Body, number: int) -> Fault | None:
        return spoilt if task_of(body) == task else None

    with DummyServer(play, faults=faults) as server:
        build(recipe(tmp_path, server, questions=8))
        tries = Counter(task_of(body) for body in server.bodies)
    scored = rows(tmp_path, "scored")
    assert reason.value in {row["reason"] for row in scored}
    assert all(row["reason"] for row in scored)
    if task == "write":
        # An answer without a word may be a fault that passes: each is asked for three times.
        # A reply that ran in a loop is asked for once more.
        once_more = {"empty text": 9, "null content": 9, "endless repetition": 2}
        calls = 1 if fault in LASTING or reason is DropReason.TALK else once_more.get(fault, 3)
        assert tries["write"] == 8 * calls


def test_an_interrupted_build_goes_on_where_it_was(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server dies in the middle; the same recipe again asks only the rest and makes the same tables."""
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.02)
    dead = body_text(lambda text: "gone")
    with DummyServer(
        play, faults=lambda body, number: dead if number > 150 else None, spoils_probe=True
    ) as server:
        hasty = recipe(tmp_path / "cut", server)
        hasty = hasty.model_copy(update={"teacher": hasty.teacher.model_copy(update={"patience": 0.3})})
        with pytest.raises(BuildError, match="same command again"):
            build(hasty)
    with DummyServer(play) as server:
        build(recipe(tmp_path / "cut", server))
        assert server.requests == len(keys_of(whole)) - 151
    assert same_tables(whole / "dataset", tmp_path / "cut" / "dataset")


def test_no_server_and_wrong_model_are_input_errors(tmp_path: Path) -> None:
    with DummyServer(play, models=["other"]) as server:
        made = recipe(tmp_path, server)
        with pytest.raises(InputError, match="other"):
            build(made)
    with pytest.raises(InputError, match="No server answers"):
        build(made)


def test_another_recipe_in_the_same_folder_is_refused_by_the_key(built: Path) -> None:
    with DummyServer(play) as server, pytest.raises(InputError, match=r"build\.seed was 0 and is now 7"):
        build(recipe(built, server, seed=7))
