"""One build, decided anew over its repeats: test sets, policies, what is shown of it, and what is not."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from small_builds import log_sizes, rows
from static_models import of_words, save_model

from kpmath_builder import InputError, Recipe, build, rescore
from kpmath_builder.curation.paraphrase_model import ParaphraseModel
from kpmath_builder.dataset.schemas import CONFIGS
from kpmath_builder.display import Display
from kpmath_builder.inspection.explain import QuestionExplanation, explain
from kpmath_builder.inspection.status import read_status
from kpmath_builder.inspection.verify import Verifier

CANARY = "the canary of the quarry"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a little from the bundled problems, compared with no test set."""
    folder = tmp_path_factory.mktemp("curated") / "build"
    tree = {"build": {"folder": str(folder), "questions": 36, "shards": 3}, "solutions": {"samples": 4}}
    build(Recipe.of({**tree, "selection": {"solutions_per_question": 1}}))
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "build"))


def kept(folder: Path) -> list[dict[str, Any]]:
    return [row for row in rows(folder, "scored") if row["status"] == "kept"]


def test_set(folder: Path) -> Path:
    """Write a test set of two questions of the build and one of nobody's; the first has other numbers."""
    first, second = (row["question"] for row in kept(folder)[:2])
    path = folder.parent / "test.jsonl"
    problems = [first.translate(str.maketrans("123456789", "912345678")), second, f"How deep is {CANARY}?"]
    lines = [json.dumps({"question": text, "answer": CANARY}) for text in problems]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


test_set.__test__ = False  # type: ignore[attr-defined]


def sets(path: Path) -> dict[str, str]:
    return {"contamination.sets": json.dumps([str(path)])}


def test_other_sets_and_policies_are_applied_without_a_token_and_back_again(
    folder: Path, built: Path
) -> None:
    """Rows that repeat a test problem go, their text with them; with the old settings each byte is as it was."""
    first, second = (row["id"] for row in kept(folder)[:2])
    question = kept(folder)[1]["question"]
    before = log_sizes(folder)

    result = rescore(folder, sets(test_set(folder)))
    shards = {path.name: path.stat().st_mtime_ns for path in (folder / "candidates").iterdir()}
    scored = {row["id"]: row for row in rows(folder, "scored")}
    assert [scored[name]["reason"] for name in (first, second)] == ["repeats a test problem"] * 2
    assert [scored[name]["repeats"][0] for name in (first, second)] == [
        {"check": "test", "set": "test.jsonl", "id": "test/00000", "kind": "renumbered", "similarity": 1.0},
        {"check": "test", "set": "test.jsonl", "id": "test/00001", "kind": "verbatim", "similarity": 1.0},
    ]
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert CANARY.encode() not in written
    assert question not in str(rows(folder, "scored") + rows(folder, "qa-pairs"))
    assert result.funnel["passed"]["kept"] == len(kept(built)) - 2

    rescore(folder, {"contamination.verbatim": "flag"})
    (flagged,) = [row for row in rows(folder, "qa-pairs") if row["candidate_id"] == second]
    assert flagged["flags"][0] == "test.jsonl: verbatim"

    rescore(folder, {"contamination.sets": "[]", "contamination.verbatim": "drop"})
    assert all(rows(folder, config) == rows(built, config) for config in CONFIGS)
    assert log_sizes(folder) == before
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "candidates").iterdir()} == shards, (
        "what only the tables depend on makes no candidate anew"
    )


