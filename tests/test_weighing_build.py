"""A served build whose solvers weigh what the controls say of them, which the tests look at, and one that grew into it."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from controlled import truth_of, write_questions
from dummy_server import Body, DummyServer, task_of
from roleplay import play
from small_builds import recipe, rows, same_tables

from kpmath_builder import Recipe, audit, build, preview, rescore
from kpmath_builder.auditing.labels import compare_tables
from kpmath_builder.auditing.report import Severity
from kpmath_builder.auditing.rows import tables_of
from kpmath_builder.dataset.weighted_votes import WeightedVotes
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.inspection.explain import QuestionExplanation, explain
from kpmath_builder.inspection.status import read_status
from kpmath_builder.inspection.verify import Verifier

ACCURACY = {"one": 0.85, "two": 0.35}


def solving_by_model(body: Body) -> str:
    """Answer in role; model two mostly makes one and the same error."""
    if task_of(body):
        return play(body)
    question = (
        body["messages"][-1]["content"]
        .rpartition("Your problem:\n")[2]
        .partition("\n\nReason step by step")[0]
    )
    chance = random.Random(f"{body['model']} {body['seed']} {question}")
    right = chance.random() < ACCURACY[body["model"]]
    given = truth_of(question) + (0 if right else 1 if chance.random() < 0.8 else chance.randint(2, 9))
    return f"There are {given} - 2 = {given - 2} at first, and 2 more. The answer is \\boxed{{{given}}}."


def weighed(folder: Path, server: DummyServer, file: Path, **changes: Any) -> Recipe:
    made = recipe(folder, server, build_questions=100, build_window=32)
    tree = made.model_dump(mode="json", exclude_unset=True)
    tree["solutions"] = {"samples": 6, "sampling": "adaptive", "min_samples": 4}
    tree["controls"] = {"share": 0.5, "sources": ["file"], "path": str(file), "judge_share": 0.0}
    tree["consensus"] = {"weights": "controls"}
    tree["solvers"] = [{"name": "a", "model": "one"}, {"name": "b", "model": "two"}]
    for table, keys in changes.items():
        tree[table] = {**tree.get(table, {}), **keys}
    return Recipe.of(tree)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_questions(tmp_path_factory.mktemp("own") / "barns.jsonl", 60)


@pytest.fixture(scope="module")
def server() -> Iterator[DummyServer]:
    with DummyServer(solving_by_model, models=("dummy", "one", "two")) as running:
        yield running


@pytest.fixture(scope="module")
def built(server: DummyServer, file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weighed") / "build"
    build(weighed(folder, server, file, build={"shards": 1}))
    return folder


def calibration(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())["calibration"]
    return found


def test_manifest_status_and_card_say_what_the_votes_weigh_and_what_that_changed(built: Path) -> None:
    told = calibration(built)
    weights = told["weighing"]["weights"]
    assert weights["a"] > 1 > weights["b"]
    assert told["solvers"]["a"]["right"] > told["solvers"]["b"]["right"]
    assert told["weighing"]["otherwise"] > 0
    status = read_status(built)
    assert status.labels is not None
    sentences = list(status.labels.sentences())
    (said,) = (its for its in sentences if its.startswith("The votes are weighed by the controls"))
    card = (built / "dataset" / "README.md").read_text(encoding="utf-8")
    assert said in card
    assert f"| {weights['b']:.3f} |" in card


def test_scored_says_which_vote_stands_and_shares_are_of_weights(built: Path) -> None:
    weights = calibration(built)["weighing"]["weights"]
    voted = [row for row in rows(built, "scored") if row["consensus_votes"]]
    assert {row["consensus_weights"] for row in voted} == {"controls"}
    for row in voted:
        each = [round(weights[its["solver"]], 3) for its in row["solutions"]]
        lead = [w for w, its in zip(each, row["solutions"], strict=True) if its["answer_class"] == 0]
        assert row["consensus_share"] == pytest.approx(sum(lead) / sum(each), abs=1e-6)


def test_weighed_labels_of_solvers_of_unequal_accuracy_are_right_more_often(
    server: DummyServer, built: Path, tmp_path: Path
) -> None:
    """Rescoring with equal weights asks nothing; what differs is what the report counted."""
    shutil.copytree(built, tmp_path / "build")
    before = len(server.bodies)
    result = rescore(tmp_path / "build", {"consensus.weights": "unset"})
    assert len(server.bodies) == before
    assert result.labels is not None
    assert result.labels.weighing is None
    equal, weighed_rows = ({row["id"]: row for row in rows(f, "scored")} for f in (tmp_path / "build", built))
    assert {row["consensus_weights"] for row in equal.values() if row["consensus_votes"]} == {"equal"}
    otherwise = [
        name
        for name, row in equal.items()
        if row["consensus_winner"] != weighed_rows[name]["consensus_winner"]
    ]
    assert len(otherwise) == calibration(built)["weighing"]["otherwise"]

    def right(table: dict[str, dict[str, Any]]) -> int:
        kept = [row for row in table.values() if row["status"] == "kept"]
        return sum(row["consensus_winner"] == str(truth_of(row["question"])) for row in kept)

    assert right(weighed_rows) > right(equal)


def test_a_build_in_other_shards_that_grew_and_was_weighed_later_has_the_same_bytes(
    server: DummyServer, file: Path, built: Path, tmp_path: Path
) -> None:
    """Before it grew, it foresaw too few controls for its bound, and said so before it asked anything."""
    folder, notes = tmp_path / "build", list[str]()
    fewer = {"consensus": {"weights": "equal"}, "selection": {"min_p_correct": 0.5}}
    first = weighed(folder, server, file, build={"questions": 40, "shards": 8}, **fewer)
    build(first, progress=lambda progress: notes.append(progress.note))
    assert any("selection.min_p_correct = 0.5 will drop nothing" in note for note in notes)
    notes.clear()
    build(
        weighed(folder, server, file, build={"shards": 8}),
        progress=lambda progress: notes.append(progress.note),
    )
    assert not any("questions with known answers" in note for note in notes)
    assert same_tables(built, folder)


def test_verify_and_audit_follow_the_weighted_votes(built: Path) -> None:
    assert [str(found) for found in Verifier(built).run()] == []
    assert [found for found in audit(built).findings if found.severity is Severity.CRITICAL] == []


@pytest.mark.parametrize("weights", [None, {"a": 1.0, "b": 1.0}], ids=["none", "others"])
def test_rows_that_are_not_those_of_the_weighted_votes_are_named(
    built: Path, weights: dict[str, float] | None
) -> None:
    workspace = Workspace(built)
    made = workspace.read_recipe()
    votes = None if weights is None else WeightedVotes(made, weights)
    found = list(compare_tables(tables_of(workspace.dataset), [workspace.shard(0)], made, votes))
    assert {its.id for its in found} == {"row-changed"}
    assert str(found[0].count) in found[0].sentence


def test_a_row_is_explained_by_the_vote_that_stands(built: Path) -> None:
    row = next(row for row in rows(built, "scored") if row["status"] == "kept" and row["consensus_share"] < 1)
    explained = explain(built, row["id"])
    assert isinstance(explained, QuestionExplanation)
    assert explained.candidate.vote is not None
    assert explained.candidate.vote.share == pytest.approx(row["consensus_share"], abs=1e-6)
    assert "weighed by the controls (a 1." in "\n".join(explained.lines())


def test_a_preview_says_that_its_votes_have_equal_weights(
    server: DummyServer, file: Path, tmp_path: Path
) -> None:
    shown = preview(weighed(tmp_path / "build", server, file, build={"questions": 20}), 1)
    said = "\n".join(shown.closing_lines())
    assert "These votes have equal weights" in said
    assert 'consensus.weights = "controls" will weigh all solvers alike' in said


@pytest.mark.slow
def test_an_exact_number_of_weighed_rows_is_the_same_whatever_shards_and_window(
    server: DummyServer, file: Path, tmp_path: Path
) -> None:
    for name, shards, window in (("one", 1, 1), ("many", 8, 32)):
        changes = {"questions": 300, "rows": 40, "shards": shards, "window": window}
        result = build(weighed(tmp_path / name, server, file, build=changes))
        assert result.rows["qa-pairs"] == 40
    assert calibration(tmp_path / "one")["weighing"]["otherwise"] > 0
    assert same_tables(tmp_path / "one", tmp_path / "many")
