"""Votes whose solvers weigh what the controls say of them: the rules, without a build."""

import random
from typing import Any

import pytest

from kpmath_builder import InputError, Recipe
from kpmath_builder.answers import Answer
from kpmath_builder.calibration import SolverScore, solver_weights
from kpmath_builder.controls.report import LabelReport
from kpmath_builder.controls.solver_weights import GradedAnswers, WeightsOfControls, grade_solvers
from kpmath_builder.curation.selection import Selection
from kpmath_builder.dataset.labels import KnownLabels
from kpmath_builder.dataset.weighted_votes import WeightedVotes
from kpmath_builder.protocol import Response
from kpmath_builder.records import (
    Attempts,
    Blueprint,
    Candidate,
    ControlQuestion,
    DropReason,
    Solution,
    Stage,
    Vote,
)
from kpmath_builder.synthesis.candidates import REASON_OF
from kpmath_builder.synthesis.solutions import Agreement
from kpmath_builder.synthesis.weighing import any_outcome, weigh, weigh_candidate, would_go_on

MODEL = {"kind": "openai", "model": "any"}
SOLVERS = [{"name": "a", "model": "one"}, {"name": "b", "model": "two"}]
ANSWERS = ["7", "7.0", r"\frac{14}{2}", "8", "x \\mid 2", "(a) 3 (b) 4", "3, 4", "(a) 3 (b) 5", "no answer"]


def recipe(**tables: Any) -> Recipe:
    consensus = {"weights": "controls", **tables.pop("consensus", {})}
    return Recipe.of({"teacher": MODEL, "solvers": SOLVERS, "consensus": consensus, **tables})


def response(text: str) -> Response:
    return Response(text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1)


def agreement(answers: list[str], made: Recipe, solvers: str | None = None, **settings: Any) -> Agreement:
    """Return a vote with equal weights; solvers take turns unless they are named, a letter for each answer."""
    responses = [
        response(f"It is so ({number}). The answer is \\boxed{{{text}}}." if text != "no answer" else text)
        for number, text in enumerate(answers)
    ]
    names = list(solvers) if solvers else ["ab"[number % 2] for number in range(len(answers))]
    return Agreement(responses, made.consensus, solvers=names, **settings)


def candidate(its: Agreement, **fields: Any) -> Candidate:
    reason = REASON_OF[its.reason] if its.reason else DropReason.NONE
    stage = Stage.AGREED if not reason else Stage.SOLVED if its.vote.votes else Stage.JUDGED
    blueprint = Blueprint(id="d-00000000", index=0, parts=())
    return Candidate(
        blueprint=blueprint,
        models={},
        solutions=its.solutions,
        vote=its.vote,
        stage=stage,
        reason=reason,
        **fields,
    )


@pytest.mark.parametrize("mode", ["strict", "paper"])
@pytest.mark.parametrize("abstentions", ["against", "ignore"])
@pytest.mark.parametrize("copies", [False, True], ids=["as they are", "copies left out"])
def test_equal_weights_change_nothing_but_what_is_said_of_them(
    mode: str, abstentions: str, *, copies: bool
) -> None:
    """For single answers, parts, abstentions, copies, and answers that a referee united."""
    made, rng = recipe(consensus={"mode": mode, "abstentions": abstentions}), random.Random(5)
    for _ in range(60):
        answers = rng.choices(ANSWERS, k=rng.randint(0, 8))
        united = [("x \\mid 2", "8")] if rng.random() < 0.5 else []
        its = agreement(answers, made, distinct_texts_only=copies, united=united)
        if copies:
            texts = [response(text if text == "no answer" else f"\\boxed{{{text}}}") for text in answers]
            its = Agreement(
                texts, made.consensus, solvers=["a"] * len(texts), distinct_texts_only=True, united=united
            )
        before = candidate(its)
        after = weigh_candidate(before, made, {"a": 1.0, "b": 1.0})
        assert before.vote is not None
        assert after == before.model_copy(
            update={"vote": before.vote.model_copy(update={"weights": "controls"})}
        )


