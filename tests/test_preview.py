"""A preview leads a few blueprints through the whole method; what it asked is not asked again by the build that follows."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from commands import run_command
from dummy_server import Body, DummyServer, task_of
from roleplay import play
from small_builds import keys_of, recipe, rows, same_tables

import kpmath_builder
from kpmath_builder import BuildError, InputError, PreviewResult, PreviewRow, Recipe, build, preview
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.previewing.ground import LEAST_SEEDS, handful
from kpmath_builder.recipe.private import hide_private
from kpmath_builder.records import Candidate, DropReason
from kpmath_builder.seeds import load_seeds

ROOT = Path(__file__).resolve().parents[1]
HIDDEN = "a text under a licence that forbids sharing"


def sent(server: DummyServer) -> Counter[str]:
    """Return each body that was posted with how often it was."""
    return Counter(json.dumps(body, sort_keys=True) for body in server.bodies)


def tasks(bodies: list[Body]) -> Counter[str]:
    return Counter(task_of(body) or "solve" for body in bodies)


def many_seeds(path: Path) -> Path:
    """Write more seeds than a preview reads, under a licence that nobody named."""
    told = [json.loads(line) for line in (ROOT / "kpmath_builder/data/seeds.jsonl").open(encoding="utf-8")]
    twice = told + [{**row, "question": f"{HIDDEN}: {row['question']}"} for row in told]
    path.write_text("".join(json.dumps({**row, "id": str(i)}) + "\n" for i, row in enumerate(twice)))
    return path


def test_a_preview_of_few_seeds_is_the_beginning_of_the_build(tmp_path: Path, whole_build: Path) -> None:
    """Also in an event loop that runs already: together they ask what the build alone asks, and make its tables."""
    requests = len(keys_of(whole_build))
    with DummyServer(play) as server:
        made = recipe(tmp_path, server)

        async def notebook() -> PreviewResult:
            return preview(made, n=3)

        seen: list[PreviewRow] = []
        result = asyncio.run(notebook())
        before = server.requests
        again = preview(made, n=3, each_row=seen.append)
        assert server.requests == before
        assert [row.candidate for row in again.rows] == [row.candidate for row in result.rows]
        assert seen == list(again.rows)
        assert "Nothing was asked" in again.what_counts
        build(made)
        assert (server.requests, max(sent(server).values())) == (requests, 1)
        after = preview(made, n=3)
        assert server.requests == requests
    assert same_tables(tmp_path, whole_build)
    scored = rows(tmp_path, "scored")[:3]
    for its in (result, after):
        assert [row.candidate.blueprint.id for row in its.rows] == [row["id"] for row in scored]
        assert [row.candidate.question for row in its.rows] == [row["question"] for row in scored]
    assert result.is_first_of_build
    assert sum(tokens.requests for tokens in result.asked.values()) >= before


def test_a_preview_of_many_seeds_reads_a_handful_and_its_extractions_count(tmp_path: Path) -> None:
    seeds = str(many_seeds(tmp_path / "seeds.jsonl"))
    with DummyServer(play) as server:
        made = recipe(
            tmp_path / "build",
            server,
            seeds_path=seeds,
            seeds_limit=None,
            build_questions=2,
            controls_held_back=0.0,
        )
        result = preview(made)
        read = tasks(server.bodies)["extract"]
        assert LEAST_SEEDS <= read == result.seeds_read < result.seeds == 124
        assert len(result.rows) == 2, "no more than the recipe's questions"
        assert not (tmp_path / "build" / "recipe.toml").exists(), "no build was begun"
        build(made)
        assert tasks(server.bodies)["extract"] == 124
        assert max(sent(server).values()) == 1
    assert not result.is_first_of_build
    assert f"The extractions of {read} seed problems count" in result.what_counts
    told, html = str(result), result._repr_html_()
    hidden = [seed for row in result.rows for seed in row.seeds.values()]
    assert all(seed.problem.splitlines()[0] in told for seed in hidden)
    assert not any(seed.problem.splitlines()[0] in html for seed in hidden)
    assert "text that may not be shared" in html
    assert all(row.candidate.question in html for row in result.rows if row.candidate.question)


def test_a_preview_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    with DummyServer(play) as server:
        with pytest.raises(BuildError, match=r"build\.max_tokens is 6,000"):
            preview(recipe(tmp_path, server, build_max_tokens=6000))
        stopped = server.requests
        assert stopped
        result = preview(recipe(tmp_path, server))
        assert max(sent(server).values()) == 1
        assert sum(tokens.requests for tokens in result.asked.values()) > 0


def test_every_step_is_shown_with_the_judges_words_and_the_decision(tmp_path: Path) -> None:
    with DummyServer(play) as server:
        result = preview(recipe(tmp_path, server), n=8)
    told = result.text()
    for row in result.rows:
        for part in row.candidate.blueprint.parts:
            assert f"{part.seed_id}, topic {part.topic}" in told
            assert all(f"  - {point}" in told for point in part.key_points)
        assert all(line.strip() in told for line in row.judge_words.splitlines())
        assert "Number of questions: " in row.judge_words
        assert row.judge_words.startswith("Given are"), "it works first"
        for solution in row.candidate.solutions:
            assert f"answer {solution.answer}" in told or solution.answer is None
        assert row.candidate.reason.value in told
    assert told.count("decision: ") == 8
    assert "strict reviewer" not in told
    prompts = result.text(show_prompts=True)
    assert "You are a strict reviewer" in prompts
    assert all(its.response.text.splitlines()[0] in prompts for row in result.rows for its in row.asked)


def row(reason: DropReason, *, shareable: bool) -> PreviewRow:
    """Return a row whose question copies its practice; its server named an address."""
    seed = load_seeds().problems[0].model_copy(update={"shareable": shareable, "problem": HIDDEN})
    solution = {
        "sample": 0,
        "text": "500 from http://10.0.0.7:8000/v1",
        "finish_reason": "given_up",
        "completion_tokens": 0,
        "answer": None,
    }
    candidate = {
        "blueprint": {
            "id": "b-0",
            "index": 0,
            "parts": [{"topic": "T", "seed_id": seed.id, "key_points": ["k"]}],
        },
        "models": {},
        "question": f"If so, {HIDDEN}?",
        "solutions": [solution],
        "stage": "written",
        "reason": reason,
        "detail": f"problem of practice 1: {HIDDEN}",
    }
    recipe = Recipe.of({"teacher": {"kind": "openai", "model": "m", "addresses": ["http://10.0.0.7:8000"]}})
    return PreviewRow(Candidate.model_validate(candidate), {seed.id: seed}, (), hide_private(recipe))


@pytest.mark.parametrize("reason", [DropReason.COPIED_PASSAGE, DropReason.RENUMBERED])
def test_a_notebook_shows_no_copy_of_a_text_that_may_not_be_shared_and_no_address(reason: DropReason) -> None:
    html = row(reason, shareable=False)._repr_html_()
    assert HIDDEN not in html
    assert "10.0.0.7" not in html
    assert HIDDEN in row(reason, shareable=True)._repr_html_()
    told = "\n".join(row(reason, shareable=False).lines())
    assert told.count(HIDDEN) == 3, "a terminal shows practice, question and detail"
    assert "10.0.0.7" in told


def test_servers_are_checked_first_but_a_preview_that_is_all_in_the_log_needs_none(tmp_path: Path) -> None:
    with DummyServer(play) as server:
        seeds = str(many_seeds(tmp_path / "seeds.jsonl"))
        made = recipe(tmp_path / "build", server, seeds_path=seeds, seeds_limit=None)
        result = preview(made, n=8)
        assert any(row.candidate.solutions for row in result.rows), "all roles have answered"
        nowhere = recipe(tmp_path / "other", server, seeds_path=str(tmp_path / "no-seeds.jsonl"))
    assert preview(made, n=8).rows == result.rows
    with pytest.raises(InputError, match="No server answers"):
        preview(nowhere, n=2)
    assert not (tmp_path / "other").exists()


def test_a_folder_of_other_things_or_of_another_recipe_is_refused(tmp_path: Path, build_copy: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    for tree, told in (
        ({"build": {"folder": str(tmp_path)}}, "holds other things"),
        ({"name": "mine", "build": {"folder": str(build_copy)}}, "belongs to the recipe named"),
    ):
        with pytest.raises(InputError, match=told):
            preview(Recipe.of(tree))


@pytest.mark.parametrize("n", [0, -1, 101])
def test_a_preview_of_no_or_too_many_rows_is_refused(tmp_path: Path, n: int) -> None:
    with pytest.raises(InputError, match="1 to 100"):
        preview(Recipe.of({"build": {"folder": str(tmp_path)}}), n)


def test_a_preview_beside_a_build_at_work_is_refused(tmp_path: Path) -> None:
    (tmp_path / "responses").mkdir()
    with (
        ResponseLog(tmp_path / "responses" / "extract-00000.jsonl"),
        pytest.raises(InputError, match="wait for it"),
    ):
        preview(Recipe.of({"build": {"folder": str(tmp_path)}}))


def test_the_command_prints_rows_and_what_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("preview", ROOT / "examples/quickstart.toml", "-n", "2")
    status, told, _ = run_command(words, capsys, monkeypatch)
    assert status == 0
    assert told.count("decision: ") == 2
    assert "All of it counts for the build: its first 2 blueprints are these." in told
    assert '"task":"judge"' not in told
    told = run_command((*words, "--show-prompts"), capsys, monkeypatch)[1]
    assert '"task":"judge"' in told
    assert "Nothing was asked" in told
    status, _, err = run_command(("preview", words[1], "-n", "0"), capsys, monkeypatch)
    assert (status, err.count("\n")) == (2, 1)


def test_a_larger_handful_holds_the_smaller_one_and_comes_from_all_over_the_set() -> None:
    seeds = load_seeds().problems
    small, large = handful(seeds, 10, 0), handful(seeds, 30, 0)
    assert len(small) == 10
    assert {seed.id for seed in small} < {seed.id for seed in large}
    assert small == sorted(small, key=lambda seed: seed.id)
    assert handful(seeds, 10, 1) != small
    assert handful(seeds, 1000, 0) == list(seeds)
    assert large[0] in seeds[:20]
    assert large[-1] in seeds[-20:]


def test_the_public_names_are_listed_before_they_are_imported() -> None:
    assert set(kpmath_builder.__all__) <= set(dir(kpmath_builder))
    assert {"build", "preview", "rescore", "Recipe"} <= set(dir(kpmath_builder))
    assert all(getattr(kpmath_builder, name) for name in kpmath_builder.__all__)


@pytest.mark.parametrize("name", ["build", "preview", "plan"])
def test_the_path_of_a_recipe_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(InputError, match=r"A Recipe is expected, not 'r.toml': read one with Recipe.read"):
        getattr(kpmath_builder, name)("r.toml")