def test_what_was_found_is_in_manifest_status_card_and_explanation(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row, path = kept(folder)[0], test_set(folder)
    rescore(folder, sets(path))
    told = json.loads((folder / "manifest.json").read_text())["curation"]["test_sets"][0]
    assert (told["name"], told["problems"], told["not_checked"]) == ("test.jsonl", 3, "")
    assert told["digest"].startswith("sha256:")
    assert "| renumbered | 1 | 1 | 1 | 0 |" in (folder / "dataset" / "README.md").read_text(encoding="utf-8")
    status = read_status(folder)
    assert status.curation is not None
    assert any(loss.reason.startswith("repeats a test problem") for loss in status.outcome.losses)
    Display().status(status)
    assert "1 renumbered (1 dropped; 0 of 62 seeds)" in " ".join(capsys.readouterr().out.split())
    explained = explain(folder, row["id"])
    assert isinstance(explained, QuestionExplanation)
    assert explained.repeats[0].question == json.loads(path.read_text().splitlines()[0])["question"]
    assert row["question"] in "\n".join(explained.lines()), "whoever asks here sees what was withheld"
    assert list(Verifier(folder).run()) == []


def test_a_set_that_cannot_be_read_is_named_everywhere_and_compared_once_it_can(folder: Path) -> None:
    notes: list[str] = []
    hub = {"contamination.sets": '[{ name = "Theirs", hub = "org/theirs" }]'}
    with pytest.raises(InputError, match=r"No row was compared with Theirs.*unread=note goes on without"):
        rescore(folder, {**hub, "contamination.unread": "error"})
    rescore(folder, hub, progress=lambda progress: notes.append(progress.note))
    assert any("No row was compared with Theirs" in note for note in notes)
    assert "**Theirs was not checked**" in (folder / "dataset" / "README.md").read_text(encoding="utf-8")
    assert any("Theirs was not checked" in sentence for sentence in read_status(folder).curation.sentences())  # type: ignore[union-attr]

    path = test_set(folder)
    named = {"contamination.sets": f'[{{ name = "Theirs", path = "{path}" }}]'}
    passed = rescore(folder, named).funnel["passed"]["kept"]
    assert passed == len(kept(folder))
    assert any(row["reason"] == "repeats a test problem" for row in rows(folder, "scored"))


def test_tables_stay_as_they_are_while_their_set_is_out_of_reach(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not made worse for want of a network; `verify` says why it cannot make them again."""
    from kpmath_builder.seeds import benchmarks
    from kpmath_builder.seeds.rows import open_file

    path, hub = test_set(folder), {"contamination.sets": '[{ name = "Theirs", hub = "org/theirs" }]'}
    with monkeypatch.context() as online:
        online.setattr(benchmarks, "hub_answers", lambda: True)
        online.setattr(benchmarks, "open_hub", lambda *_: open_file(path))
        rescore(folder, hub)
    tables = rows(folder, "scored")
    assert any(row["reason"] == "repeats a test problem" for row in tables)
    notes: list[str] = []
    rescore(folder, {}, progress=lambda progress: notes.append(progress.note))
    assert not any("Theirs" in note for note in notes)
    assert rows(folder, "scored") == tables
    (said,) = [str(one) for one in Verifier(folder).run()]
    assert "Theirs cannot be read as it was" in said


def test_a_seed_that_is_a_test_problem_is_spoken_of_by_all_and_in_no_table(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The build's end, status and card name it, its rows are dropped, and its text goes; the same set as a flag keeps the rows."""
    first = kept(folder)[0]
    seed = next(row for row in rows(folder, "kp-extraction") if row["id"] == first["seed_ids"][0])
    path = folder.parent / "seed.jsonl"
    path.write_text(json.dumps({"question": seed["problem"], "answer": ""}), encoding="utf-8")
    result = rescore(folder, sets(path))
    assert [(its.id, its.about) for its in result.findings] == [("test-problems-among-seeds", "seed.jsonl")]
    drawn = [row for row in rows(folder, "scored") if seed["id"] in row["seed_ids"]]
    assert {row["reason"] for row in drawn if row["stage"] == "agreed"} == {"drawn from a test problem"}
    assert seed["problem"] not in str([rows(folder, config) for config in CONFIGS])
    status = read_status(folder)
    assert status.outcome.findings == result.findings
    Display().status(status)
    assert "WARNING: 1 of 62 seed problems are problems of seed.jsonl" in " ".join(
        capsys.readouterr().out.split()
    )
    card = (folder / "dataset" / "README.md").read_text(encoding="utf-8")
    assert "**1 of 62 seed problems are problems of seed.jsonl.**" in card
    explained = explain(folder, first["id"])
    assert isinstance(explained, QuestionExplanation)
    assert explained.repeats[-1].matched == seed["problem"]
    assert list(Verifier(folder).run()) == []

    rescore(folder, {"contamination.seeds": "flag"})
    flags = [row["flags"] for row in rows(folder, "qa-pairs") if row["candidate_id"] == first["id"]]
    assert flags != []
    assert all("seed.jsonl: drawn from" in its for its in flags)


def test_paraphrases_of_a_test_problem_are_flagged_by_a_rescore_and_explained(folder: Path) -> None:
    row = kept(folder)[0]
    path = folder.parent / "test.jsonl"
    backwards = " ".join(reversed(row["question"].split()))
    path.write_text(json.dumps({"question": backwards, "answer": CANARY}), encoding="utf-8")
    before = log_sizes(folder)

    rescore(folder, {**sets(path), "contamination.paraphrase": "flag"})
    flags = {one["candidate_id"]: one["flags"] for one in rows(folder, "qa-pairs")}
    assert flags[row["id"]] == ["test.jsonl: paraphrase"]
    explained = explain(folder, row["id"])
    assert isinstance(explained, QuestionExplanation)
    assert explained.repeats[0].matched == backwards

    rescore(folder, {"contamination.paraphrase": "ignore"})
    assert not any(one["flags"] for one in rows(folder, "qa-pairs"))
    assert log_sizes(folder) == before


def test_paraphrases_by_a_model_are_decided_over_the_answers_that_are_there(
    folder: Path, tmp_path: Path
) -> None:
    """Its digest is recorded; another model under its name is noticed, and decides once it is asked to."""
    row, path = kept(folder)[0], folder.parent / "test.jsonl"
    backwards = " ".join(reversed(row["question"].split()))
    path.write_text(json.dumps({"question": backwards, "answer": CANARY}), encoding="utf-8")
    before, questions = log_sizes(folder), [one["question"] or "" for one in rows(folder, "scored")]
    model = of_words(tmp_path / "model", questions)
    settings = {"contamination.paraphrase": "flag", "paraphrases.model": model}

    def flagged() -> set[str]:
        return {one["candidate_id"] for one in rows(folder, "qa-pairs") if one["flags"]}

    def manifest() -> dict[str, Any]:
        return dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))

    rescore(folder, {**sets(path), **settings})
    assert flagged() == {row["id"]}
    first = manifest()
    assert first["paraphrase_model"] == ParaphraseModel.find(model).digest
    assert "1 paraphrase (0 dropped" in " ".join(read_status(folder).curation.sentences())
    assert str(tmp_path) not in (folder / "dataset" / "README.md").read_text(encoding="utf-8")
    explained = explain(folder, row["id"])
    assert isinstance(explained, QuestionExplanation)
    assert explained.repeats[0].matched == backwards
    assert list(Verifier(folder).run()) == []

    save_model(Path(model), {"nothing": [1.0]})
    (other, spec) = sorted(Verifier(folder).run(), key=lambda its: its.file, reverse=True)
    assert (other.file, spec.file) == ("manifest.json", "build_spec.json")
    assert "paraphrases.model" in other.remedy
    notes: list[str] = []
    rescore(folder, {}, progress=lambda progress: notes.append(progress.note))
    assert [note for note in notes if "is another than before" in note]
    assert flagged() == set()
    assert manifest()["paraphrase_model"] != first["paraphrase_model"]

    rescore(folder, {"paraphrases.model": "", "contamination.paraphrase_similarity": "0.4"})
    assert flagged() == {row["id"]}
    assert "paraphrase_model" not in manifest()
    assert log_sizes(folder) == before


