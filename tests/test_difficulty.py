"""How hard questions are: attempts of a reference solver, graded against the consensus, and the selection by them."""

import asyncio
import random
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
import roleplay
from dummy_server import Body, DummyServer, task_of
from factories import make_build
from small_builds import recipe, rows, same_tables
from test_synthesise import AGREED, WRITTEN, Scripted, judged

from kpmath_builder import InputError, Recipe, audit, build, load, rescore
from kpmath_builder.answers import final_answer
from kpmath_builder.auditing.report import Severity
from kpmath_builder.curation.decisions import Decisions
from kpmath_builder.execution.ask import Ask, Reply
from kpmath_builder.execution.run import NotAskedError
from kpmath_builder.funnel import Funnel
from kpmath_builder.inspection.explain import QuestionExplanation, explain
from kpmath_builder.inspection.verify import Verifier
from kpmath_builder.prompts.replies import WriteReply
from kpmath_builder.protocol import Response
from kpmath_builder.records import Attempts, Candidate, DropReason, Stage
from kpmath_builder.synthesis.candidates import synthesise
from kpmath_builder.synthesis.difficulty import grade
from kpmath_builder.synthesis.versions import synthesise_versions

MADE = make_build(1)
REFERENCE = {"reference": {"kind": "openai", "model": "weak"}}
QUESTION = re.compile("A farmer has .*")
MODEL = {"kind": "openai", "model": "m"}


def said(text: str, finish_reason: str = "stop") -> Response:
    return Response(text=text, finish_reason=finish_reason)


@pytest.mark.parametrize(
    ("response", "attempts"),
    [
        (said("So \\boxed{1/2}."), Attempts(passed=1, failed=0)),
        (said("So \\boxed{0.5}."), Attempts(passed=1, failed=0)),
        (said("So \\boxed{2}."), Attempts(passed=0, failed=1)),
        (said("I do not know."), Attempts(passed=0, failed=1)),
        (said("Let me think about \\boxed{1/2", "length"), Attempts(passed=0, failed=1)),
        (said("", "refused"), Attempts(passed=0, failed=0, undecided=1)),
        (said("", "given_up"), Attempts(passed=0, failed=0, undecided=1)),
    ],
    ids=["same", "equal", "other", "no answer", "cut off", "refused", "given up"],
)
def test_an_attempt_is_graded_by_its_answer_alone(response: Response, attempts: Attempts) -> None:
    winner = final_answer("\\boxed{\\frac{1}{2}}")
    assert winner is not None
    assert grade([response], winner) == attempts


@pytest.mark.parametrize(
    ("passed", "failed", "undecided", "rate"),
    [(3, 1, 0, 0.75), (0, 4, 4, 0.0), (2, 0, 9, 1.0), (0, 0, 4, None)],
)
def test_the_pass_rate_is_of_the_attempts_that_could_be_graded(
    passed: int, failed: int, undecided: int, rate: float | None
) -> None:
    assert Attempts(passed=passed, failed=failed, undecided=undecided).pass_rate == rate


def test_attempts_say_how_they_ended() -> None:
    assert str(Attempts(passed=1, failed=3)) == "1 of 4 attempts passed"
    assert str(Attempts(passed=0, failed=0, undecided=4)) == "0 of 0 attempts passed, 4 could not be graded"


class Attempted(Scripted):
    """Answers attempts as well."""

    def __init__(self, attempt: Any) -> None:
        super().__init__(WRITTEN, judged(), AGREED)
        self._answers["attempt"] = attempt


def led(ask: Scripted, **tables: Any) -> Candidate:
    seeds = {seed.id: seed for seed in MADE.seeds}
    made = Recipe.of(
        {"teacher": MODEL, "questions": {"checks": False}, "solutions": {"samples": 3}, **tables}
    )
    return asyncio.run(synthesise(MADE.candidates[0].blueprint, seeds, cast("Ask", ask), made))


