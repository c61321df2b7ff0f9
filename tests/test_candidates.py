"""From responses to a decision: reading, checking, voting, selecting, counting."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder import recipe
from kpmath_builder.completion import BuildResult
from kpmath_builder.curation.selection import Selection
from kpmath_builder.display import Display
from kpmath_builder.findings import FindingId, find
from kpmath_builder.funnel import Funnel
from kpmath_builder.inspection.status import Status
from kpmath_builder.outcome import Outcome
from kpmath_builder.protocol import Response
from kpmath_builder.records import Blueprint, Candidate, DropReason, Judgement, Stage, Tokens
from kpmath_builder.symbolic.teacher import SymbolicTeacher
from kpmath_builder.synthesis.candidates import _refusal
from kpmath_builder.synthesis.solutions import Agreement, agree


def responses(*texts: str, finish_reason: str = "stop") -> list[Response]:
    return [Response(text=text, finish_reason=finish_reason, completion_tokens=5) for text in texts]


def boxed(*answers: str) -> list[Response]:
    return responses(*(f"Thus \\boxed{{{answer}}}." for answer in answers))


def agreed(outcome: Agreement) -> list[int]:
    return [solution.sample for solution in outcome.solutions if solution.agreed]


def decide(sampled: Sequence[Response], mode: str, min_share: float = 0.5) -> Agreement:
    return asyncio.run(agree(sampled, recipe.ConsensusSettings(mode=mode, min_share=min_share)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("quality", "sub_questions", "reason"),
    [
        (0.85, 3, DropReason.NONE),  # both bounds are met
        (1.0, 1, DropReason.NONE),
        (0.8499, 3, DropReason.LOW_QUALITY),
        (0.85, 4, DropReason.TOO_MANY_PARTS),
        (0.0, 4, DropReason.TOO_MANY_PARTS),
    ],
)
def test_a_question_is_solved_from_the_threshold_on_and_up_to_the_number_of_parts(
    quality: float, sub_questions: int, reason: DropReason
) -> None:
    judgement = Judgement(
        key_points_present=1.0,
        correctness=quality,
        quality=quality,
        missing_key_points=(),
        errors=(),
        sub_questions=sub_questions,
    )
    rule = recipe.JudgingSettings(threshold=0.85, max_sub_questions=3)
    assert _refusal(judgement, rule) is reason


def test_equal_answers_in_other_words_agree() -> None:
    outcome = decide(boxed("1/2", "0.5", "\\frac{1}{2}", "3"), "strict")
    assert agreed(outcome) == [0, 1, 2]
    assert outcome.vote.share == 0.75


def test_paper_keeps_both_sides_of_a_tie_and_strict_neither() -> None:
    sampled = boxed("4", "4", "5", "5")
    assert agreed(decide(sampled, "paper")) == [0, 1, 2, 3]
    strict = decide(sampled, "strict")
    assert (agreed(strict), strict.reason, strict.vote.tie) == ([], "tie", True)


def test_paper_keeps_two_of_ten_and_strict_wants_the_share() -> None:
    sampled = boxed("1", "1", "2", "3", "4", "5", "6", "7", "8", "9")
    assert agreed(decide(sampled, "paper")) == [0, 1]
    strict = decide(sampled, "strict")
    assert (agreed(strict), strict.reason) == ([], "share below threshold")


@pytest.mark.parametrize("mode", ["paper", "strict"])
def test_all_different_answers_are_no_agreement(mode: str) -> None:
    outcome = decide(boxed("1", "2", "3"), mode)
    assert (agreed(outcome), outcome.reason) == ([], "no agreement")


def test_paper_keeps_a_solution_for_its_best_part_and_strict_wants_every_part() -> None:
    """Three of four agree on (a), nobody on (b): the maximum over the parts hides it (docs/method.md, section 7)."""
    sampled = responses(
        *(f"(a) \\boxed{{7}} (b) \\boxed{{{b}}}" for b in (1, 2, 3)), "(a) \\boxed{8} (b) \\boxed{4}"
    )
    assert agreed(decide(sampled, "paper")) == [0, 1, 2]
    assert decide(sampled, "paper").solutions[0].score_vector == (0.75, 0.25)
    assert agreed(decide(sampled, "strict")) == []


def test_wrong_arithmetic_does_not_vote() -> None:
    wrong = responses("2 + 2 = 5 so \\boxed{5}.", "2 + 2 = 5 so \\boxed{5}.")
    outcome = decide([*wrong, *boxed("4", "4")], "strict")
    assert (agreed(outcome), outcome.vote.votes, outcome.vote.winner) == ([2, 3], 2, "4")
    assert outcome.solutions[0].wrong_arithmetic
    assert outcome.solutions[0].answer == "5"


@pytest.mark.parametrize("sign", ["\x08", "\x0c", "\x1b"], ids=ascii)
def test_a_solution_with_a_control_character_abstains_and_is_not_published(sign: str) -> None:
    r"""What is left of \frac or \boxed may have been part of the answer."""
    outcome = decide(
        responses("Thus \\boxed{4}.", "Thus \\boxed{4}.", f"Half{sign}rac12 so \\boxed{{4}}."), "strict"
    )
    assert agreed(outcome) == [0, 1]
    assert outcome.solutions[2].answer is None


def test_a_cut_off_solution_abstains() -> None:
    outcome = decide([*responses("so \\boxed{9}", finish_reason="length"), *boxed("4", "4")], "strict")
    assert (outcome.solutions[0].answer, outcome.vote.abstentions, outcome.vote.share) == (None, 1, 2 / 3)


@pytest.mark.parametrize(("abstentions", "share"), [("against", 0.5), ("ignore", 1.0)])
@pytest.mark.parametrize("mode", ["paper", "strict"])
def test_unread_and_miscalculated_solutions_count_against_unless_the_recipe_ignores_them(
    mode: str, abstentions: str, share: float
) -> None:
    sampled = [*boxed("5", "5"), *responses("I cannot.", "2 + 2 = 5 so \\boxed{5}.")]
    rule = recipe.ConsensusSettings.model_validate({"mode": mode, "abstentions": abstentions})
    outcome = asyncio.run(agree(sampled, rule))
    assert (outcome.vote.share, outcome.vote.margin, outcome.vote.votes) == (share, share, 2)
    assert [solution.score for solution in outcome.solutions] == [share, share, 0.0, 0.0]


def test_abstentions_count_against_by_default() -> None:
    assert recipe.ConsensusSettings().abstentions == "against"


def test_without_any_vote_there_is_no_winner() -> None:
    assert decide(responses("I cannot.", ""), "strict").reason == "no votes"


def candidate(index: int, stage: Stage) -> Candidate:
    reason = DropReason.NONE if stage in (Stage.AGREED, Stage.KEPT) else DropReason.UNWRITTEN
    return Candidate(
        blueprint=Blueprint(id=f"b-{index}", index=index, parts=()),
        models={},
        stage=stage,
        reason=reason,
        spent={"write": Tokens(requests=1, prompt=2, completion=3)},
    )


def agreed_candidate(index: int, question: str, texts: Sequence[str] = ("a", "b")) -> Candidate:
    outcome = decide(boxed(*["4"] * len(texts)), "strict")
    solutions = tuple(
        s.model_copy(update={"text": text}) for s, text in zip(outcome.solutions, texts, strict=True)
    )
    return candidate(index, Stage.AGREED).model_copy(update={"question": question, "solutions": solutions})


@pytest.mark.parametrize(("limit", "samples"), [(None, [0, 1, 3]), (1, [0]), (2, [0, 1])])
def test_solutions_that_differ_in_text_are_published_first_come_first(
    limit: int | None, samples: list[int]
) -> None:
    selection = Selection(recipe.SelectionSettings(solutions_per_question=limit))
    published = selection.published(agreed_candidate(0, "How many?", ["x", "y", "x ", "z"]))
    assert [solution.sample for solution in published] == samples


@pytest.mark.parametrize(
    ("keep", "text"),
    [
        (False, "He has 15+12=27 pears. 1 << 3 is 8, 16 >> 2 is 4."),
        (True, "He has 15+12=<<15+12=27>>27 pears. 1 << 3 is 8, 16 >> 2 is 4."),
    ],
)
def test_annotations_are_published_only_if_the_recipe_says_so(text: str, *, keep: bool) -> None:
    """Only calculator annotations go; other angle brackets stay."""
    selection = Selection(recipe.SelectionSettings(annotations=keep))
    solved = "He has 15+12=<<15+12=27>>27 pears. 1 << 3 is 8, 16 >> 2 is 4."
    published = selection.published(agreed_candidate(0, "How many?", [solved, solved]))
    assert [solution.text for solution in published] == [text]


def thought_about(*thoughts: str | None) -> Candidate:
    """Return an agreed candidate whose solutions differ, and were thought about so."""
    told = agreed_candidate(0, "How many?", [f"text {number}" for number, _ in enumerate(thoughts)])
    solutions = (
        its.model_copy(update={"thinking": thought, "thinking_tokens": 3})
        for its, thought in zip(told.solutions, thoughts, strict=True)
    )
    return told.model_copy(update={"solutions": tuple(solutions)})


@pytest.mark.parametrize(
    ("rule", "published"),
    [
        ({"reasoning": "none"}, {0: None, 1: None, 2: None}),
        ({"reasoning": "column"}, {0: "a" * 9, 1: None, 2: "b"}),
        ({"reasoning": "think", "max_reasoning": 9}, {0: "a" * 9, 1: None, 2: "b"}),
        ({"reasoning": "think", "max_reasoning": 8}, {1: None, 2: "b"}),
        ({"reasoning": "column", "max_reasoning": 8, "solutions_per_question": 2}, {1: None, 2: "b"}),
    ],
    ids=["not asked for", "asked for", "as long as the limit", "longer", "limited before counted"],
)
def test_reasoning_is_published_only_if_asked_for_and_not_too_long(
    rule: dict[str, Any], published: dict[int, str | None]
) -> None:
    selection = Selection(recipe.SelectionSettings(**rule))
    thoughtful = thought_about("a" * 9, None, "b")
    assert {its.sample: its.thinking for its in selection.published(thoughtful)} == published
    texts = [text for sample, thought in published.items() for text in (f"text {sample}", thought) if text]
    assert selection.texts(thoughtful) == texts, "what is compared with the test sets is what is published"


def test_the_funnel_adds_up_and_survives_json() -> None:
    funnel = Funnel()
    for index, stage in enumerate([*Stage] * 3):
        funnel.add(candidate(index, stage))
    passed = [line.passed for line in funnel.lines()]
    assert passed == [18, 15, 12, 9, 6, 3]
    assert sum(sum(line.reasons.values()) for line in funnel.lines()) == 18
    assert Funnel.from_json(funnel.as_json()).as_json() == funnel.as_json()
    assert (funnel + funnel).spent["write"] == Tokens(requests=36, prompt=72, completion=108)


SOLVED = "6*7 = 42. The answer is \\boxed{42}."


def test_what_is_published_is_what_was_read() -> None:
    """Neither the second problem nor the thinking is in the text; both are accounted for."""
    outcome = asyncio.run(
        agree(
            responses(
                SOLVED,
                f"{SOLVED}\n\nQuestion: What is 3*3?\nAnswer: 3*3 = 8, \\boxed{{9}}",
                f"<think>6*7 = 41, \\boxed{{41}}</think>\n{SOLVED}<|im_end|>",
                "<think>6*7 = 41, \\boxed{41}",
            ),
            recipe.ConsensusSettings(mode="strict", min_share=0.5),
            keep_thinking=True,
        )
    )
    solutions = outcome.solutions
    assert [solution.text for solution in solutions] == [SOLVED, SOLVED, SOLVED, ""]
    assert [solution.cut_reason for solution in solutions] == [
        "",
        "another problem",
        "",
        "thinking without an end",
    ]
    assert [solution.thinking is not None for solution in solutions] == [False, False, True, True]
    assert [solution.answer for solution in solutions] == ["42", "42", "42", None]
    assert all(solution.wrong_arithmetic == () for solution in solutions)
    assert agreed(outcome) == [0, 1, 2]


def test_a_solution_that_ran_on_until_it_was_cut_off_is_whole() -> None:
    """Base models write one problem after the other until their tokens end."""
    run_on = responses(f"{SOLVED}\n\nProblem: What is 3*3?\n\nSolution: 3*", finish_reason="length")
    cut_off = responses("6*7 = 42. The answer is \\boxed{42}. Now", finish_reason="length")
    outcome = decide([*run_on, *cut_off, *run_on], "strict")
    assert [solution.answer for solution in outcome.solutions] == ["42", None, "42"]


def test_the_headings_of_a_users_prompt_end_a_solution() -> None:
    told = responses(f"{SOLVED}\n\nBitte jetzt lösen:\n3*3\n\\boxed{{9}}")
    rule = recipe.ConsensusSettings(mode="paper")
    assert Agreement(told, rule, headings=["Bitte jetzt lösen:"]).solutions[0].answer == "42"
    assert Agreement(told, rule).solutions[0].answer == "9"


def test_identical_texts_are_counted_and_count_once_only_where_that_is_asked() -> None:
    """Samples that were drawn apart may be equal by chance; a server that repeats itself gives no votes."""
    sampled = boxed("4", "4", "4", "5", "2+2")
    rule = recipe.ConsensusSettings(mode="strict", min_share=0.5)
    assert (decide(sampled, "strict").vote.identical, decide(sampled, "strict").vote.votes) == (2, 5)
    once = Agreement(sampled, rule, distinct_texts_only=True)
    assert (once.vote.identical, once.vote.votes, agreed(once)) == (2, 3, [0, 4])
    assert once.vote.abstentions == 0
    same = Agreement(boxed("4", "4", "4"), rule, distinct_texts_only=True)
    assert same.reason == "no agreement"


def test_texts_with_thinking_of_their_own_are_not_identical() -> None:
    sampled = [
        Response(text=SOLVED, reasoning=thought, finish_reason="stop", completion_tokens=5)
        for thought in ("a", "b", "a")
    ]
    assert decide(sampled, "strict").vote.identical == 1


def test_the_funnel_says_how_many_texts_were_identical() -> None:
    outcome = decide(boxed("4", "4", "5"), "strict")
    funnel = Funnel()
    funnel.add(
        Candidate(
            blueprint=Blueprint(id="b", index=0, parts=()),
            models={},
            solutions=outcome.solutions,
            vote=outcome.vote,
            stage=Stage.AGREED,
        )
    )
    both = funnel + Funnel.from_json(funnel.as_json())
    assert both.as_json()["solutions"] == {
        "sampled": 6,
        "identical": 2,
        "questions": 2,
        "repeated_questions": 0,
        "of_models": 6,
        "unread": 0,
    }


def voted(*answers: str, solver: str = "model") -> Candidate:
    outcome = decide(boxed(*answers), "strict")
    blueprint = Blueprint(id="b", index=0, parts=())
    return Candidate(
        blueprint=blueprint,
        models={"solver": solver},
        solutions=outcome.solutions,
        vote=outcome.vote,
        stage=Stage.AGREED,
    )


@pytest.mark.parametrize(
    ("repeated", "others", "findings"),
    [(0, 10, 0), (4, 0, 0), (5, 90, 1), (5, 200, 0), (100, 0, 1)],
)
def test_texts_that_repeat_more_often_than_by_chance_are_a_finding(
    repeated: int, others: int, findings: int
) -> None:
    """More than chance: all samples are one text for five questions or more, and for more than one in twenty."""
    same, apart = voted("4", "4", "4"), voted("4", "5", "6")
    funnel = Funnel()
    for candidate in [same] * repeated + [apart] * others:
        funnel.add(candidate)
    said = [str(its) for its in find(Funnel.from_json(funnel.as_json())) if its.id is FindingId.IDENTICAL]
    assert len(said) == findings
    if findings:
        assert f"{repeated:,} of {repeated + others:,} questions are one text" in said[0]


def test_the_symbolic_teacher_repeats_itself_without_being_a_finding() -> None:
    """It is a program: few ways lead to its answer, and each solution has errors of its own."""
    funnel = Funnel()
    for _ in range(50):
        funnel.add(voted("4", "4", "4", solver=SymbolicTeacher.model))
    assert (funnel.identical, find(funnel)) == (100, ())


def test_a_question_with_one_solution_repeats_nothing() -> None:
    funnel = Funnel()
    funnel.add(voted("4"))
    assert (funnel.sampled_questions, find(funnel)) == (0, ())


def test_repetitions_are_shown_with_the_status_and_at_the_end_of_a_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    funnel = Funnel()
    for _ in range(10):
        funnel.add(voted("4", "4", "4"))
    Display().status(Status([], funnel, "Finished.", Outcome(find(funnel))))
    Display().result(BuildResult(tmp_path, tmp_path, {}, funnel.as_json(), findings=find(funnel)))
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("repeats that of another one of their question: 20 of 30.") == 2
    assert said.count("All solutions of 10 of 10 questions are one text") == 2
