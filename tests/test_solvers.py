"""Several solvers: whose turn it is, what each is asked with, and a build with two of them."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from dummy_server import Body, DummyServer, task_of
from hypothesis import given
from hypothesis import strategies as st
from roleplay import play
from small_builds import recipe, rows, same_tables

from kpmath_builder import InputError, Recipe, audit, build, rescore
from kpmath_builder.auditing.report import Severity
from kpmath_builder.estimation.planner import plan
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.inspection.explain import explain
from kpmath_builder.inspection.verify import Verifier
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe.solvers import Turn, turns

SHARES = st.lists(st.sampled_from([0.05, 0.1, 0.37, 1.0, 2.5, 7.0]), min_size=1, max_size=6)
SERVER = {"kind": "openai", "model": "m", "addresses": ["http://127.0.0.1:9"]}
TWO = [{"name": "a", "model": "one"}, {"name": "b", "model": "two", "temperature": 0.2}]


def made(solvers: Any, **tables: Any) -> Recipe:
    return Recipe.of({"teacher": SERVER, "solvers": solvers, **tables})


@given(shares=SHARES, count=st.integers(0, 24))
def test_after_each_sample_every_solver_is_less_than_one_from_its_share(shares: list[float], count: int):
    """Tijdeman's bound, for any beginning of the order: sampling may stop after each."""
    named = tuple((f"s{number}", share) for number, share in enumerate(shares))
    total = sum(Fraction(str(share)) for share in shares)
    bound = 1 - Fraction(1, 2 * len(shares) - 2) if len(shares) > 1 else 0
    order = [turn.solver for turn in turns(named, count)]
    for prefix in range(count + 1):
        given_to = Counter(order[:prefix])
        assert all(
            abs(given_to[name] - Fraction(str(share)) / total * prefix) <= bound for name, share in named
        )


@given(shares=SHARES, count=st.integers(1, 15))
def test_the_order_is_a_beginning_of_every_longer_one_and_each_solver_counts_its_own_samples(
    shares: list[float], count: int
):
    named = tuple((f"s{number}", share) for number, share in enumerate(shares))
    order = turns(named, count)
    assert turns(named[::-1], 2 * count)[:count] == order
    for name, _ in named:
        mine = [turn.sample for turn in order if turn.solver == name]
        assert mine == list(range(len(mine)))


def test_without_solvers_all_samples_are_of_one():
    assert Recipe().turns(3) == (Turn("", 0), Turn("", 1), Turn("", 2))


def test_a_solver_takes_what_it_does_not_set_from_the_solver_s_role_and_the_samplings_of_solutions():
    its = made(
        [{"name": "a", "temperature": 0.1}, {"name": "b", "kind": "symbolic"}],
        roles={"solver": {"model": "s", "in_flight": 7}},
        solutions={"temperature": 0.6, "max_tokens": 99},
    )
    a, b = (player for player in its.players if player.role == "solver")
    assert (a.name, a.settings) == ("solver a", its.teacher_for("solver"))
    assert (a.sampling.temperature, a.sampling.max_tokens) == (0.1, 99)
    assert (b.settings.kind, b.sampling.temperature) == ("symbolic", 0.6)
    assert its.teachers["solver a"].server == its.roles["solver"].server


def test_a_recipe_with_solvers_is_read_back_as_it_was_written(tmp_path: Path):
    its = made(TWO)
    (tmp_path / "recipe.toml").write_text(its.to_toml(), encoding="utf-8")
    assert Recipe.read(tmp_path / "recipe.toml") == its
    changed = Recipe.read(tmp_path / "recipe.toml", {"solvers.a.share": "3"})
    assert changed.solvers["a"].share == 3


@pytest.mark.parametrize(
    ("solvers", "said"),
    [
        ([{"model": "x"}], 'solver 1 has no name: give each table [[solvers]] one, e.g. name = "a"'),
        ([{"name": "a"}, {"name": "a"}], "solvers names two solvers 'a'"),
        ([{"name": "a"}, {"name": "b"}], "solvers a and b would be asked the same"),
        ([{"name": "a"}, {"name": "b", "temperature": 0.75}], "solvers a and b would be asked the same"),
        ([{"name": "a.b"}], "must be named by letters, digits, - and _ alone"),
        ([{"name": "a", "share": 0}], "solvers.a.share must be a number above 0"),
        ([{"name": "a", "shar": 1}], "did you mean solvers.a.share?"),
        ([{"name": "a", "model": ""}], "solvers.a.kind is openai, but solvers.a.model is empty"),
        ([{"name": "a", "error_rate": 0}], "leave solvers.a.error_rate out"),
        (["a"], "solvers must be tables [[solvers]], got 'a'"),
        ("a", "solvers must be a table"),
    ],
    ids=str,
)
def test_solvers_that_cannot_be_are_refused_in_a_sentence(solvers: Any, said: str):
    with pytest.raises(InputError) as error:
        made(solvers)
    assert said in str(error.value)