def test_only_agreed_questions_of_a_recipe_with_a_reference_are_attempted() -> None:
    ask = Attempted(["\\boxed{4}", "\\boxed{5}"])
    ended = led(ask, roles=REFERENCE, reference={"samples": 2})
    assert (ended.attempts, ended.pass_rate) == (Attempts(passed=1, failed=1), 0.5)
    assert ask.asked[-1] == "attempt"
    plain = Attempted(["\\boxed{4}"])
    assert led(plain).attempts is None
    dropped = Scripted(WRITTEN, judged(1))
    assert led(dropped, roles=REFERENCE).attempts is None
    assert "attempt" not in plain.asked + dropped.asked


def test_a_question_whose_attempts_were_never_asked_for_stands_without_a_pass_rate() -> None:
    ended = led(Attempted(NotAskedError("not in the log")), roles=REFERENCE)
    assert (ended.stage, ended.reason, ended.pass_rate) == (Stage.AGREED, DropReason.NONE, None)


# Harder versions


class Versions(Attempted):
    """Answers requests for harder versions as well."""

    def __init__(self, harder: Any, **answers: Any) -> None:
        super().__init__(["\\boxed{4}"] * 4)
        self._answers |= {"harder": harder, **answers}


def versions_of(*asks: Scripted, rounds: int) -> list[Candidate]:
    seeds = {seed.id: seed for seed in MADE.seeds}
    made = Recipe.of(
        {
            "teacher": MODEL,
            "roles": REFERENCE,
            "questions": {"checks": False, "harder_rounds": rounds},
            "solutions": {"samples": 3},
        }
    )
    blueprint = MADE.candidates[0].blueprint
    return asyncio.run(synthesise_versions(blueprint, seeds, lambda number: cast("Ask", asks[number]), made))


HARDER = Reply(WriteReply(question="How many, if none is left?"))


def test_each_version_is_a_candidate_of_its_own_made_of_the_one_before() -> None:
    first, second, third = versions_of(*(Versions(HARDER) for _ in range(3)), rounds=2)
    name = MADE.candidates[0].blueprint.id
    assert [one.blueprint.id for one in (first, second, third)] == [name, f"{name}h1", f"{name}h2"]
    assert [one.parent for one in (first, second, third)] == [None, name, f"{name}h1"]
    assert second.question == "How many, if none is left?"
    assert second.parent_attempts == first.attempts == Attempts(passed=4, failed=0)
    assert {one.blueprint.index for one in (first, second, third)} == {first.blueprint.index}


@pytest.mark.parametrize(
    ("harder", "reason"),
    [(Reply(None, "cut off"), DropReason.UNWRITTEN), (NotAskedError("not in the log"), DropReason.NOT_ASKED)],
    ids=["unwritten", "not asked"],
)
def test_a_version_that_is_none_is_dropped_with_its_reason_and_has_no_further_one(
    harder: Any, reason: DropReason
) -> None:
    versions = versions_of(*(Versions(harder) for _ in range(3)), rounds=2)
    assert [one.reason for one in versions] == [DropReason.NONE, reason]


def test_nothing_is_made_harder_that_is_not_agreed_upon_or_not_wanted() -> None:
    assert len(versions_of(Versions(HARDER, solve=["?"] * 3), Versions(HARDER), rounds=1)) == 1
    assert len(versions_of(Versions(HARDER), Versions(HARDER), rounds=0)) == 1


def test_a_program_makes_nothing_harder() -> None:
    with pytest.raises(InputError, match="needs a model as the writer"):
        Recipe.of({"questions": {"harder_rounds": 1}})


# The selection


def selecting(**bounds: float) -> Recipe:
    return Recipe.of({"teacher": MODEL, "roles": REFERENCE, "selection": bounds})


