"""One served build with controls, which the tests look at, and one that grew into it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from controlled import solving, truth_of, write_questions
from dummy_server import DummyServer
from small_builds import recipe, rows, same_tables

from kpmath_builder import InputError, Recipe, build, load, rescore
from kpmath_builder.controls.report import LabelReport
from kpmath_builder.folder.shards import read_candidates
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.inspection.status import read_status
from kpmath_builder.records import Candidate, DropReason

CONTROLS = {"share": 0.5, "sources": ["file", "seeds"], "held_back": 0.1, "judge_share": 0.25}


def controlled(folder: Path, server: DummyServer, file: Path, **changes: Any) -> Recipe:
    made = recipe(
        folder,
        server,
        seeds_limit=40,
        build_questions=120,
        build_window=32,
        **{f"controls_{name}": value for name, value in CONTROLS.items()},
        controls_path=str(file),
    )
    tree = made.model_dump(mode="json", exclude_unset=True)
    for table, keys in changes.items():
        tree[table] = {**tree.get(table, {}), **keys}
    return Recipe.of(tree)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_questions(tmp_path_factory.mktemp("own") / "barns.jsonl", 100)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, file: Path) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    with DummyServer(solving) as server:
        build(controlled(folder, server, file, build={"shards": 8}))
    return folder


def candidates(folder: Path, shards: int = 8) -> Iterator[Candidate]:
    return read_candidates([Workspace(folder).shard(number) for number in range(shards)])


def calibration(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())["calibration"]
    return found


def test_controls_are_solved_as_the_blueprint_beside_them_is_and_graded(whole: Path) -> None:
    """Same number of samples, the same demonstrations; whether the winner is right is what the file says."""
    found = [its.control for its in candidates(whole) if its.control]
    ours = [its for its in found if its.source == "file"]
    assert len(ours) == 30
    assert len({its.id for its in found}) == len(found)
    for control in ours:
        assert len(control.solutions) == 4
        assert control.gold == str(truth_of(control.question))
        if control.vote and control.vote.winner is not None:
            assert control.right == (control.vote.winner == control.gold)
    assert {True, False} <= {its.right for its in ours}


def test_no_control_and_no_held_back_seed_stands_in_a_row(whole: Path) -> None:
    scored, pairs = rows(whole, "scored"), rows(whole, "qa-pairs")
    assert len(scored) == 120
    assert not [row for row in (*scored, *pairs) if "barn" in (row["question"] or "")]
    held_back = {
        row["id"] for row in rows(whole, "kp-extraction") if row["reason"] == "held back as a control"
    }
    assert held_back
    assert not held_back & {name for row in scored for name in row["seed_ids"]}
    controls = [its.control for its in candidates(whole) if its.control]
    assert {its.id for its in controls if its.source == "seeds"} <= held_back


def test_controls_are_paid_for_but_no_candidates(whole: Path) -> None:
    funnel = json.loads((whole / "manifest.json").read_text())["funnel"]
    asked = [its.control for its in candidates(whole) if its.control]
    assert funnel["passed"]["asked"] == 120
    assert funnel["tokens"]["control"]["requests"] == 4 * len(asked)
    assert funnel["tokens"]["planted"]["requests"] >= 2 * 25
    assert sum(row["requests"] for row in rows(whole, "scored")) == sum(
        tokens["requests"] for name, tokens in funnel["tokens"].items() if name not in {"control", "planted"}
    )


def test_every_vote_has_a_probability_and_the_card_states_the_share(whole: Path) -> None:
    scored = rows(whole, "scored")
    assert all((row["p_correct"] is None) == (not row["consensus_votes"]) for row in scored)
    chances = {row["id"]: row["p_correct"] for row in scored}
    pairs = rows(whole, "qa-pairs")
    assert all(row["p_correct"] == chances[row["candidate_id"]] for row in pairs)
    kept = [row["p_correct"] for row in scored if row["status"] == "kept"]
    told = calibration(whole)["true_labels"]
    assert told["rows"] == len(kept)
    right = [its.control.right for its in candidates(whole) if its.control and its.control.vote.winner]
    assert told["share"] == pytest.approx(sum(right) / len(right), abs=0.05)
    assert told["low"] < min(told["share"], sum(kept) / len(kept))
    assert told["high"] > max(told["share"], sum(kept) / len(kept))
    sentence = LabelReport.from_json(calibration(whole)).estimate
    assert sentence.startswith("Estimated share of true labels among kept rows: 0.")
    assert sentence in (whole / "dataset" / "README.md").read_text()
    status = read_status(whole)
    assert status.labels is not None
    assert sentence in list(status.labels.sentences())


def test_a_bound_on_p_correct_drops_without_asking_and_the_loader_filters_alike(
    whole: Path, tmp_path: Path
) -> None:
    _, bound, *_ = sorted({row["p_correct"] for row in rows(whole, "scored") if row["status"] == "kept"})
    loaded = load(whole, "scored", min_p_correct=bound, kept_only=True, cache_dir=tmp_path / "cache")
    kept = set(loaded["id"])
    copy = shutil.copytree(whole, tmp_path / "copy")
    result = rescore(copy, {"selection.min_p_correct": str(bound)})
    after = rows(copy, "scored")
    assert {row["id"] for row in after if row["status"] == "kept"} == kept
    dropped = {row["reason"] for row in after if row["detail"].startswith("p_correct")}
    assert dropped == {DropReason.LOW_P_CORRECT.value}
    assert result.labels is not None
    assert result.labels.labels is not None
    assert result.labels.labels.rows == len(kept)


def test_planted_questions_measure_the_judge_at_each_threshold(whole: Path) -> None:
    judge = calibration(whole)["judge"]
    assert judge["threshold"] == 0.85
    assert {"sound", "needed quantity removed", "contradiction added", "key points of another topic"} == set(
        judge["kinds"]
    )
    assert sum(its["judged"] for its in judge["kinds"].values()) == 30
    for its in judge["kinds"].values():
        passed = [its["passed"][at] for at in sorted(its["passed"], key=float)]
        assert passed == sorted(passed, reverse=True)


def test_a_file_of_controls_that_cannot_be_used_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text('{"problem": "How many?"}\n')
    with DummyServer(solving) as server:
        with pytest.raises(InputError, match="no answer can be read"):
            build(controlled(tmp_path / "build", server, file))
        assert not server.requests


def test_growth_keeps_all_controls_and_shards_change_no_byte(whole: Path, tmp_path: Path, file: Path) -> None:
    with DummyServer(solving) as server:
        build(controlled(tmp_path, server, file, build={"shards": 1, "questions": 50}))
        before = {its.blueprint.index: its.control for its in candidates(tmp_path, 1)}
        small = calibration(tmp_path)
        build(controlled(tmp_path, server, file, build={"shards": 1, "window": 3}))
    assert {index: its for index, its in before.items() if its} == {
        its.blueprint.index: its.control
        for its in candidates(tmp_path, 1)
        if its.control and its.blueprint.index < 50
    }
    assert same_tables(whole, tmp_path)
    assert small["true_labels"] is None
    assert "at least 30 are needed" in small["why_not"]