def test_equal_weights_change_nothing_if_thinking_that_is_not_kept_told_equal_texts_apart() -> None:
    """Copies are found by thinking and text; then a solution keeps neither its thinking nor what is cut of its text."""
    made, rng = recipe(), random.Random(11)
    texts = [r"\boxed{1}", r"\boxed{2}", "I do not know.", r"2 + 2 = 5, so \boxed{1}"]
    collapsed = 0
    for _ in range(300):
        responses = [
            response(rng.choice(texts)).model_copy(update={"reasoning": rng.choice("xyz")})
            for _ in range(rng.randint(1, 8))
        ]
        solvers = rng.choices("ab", k=len(responses))
        its = Agreement(responses, made.consensus, solvers=solvers, distinct_texts_only=True)
        before = candidate(its)
        after = weigh_candidate(before, made, {"a": 1.0, "b": 1.0})
        assert after == before.model_copy(
            update={"vote": its.vote.model_copy(update={"weights": "controls"})}
        )
        silent = [one for one in its.solutions if one.answer is None or one.wrong_arithmetic]
        told_apart = {(one.reasoning, one.text) for one in responses}
        voters = sum(one.answer_class is not None for one in its.solutions)
        collapsed += bool(voters) and voters + len({one.text for one in silent}) < len(told_apart)
    assert collapsed, "no solutions without a vote looked alike, so that nothing was tried"


def test_a_heavier_solver_outvotes_more_solutions_of_a_lighter_one() -> None:
    made = recipe()
    before = candidate(agreement(["7", "7", "8", "8", "8"], made, "aabbb"))
    assert before.vote
    assert before.vote.winner == "8"
    after = weigh_candidate(before, made, {"a": 1.6, "b": 0.4})
    assert after.vote
    assert (after.vote.winner, after.vote.weights, after.reason) == ("7", "controls", DropReason.NONE)
    assert after.vote.share == pytest.approx(3.2 / 4.4)
    assert after.vote.margin == pytest.approx(2.0 / 4.4)
    assert [its.agreed for its in after.solutions] == [True, True, False, False, False]
    assert [its.answer_class for its in after.solutions] == [0, 0, 1, 1, 1]


def test_weights_break_a_tie_and_take_a_narrow_win_away() -> None:
    made = recipe()
    tie = candidate(agreement(["7", "7", "8", "8"], made, "aabb"))
    assert (tie.stage, tie.reason) == (Stage.SOLVED, DropReason.TIE)
    broken = weigh_candidate(tie, made, {"a": 1.2, "b": 0.8})
    assert (broken.stage, broken.reason) == (Stage.AGREED, DropReason.NONE)
    narrow = candidate(agreement(["7", "7", "8", "9"], made, "bbaa"))
    assert narrow.is_agreed
    lost = weigh_candidate(narrow, made, {"a": 1.2, "b": 0.8})
    assert (lost.stage, lost.reason) == (Stage.SOLVED, DropReason.LOW_SHARE)


def test_however_heavy_one_solution_alone_wins_nothing() -> None:
    made = recipe()
    lone = weigh_candidate(candidate(agreement(["7", "8", "8"], made, "abb")), made, {"a": 9.0, "b": 0.5})
    assert lone.reason is DropReason.NO_AGREEMENT


def test_attempts_count_only_for_the_answer_that_they_were_graded_against() -> None:
    made, attempts = recipe(), Attempts(passed=3, failed=1)
    before = candidate(agreement(["7", "7", "8", "8", "8"], made, "aabbb"), attempts=attempts)
    assert weigh_candidate(before, made, {"a": 1.1, "b": 0.9}).attempts == attempts
    assert weigh_candidate(before, made, {"a": 1.6, "b": 0.4}).attempts is None


@pytest.mark.parametrize("mode", ["strict", "paper"])
def test_no_weights_give_more_rows_than_the_bound_that_a_build_of_rows_draws_by(mode: str) -> None:
    made, rng = recipe(consensus={"mode": mode, "min_share": 0.2}), random.Random(3)
    selection, larger = Selection(made.selection), 0
    for _ in range(80):
        its = candidate(agreement(rng.choices(ANSWERS, k=6), made))
        most = max(map(selection.count, any_outcome(its)), default=0)
        weighed = weigh_candidate(its, made, {"a": rng.uniform(0.1, 3), "b": rng.uniform(0.1, 3)})
        rows = selection.count(weighed) if weighed.is_agreed else 0
        assert rows <= most
        larger += rows > (selection.count(its) if its.is_agreed else 0)
    # The paper's rule retains the largest class whoever gave it, so that weights retain no more of it.
    assert larger or mode == "paper", "equal weights gave as many each time, and the bound was not tried"


def test_a_vote_that_stopped_early_with_equal_weights_may_need_more_samples_with_others() -> None:
    made = recipe(solutions={"samples": 10, "sampling": "adaptive"})
    its = agreement(["7"] * 5 + ["8"], made, "bbbbba")
    for weights, more in (({"a": 1.0, "b": 1.0}, False), ({"a": 1.8, "b": 0.4}, True)):
        voted = weigh(its.vote, its.solutions, made, weights)
        assert would_go_on(voted.vote, voted.solutions, made, weights) is more
        fixed = recipe(solutions={"samples": 10})
        assert not would_go_on(voted.vote, voted.solutions, fixed, weights)