@pytest.mark.parametrize(
    ("bounds", "attempts", "reason"),
    [
        ({}, None, DropReason.NONE),
        ({"min_pass_rate": 0.25}, Attempts(passed=1, failed=3), DropReason.NONE),
        ({"min_pass_rate": 0.26}, Attempts(passed=1, failed=3), DropReason.WRONG_DIFFICULTY),
        ({"max_pass_rate": 0.75}, Attempts(passed=3, failed=1), DropReason.NONE),
        ({"max_pass_rate": 0.74}, Attempts(passed=3, failed=1), DropReason.WRONG_DIFFICULTY),
        ({"max_pass_rate": 1.0}, Attempts(passed=0, failed=0, undecided=4), DropReason.WRONG_DIFFICULTY),
        ({"min_pass_rate": 0.0}, None, DropReason.NOT_ASKED),
    ],
    ids=["no bounds", "least", "below", "most", "above", "undecided", "not asked"],
)
def test_a_question_is_kept_within_the_bounds_which_are_part_of_it(
    bounds: dict[str, float], attempts: Attempts | None, reason: DropReason
) -> None:
    decisions = Decisions(cast("Any", None), selecting(**bounds), cast("Any", None))
    decisions.reason_to_drop = lambda _: None  # type: ignore[method-assign]
    agreed = MADE.candidates[0].model_copy(
        update={"stage": Stage.AGREED, "reason": DropReason.NONE, "attempts": attempts}
    )
    decided = decisions.decide(agreed)
    assert decided.reason is reason
    assert (decided.stage is Stage.KEPT) == (reason is DropReason.NONE)


def test_bounds_need_a_reference_and_must_leave_something() -> None:
    with pytest.raises(InputError, match=r"\[roles\.reference\]"):
        Recipe.of({"selection": {"min_pass_rate": 0.1}})
    with pytest.raises(InputError, match="no question could be kept"):
        selecting(min_pass_rate=0.6, max_pass_rate=0.5)


def test_the_funnel_counts_attempts_and_says_how_many_passed() -> None:
    funnel = Funnel()
    for attempts in (Attempts(passed=3, failed=1), Attempts(passed=0, failed=4, undecided=1), None):
        funnel.add(MADE.candidates[0].model_copy(update={"attempts": attempts}))
    both = Funnel.from_json((funnel + Funnel()).as_json())
    assert both.difficulty() == [
        "The reference solver reached the consensus in 37.5% of 8 attempts at 2 agreed questions; 1 more could not be graded."
    ]
    assert Funnel().difficulty() == []


@pytest.mark.parametrize(
    ("attempts", "measured"),
    [
        (
            Attempts(passed=1, failed=3),
            "the reference solver reached the consensus in 25.0% of its attempts at them, and in 75.0% of those at the questions that they are made of",
        ),
        (None, "how hard they are was not measured"),
    ],
    ids=["measured", "unmeasured"],
)
def test_the_funnel_says_whether_harder_versions_are_harder(attempts: Attempts | None, measured: str) -> None:
    funnel, parent = Funnel(), MADE.candidates[0]
    version = {
        "parent": parent.blueprint.id,
        "parent_attempts": Attempts(passed=3, failed=1),
        "attempts": attempts,
    }
    for one in (
        parent,
        parent.model_copy(update={**version, "stage": Stage.AGREED, "reason": DropReason.NONE}),
    ):
        funnel.add(one)
    funnel.add(
        parent.model_copy(update={"parent": parent.blueprint.id, "stage": Stage.WRITTEN, "attempts": None})
    )
    both = Funnel.from_json((funnel + Funnel()).as_json())
    assert both.draws == 1
    assert both.difficulty()[-1] == f"Harder versions: 2 were asked for, 1 are agreed upon; {measured}."


# A whole build


def play(body: Body) -> str:
    """Answer in role; a solution depends on the question alone, and the weak model errs in every other one."""
    if task_of(body):
        return roleplay.play(body)
    question = QUESTION.findall(body["messages"][-1]["content"])[-1]
    chance = random.Random(f"{body['seed']} {question}")
    errs = chance.random() < (0.5 if body["model"] == "weak" else 0.2)
    return f"So it is \\boxed{{{len(question) + errs * chance.randint(1, 3)}}}."