def test_a_solver_that_the_file_does_not_have_cannot_be_set_on_the_command_line(tmp_path: Path):
    """A slip of the pen would otherwise be one more solver."""
    (tmp_path / "recipe.toml").write_text('[[solvers]]\nname = "a"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"has no solver 'b' \(its solvers are a\)"):
        Recipe.read(tmp_path / "recipe.toml", {"solvers.b.share": "2"})


@pytest.mark.parametrize("copied", ["a", "package"])
def test_prompts_of_solvers_that_only_look_different_are_refused(tmp_path: Path, copied: str):
    text = Prompts.load().texts["solve"]
    (tmp_path / "a.txt").write_text(text.replace("carefully", "briefly"), encoding="utf-8")
    (tmp_path / "b.txt").write_text(
        text if copied == "package" else (tmp_path / "a.txt").read_text(), encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"is the prompt of solve|are one prompt"):
        Prompts.load(None, {name: tmp_path / f"{name}.txt" for name in "ab"})


def test_the_spec_names_each_solver_and_nothing_of_a_solver_who_is_not_asked(tmp_path: Path):
    (tmp_path / "own.txt").write_text(Prompts.load().texts["solve"] + "\n", encoding="utf-8")
    its = made([TWO[0], {**TWO[1], "prompt": str(tmp_path / "own.txt")}])
    prompts = Prompts.load(None, its.solver_prompts)
    asked = BuildSpec.of(its, prompts, "", {}, asking=True).asked
    assert {key: value for key, value in asked.items() if "solve" in key} == {
        "solvers.a.share": 1.0,
        "solvers.a.model": "one",
        "solvers.b.share": 1.0,
        "solvers.b.model": "two",
        "solvers.b.temperature": 0.2,
        "the prompt of solver a": prompts.hashes["solve"],
        "the prompt of solver b": prompts.of_solvers["b"].hash,
    }


def test_a_plan_shares_the_samples_among_the_solvers(tmp_path: Path):
    its = made([{**TWO[0], "share": 3}, TWO[1]], build={"folder": str(tmp_path)})
    tasks = {task.role: task for task in plan(its).sizes[0].tasks if task.task == "solve"}
    assert set(tasks) == {"solver a", "solver b"}
    assert tasks["solver a"].requests == pytest.approx(3 * tasks["solver b"].requests, rel=0.01)
    assert (tasks["solver a"].model, tasks["solver b"].model) == ("one", "two")


def play_by_model(body: Body) -> str:
    """Answer in role; model two answers in a form that the referee alone compares."""
    if task_of(body) == "compare":
        one, other = re.findall(r"answer: (\d+)", body["messages"][-1]["content"])
        return "same" if one == other else "different"
    two = body["model"] == "two"
    said = play({**body, "seed": body["seed"] + 10**6 * two})
    return re.sub(r"\\boxed\{(\d+)\}", r"\\boxed{\1 \\mid x}", said) if two and not task_of(body) else said


def two_solvers(server: DummyServer, folder: Path, prompt: Path, *, shards: int, **changes: Any) -> Recipe:
    solvers = [
        {"name": "a", "model": "one", "share": 2},
        {"name": "b", "model": "two", "share": 1, "prompt": str(prompt)},
    ]
    tree = recipe(folder, server, build_shards=shards, build_questions=20).model_dump(mode="json")
    tree["solutions"] |= {"samples": 6, "sampling": "adaptive"}
    tree["judging"] |= {"samples": 2, "temperature": 0.7}
    tree["consensus"]["referee"] = True
    return Recipe.of({**tree, "solvers": solvers, **changes})


@pytest.fixture(scope="module")
def server() -> Iterator[DummyServer]:
    with DummyServer(play_by_model, models=("dummy", "one", "two", "three")) as running:
        yield running


@pytest.fixture(scope="module")
def prompt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prompts") / "brief.txt"
    path.write_text(Prompts.load().texts["solve"].replace("carefully", "briefly"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def built(server: DummyServer, prompt: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a build in 8 shards, with two solvers, adaptive sampling, a referee and two judgements per question."""
    folder = tmp_path_factory.mktemp("solvers") / "build"
    build(two_solvers(server, folder, prompt, shards=8))
    return folder


def test_one_shard_makes_the_same_tables_as_eight(
    server: DummyServer, prompt: Path, built: Path, tmp_path: Path
):
    build(two_solvers(server, tmp_path / "build", prompt, shards=1))
    assert same_tables(built, tmp_path / "build")


def test_the_tables_say_which_solver_wrote_which_solution(built: Path):
    order = "abaaba"  # two to one
    solved = [row for row in rows(built, "scored") if row["solutions"]]
    lengths = {len(row["solutions"]) for row in solved}
    assert len(lengths) > 1, "no question stopped early"
    for row in solved:
        assert [its["solver"] for its in row["solutions"]] == list(order[: len(row["solutions"])])
        assert row["solver"] == "one, two"
    pairs = rows(built, "qa-pairs")
    wrote = {"a": "one", "b": "two"}
    assert {row["solver"] for row in pairs} == {"one", "two"}
    for row in pairs:
        assert row["solver"] == wrote[order[int(row["id"].rpartition("-")[2])]]


def test_the_tables_say_what_the_referee_united_and_how_often_was_judged(built: Path):
    table = rows(built, "scored")
    united = [row for row in table if row["consensus_united"]]
    assert united
    for row in united:
        one, other = row["consensus_united"][0].split(" ≡ ")
        voted = [its for its in row["solutions"] if its["answer_class"] is not None]
        number = {its["answer"]: its["answer_class"] for its in voted}
        assert number[one] == number[other]
    assert {row["judgements"] for row in table if row["quality"] is not None} == {2}


def test_without_the_referee_nothing_is_asked_and_its_unions_are_gone(
    server: DummyServer, built: Path, tmp_path: Path
):
    shutil.copytree(built, tmp_path / "build")
    before = len(server.bodies)
    rescore(tmp_path / "build", {"consensus.referee": "false"})
    assert len(server.bodies) == before
    assert not any(row["consensus_united"] for row in rows(tmp_path / "build", "scored"))


def test_the_card_and_the_provenance_name_both_solvers(built: Path):
    card = (built / "dataset" / "README.md").read_text(encoding="utf-8")
    assert "4 of at most 6 samples" in card
    assert "2 of at most 6 samples" in card
    assert "briefly" in (built / "dataset" / "provenance" / "prompts" / "solve-b.txt").read_text()


def test_a_row_is_explained_by_the_request_of_its_own_solver(built: Path):
    row = next(row for row in rows(built, "qa-pairs") if row["solver"] == "two")
    explained = explain(built, row["id"])
    (solved,) = (its for its in explained.asked if its.request.task == "solve")
    assert solved.request.model == "two"
    assert "briefly" in solved.request.messages[0].content
    assert row["answer"] in solved.response.text


def test_a_build_of_several_solvers_is_made_again_from_its_log_and_audited(built: Path):
    assert [str(found) for found in Verifier(built).run()] == []
    assert [found for found in audit(built).findings if found.severity is Severity.CRITICAL] == []


def test_other_shares_and_one_more_solver_keep_all_answers_that_are_there(
    server: DummyServer, prompt: Path, built: Path, tmp_path: Path
):
    """A solver's samples are numbered by themselves, so that who stands beside it is nothing to them."""
    shutil.copytree(built, tmp_path / "build")
    tree = two_solvers(server, tmp_path / "build", prompt, shards=8).model_dump(mode="json")
    tree["solvers"]["c"] = {**tree["solvers"]["a"], "model": "three"}
    before = len(server.bodies)
    build(Recipe.of(tree))
    old, new = (
        {(body["model"], body["seed"]) for body in bodies if body["model"] != "dummy"}
        for bodies in (server.bodies[:before], server.bodies[before:])
    )
    assert {model for model, _ in new} >= {"three"}
    assert new.isdisjoint(old)