def test_solutions_without_a_vote_count_against_a_vote_that_would_go_on() -> None:
    made, equal = recipe(solutions={"samples": 10, "sampling": "adaptive"}), {"a": 1.0, "b": 1.0}
    its = agreement(["7"] * 4 + ["no answer"] * 3, made)
    assert would_go_on(its.vote, its.solutions, made, equal)


def test_what_was_never_voted_on_has_no_outcome_and_stays_as_it_is() -> None:
    unsolved = candidate(agreement([], recipe())).model_copy(update={"vote": None, "stage": Stage.WRITTEN})
    assert list(any_outcome(unsolved)) == []
    assert weigh_candidate(unsolved, recipe(), {"a": 2.0}) == unsolved


# ---- weights of controls


def graded(right: int, wrong: int) -> GradedAnswers:
    return GradedAnswers(right=right, wrong=wrong)


def test_solvers_are_graded_on_each_solution_with_a_vote() -> None:
    made = recipe()
    its = agreement(["7", "8", r"\frac{14}{2}", "no answer", "7", "x \\mid 2"], made)
    control = ControlQuestion(
        source="file", id="1", question="?", gold="7", solutions=its.solutions, vote=its.vote
    )
    assert grade_solvers(control) == {
        "a": GradedAnswers(right=3, wrong=0, undecided=0, voteless=0),
        "b": GradedAnswers(right=0, wrong=1, undecided=1, voteless=1),
    }


def test_the_better_solver_weighs_more_and_a_solver_that_few_controls_know_weighs_one() -> None:
    seen = [{"a": graded(3, 0), "b": graded(0, 3) if number % 2 else graded(3, 0)} for number in range(60)]
    with_new = [{**its, **({"c": graded(0, 3)} if number < 29 else {})} for number, its in enumerate(seen)]
    weights = WeightsOfControls("abc", with_new).all
    assert weights == {"c": 1.0} | solver_weights({"a": SolverScore(60, 0), "b": SolverScore(30, 30)})
    assert weights["a"] > 1 > weights["b"]
    assert weights["c"] == 1
    assert WeightsOfControls("ab", seen[:29]).all == {"a": 1.0, "b": 1.0}


def test_many_samples_of_one_question_are_one_observation() -> None:
    """They are right or wrong together; taken as independent ones, they would make luck look like a difference."""
    few, many = (
        WeightsOfControls(
            "ab", [{"a": graded(k, 0), "b": graded(k * (n % 3 > 0), k * (n % 3 == 0))} for n in range(40)]
        )
        for k in (1, 9)
    )
    assert few.all == many.all


def test_a_control_is_voted_on_by_weights_that_it_had_no_part_in() -> None:
    seen = [{"a": graded(3, 0), "b": graded(n % 3, 2 - n % 3)} for n in range(50)]
    whole = WeightsOfControls("ab", seen)
    others = WeightsOfControls("ab", seen[1:])
    assert whole.without(seen[0]) == pytest.approx(others.all, abs=1e-6)
    assert whole.without(seen[0]) != whole.all
    just_enough = WeightsOfControls("ab", seen[:30])
    assert just_enough.all["a"] > 1
    assert just_enough.without(seen[0]) == {"a": 1.0, "b": 1.0}


def control(number: int, made: Recipe, answers: list[str]) -> ControlQuestion:
    its = agreement(answers, made)
    right = its.vote.winner == "7" if its.vote.winner else None
    return ControlQuestion(
        source="file",
        id=str(number),
        question=f"{number}?",
        gold="7",
        solutions=its.solutions,
        vote=its.vote,
        right=right,
    )


def mixed(count: int, made: Recipe) -> list[ControlQuestion]:
    """Return controls of which solver a is right and solver b often wrong, always alike; and both are wrong on a few."""
    return [
        control(n, made, ["8"] * 4 if n % 9 == 0 else ["7", "8"] * 2 if n % 2 else ["7"] * 4)
        for n in range(count)
    ]


def test_the_estimate_is_learnt_from_controls_that_are_voted_on_as_the_rows_are() -> None:
    """A control that equal weights leave without a winner has one, and counts as right."""
    equal, weighed = recipe(consensus={"weights": "equal"}), recipe()
    asked = mixed(90, weighed)
    reports = [KnownLabels(made, lambda: asked, lambda _: False).report() for made in (equal, weighed)]
    rights = [report.sources["file"].right for report in reports]
    assert rights[1] > rights[0]
    assert [report.weighing is None for report in reports] == [True, False]
    for report in reports:
        counts = {name: (its.controls, its.right, its.wrong) for name, its in report.solvers.items()}
        assert counts == {"a": (90, 160, 20), "b": (90, 80, 100)}
        assert LabelReport.from_json(report.as_json()).as_json() == report.as_json()
    assert "its vote weighs" in " ".join(reports[1].sentences())
    assert "its vote weighs" not in " ".join(reports[0].sentences())