def made_with_versions(folder: Path, server: DummyServer, **changes: Any) -> Recipe:
    return recipe(
        folder,
        server,
        roles_reference={"model": "weak"},
        reference_samples=3,
        consensus_min_share=0.9,
        questions_harder_rounds=1,
        **changes,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a build with a reference solver, which the last test decides anew."""
    folder = tmp_path_factory.mktemp("difficulty")
    with DummyServer(play, models=("dummy", "weak")) as server:
        build(made_with_versions(folder, server))
    return folder


def test_tables_show_how_hard_each_agreed_question_is(folder: Path) -> None:
    scored = rows(folder, "scored")
    agreed = [row for row in scored if row["stage"] in {"agreed", "kept"}]
    assert agreed
    assert {row["reference"] for row in agreed} == {"weak"}
    assert {row["pass_rate"] for row in agreed} <= {0.0, 1 / 3, 2 / 3, 1.0}
    assert all(row["pass_rate"] is None and row["reference"] is None for row in scored if row not in agreed)
    rates = {row["id"]: row["pass_rate"] for row in scored}
    assert all(row["pass_rate"] == rates[row["candidate_id"]] for row in rows(folder, "qa-pairs"))
    assert "The reference solver reached the consensus" in (folder / "dataset" / "README.md").read_text()


def test_harder_versions_stand_behind_their_parents_and_lead_back_to_what_was_asked(folder: Path) -> None:
    scored = rows(folder, "scored")
    versions = [(parent, one) for parent, one in pairwise(scored) if one["parent"]]
    assert versions
    for parent, one in versions:
        assert (one["id"], one["parent"]) == (f"{parent['id']}h1", parent["id"])
        assert (one["index"], one["parent_pass_rate"]) == (parent["index"], parent["pass_rate"])
    assert {row["index"] for row in scored} == set(range(24))
    kept = next(one for _, one in versions if one["status"] == "kept")
    explained = explain(folder, kept["id"])
    assert isinstance(explained, QuestionExplanation)
    assert explained.candidate.question == kept["question"]
    assert explained.asked[0].request.task == "harder"
    said = list(explained.lines())
    assert f"a harder version of {kept['parent']}" in said
    assert f"reference solver: {explained.candidate.attempts}" in said
    assert "Harder versions:" in (folder / "dataset" / "README.md").read_text()


def test_a_build_with_versions_and_attempts_is_made_again_from_its_log(folder: Path) -> None:
    assert list(Verifier(folder).run()) == []
    assert [one for one in audit(folder).findings if one.severity is Severity.CRITICAL] == []


def test_so_many_rows_end_with_one_of_a_draw_s_versions_for_any_shards(folder: Path, tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    wanted = len(rows(folder, "qa-pairs")) - 1
    with DummyServer(play, models=("dummy", "weak")) as server:
        for place, shards in ((few, 1), (many, 8)):
            made = made_with_versions(
                place, server, build_shards=shards, build_rows=wanted, build_questions=60
            )
            assert build(made).rows["qa-pairs"] == wanted
    assert same_tables(few, many)
    there, whole = rows(few, "scored"), rows(folder, "scored")
    assert [row["id"] for row in there] == [row["id"] for row in whole[: len(there)]]
    assert rows(few, "qa-pairs")[-1]["candidate_id"] == there[-1]["id"]


def test_rows_are_selected_by_difficulty_while_they_are_loaded(folder: Path) -> None:
    there = rows(folder, "qa-pairs")
    loaded = load(folder, min_pass_rate=0.1, max_pass_rate=0.5)
    assert 0 < len(loaded) == sum(0.1 <= row["pass_rate"] <= 0.5 for row in there) < len(there)


def test_a_rescore_selects_by_difficulty_and_says_what_was_never_attempted(folder: Path) -> None:
    notes: list[str] = []
    rescore(folder, {"selection.max_pass_rate": "0.5"})
    kept = [row["pass_rate"] for row in rows(folder, "scored") if row["status"] == "kept"]
    assert kept
    assert max(kept) <= 0.5
    assert DropReason.WRONG_DIFFICULTY in {row["reason"] for row in rows(folder, "scored")}
    rescore(folder, {"consensus.min_share": "0.5"}, progress=lambda step: notes.append(step.note))
    new = [row for row in rows(folder, "scored") if row["stage"] == "agreed" and row["pass_rate"] is None]
    assert {row["reason"] for row in new} == {DropReason.NOT_ASKED}
    assert any("agreed questions have no pass rate" in note for note in notes)