@pytest.mark.slow
def test_a_build_by_a_model_has_the_tables_of_a_rescore_by_it_whatever_the_shards(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the package both stay as they are: `verify` names what it cannot compare, and nothing is decided by words instead."""
    row, path = kept(folder)[0], folder.parent / "test.jsonl"
    backwards = " ".join(reversed(row["question"].split()))
    path.write_text(json.dumps({"question": backwards, "answer": CANARY}), encoding="utf-8")
    model = of_words(tmp_path / "model", [one["question"] or "" for one in rows(folder, "scored")])
    rescore(folder, {**sets(path), "contamination.paraphrase": "flag", "paraphrases.model": model})

    single = {"folder": str(tmp_path / "single"), "questions": 36, "shards": 1}
    tree = {"build": single, "solutions": {"samples": 4}, "selection": {"solutions_per_question": 1}}
    looking = {"contamination": {"sets": [str(path)], "paraphrase": "flag"}, "paraphrases": {"model": model}}
    build(Recipe.of({**tree, **looking}))
    one, three = (
        json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        for place in (tmp_path / "single", folder)
    )
    assert one["tables"] == three["tables"]
    assert one["curation"] == three["curation"]

    before = {path: path.read_bytes() for path in folder.rglob("*.parquet")}
    monkeypatch.setitem(sys.modules, "model2vec", None)
    (unread,) = Verifier(folder).run()
    assert "the model of paraphrases.model is not here" in unread.what
    with pytest.raises(InputError, match="pip install"):
        rescore(folder, {"duplicates.paraphrase": "flag"})
    assert {path: path.read_bytes() for path in folder.rglob("*.parquet")} == before