def test_a_control_that_is_left_out_is_not_taken_from_what_the_others_say() -> None:
    """Else a solver that was right on it alone would have been right less than never."""
    made = recipe()
    asked = [control(number, made, ["8", "7"] * 2) for number in range(40)]
    known = control(99, made, ["7", "7"] * 2)
    reports = [
        KnownLabels(made, lambda controls=controls: controls, lambda question: question == "99?").report()  # type: ignore[misc]
        for controls in (asked, [*asked, known])
    ]
    assert reports[0].weighing == reports[1].weighing
    assert reports[0].calibration == reports[1].calibration
    assert [report.sources["file"].left_out for report in reports] == [0, 1]


def test_the_report_counts_what_weights_change_and_says_when_they_rest_on_too_few() -> None:
    made = recipe(solutions={"samples": 9, "sampling": "adaptive"})
    tie = candidate(agreement(["7", "8", "7", "8"], made))
    for count, otherwise in ((90, 1), (20, 0)):
        asked = mixed(count, made)
        labels = KnownLabels(made, lambda asked=asked: asked, lambda _: False)  # type: ignore[misc]
        for _ in range(2):  # candidates go by twice
            decided = labels.apply(tie)
        labels.count(decided)
        report = labels.report()
        assert report.weighing is not None
        assert (report.weighing.votes, report.weighing.otherwise) == (1, otherwise)
        assert ("Too few controls" in " ".join(report.sentences())) is (count == 20)
        assert decided.vote is not None
        assert decided.vote.weights == "controls"


def test_a_harder_version_has_no_pass_rate_of_a_parent_that_has_none() -> None:
    made, attempts = recipe(), Attempts(passed=1, failed=1)
    parent = candidate(agreement(["7", "7", "8", "8", "8"], made, "aabbb"), attempts=attempts)
    blueprint = parent.blueprint.model_copy(update={"id": "d-00000000h1"})
    fields = {"blueprint": blueprint, "parent": parent.blueprint.id, "parent_attempts": attempts}
    child = candidate(agreement(["5", "5", "5"], made)).model_copy(update=fields)
    labels = KnownLabels(made, lambda: mixed(90, made), lambda _: False)
    assert labels.apply(child).parent_attempts == attempts
    assert labels.apply(parent).attempts is None
    assert labels.apply(child).parent_attempts is None
    versions = WeightedVotes(made, {"a": 1.6, "b": 0.4}).of_versions([parent, child])
    assert [(its.attempts, its.parent_attempts) for its in versions] == [(None, None), (None, None)]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"solvers": []}, "there is one: name them in [[solvers]]"),
        ({"solvers": SOLVERS[:1]}, "there is one: name them in [[solvers]]"),
        ({"controls": {"share": 0}}, "but there are none: raise controls.share above 0"),
        ({"consensus": {"weights": "judge"}}, "must be one of equal, controls"),
    ],
    ids=["no solvers", "one solver", "no controls", "other"],
)
def test_weights_that_nothing_can_be_known_of_are_refused(tables: dict[str, Any], said: str) -> None:
    tree = {"teacher": MODEL, "solvers": SOLVERS, "consensus": {"weights": "controls"}}
    with pytest.raises(InputError) as error:
        Recipe.of({**tree, **tables})
    assert said in str(error.value)


def test_an_answer_that_is_read_otherwise_a_second_time_keeps_its_class() -> None:
    """Classes are those of the first vote, which compared the answers as they stood in the solutions."""
    made = recipe()
    solutions = tuple(
        Solution(
            sample=n,
            text=str(n),
            finish_reason="stop",
            completion_tokens=1,
            answer=text,
            answer_class=number,
            solver="a",
        )
        for n, (text, number) in enumerate([("unknown", 0), ("unclear", 0), ("7", 1)])
    )
    vote = Vote(mode="strict", winner="unknown", share=2 / 3, margin=1 / 3, tie=False, votes=3, abstentions=0)
    again = weigh(vote, solutions, made, {})
    assert [its.answer_class for its in again.solutions] == [0, 0, 1]
    assert again.vote.share == pytest.approx(2 / 3)
    assert Answer("unknown", ("unknown",)).text == again.solutions[0].answer
