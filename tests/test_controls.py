"""Who gets a control or a planted question, which one, and how it is graded and left out; no build."""

import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kpmath_builder import InputError, Recipe
from kpmath_builder.controls.choice import is_held_back, number_beside
from kpmath_builder.controls.composed import ComposedQuestions
from kpmath_builder.controls.generated import GeneratedQuestions
from kpmath_builder.controls.grading import is_right, leading_answer
from kpmath_builder.controls.own_file import read_questions
from kpmath_builder.controls.planted import PlantedKind, PlantedPool
from kpmath_builder.controls.pool import ControlPool, check_controls
from kpmath_builder.controls.report import THRESHOLDS, ControlCounts, LabelReport
from kpmath_builder.dataset.card_labels import label_section
from kpmath_builder.dataset.labels import KnownLabels
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.prompts import Prompts
from kpmath_builder.records import (
    Blueprint,
    Candidate,
    ControlQuestion,
    DropReason,
    Judgement,
    PlantedQuestion,
    Practice,
    SeedProblem,
    Solution,
    Stage,
    Tokens,
    TopicKeyPoints,
    Vote,
)
from kpmath_builder.seeds import load_seeds

MODEL = {"kind": "openai", "model": "any"}


def recipe(**controls: Any) -> Recipe:
    return Recipe.of({"teacher": MODEL, "controls": controls})


def seeds(count: int = 20) -> list[SeedProblem]:
    return list(load_seeds().problems[:count])


# ---- which blueprints


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 1.0])
def test_one_blueprint_of_each_run_gets_something_and_each_number_is_used_once(share: float) -> None:
    numbers = [number_beside(7, index, share, "control") for index in range(1000)]
    found = [number for number in numbers if number is not None]
    assert found == list(range(len(found)))
    assert len(found) == pytest.approx(1000 * share, abs=1)


def test_no_share_means_nothing_beside_any_blueprint() -> None:
    assert {number_beside(7, index, 0.0, "control") for index in range(100)} == {None}


def test_seed_and_purpose_decide_which_blueprints() -> None:
    def chosen(seed: int, purpose: str) -> list[int]:
        return [i for i in range(500) if number_beside(seed, i, 0.1, purpose) is not None]

    assert len({tuple(chosen(seed, purpose)) for seed in (1, 2) for purpose in ("control", "planted")}) == 4


def test_a_larger_share_holds_back_the_same_seeds_and_more() -> None:
    names = [f"gsm8k/train/{number:05d}" for number in range(5000)]
    few, many = ({name for name in names if is_held_back(name, share)} for share in (0.02, 0.1))
    assert few < many
    assert len(few) == pytest.approx(100, abs=40)


def test_nothing_is_held_back_unless_a_model_solves_and_seeds_are_a_source() -> None:
    """So the draws of a symbolic build stay what they were, and the build spec does not name the key."""

    def draw(made: Recipe) -> Any:
        return BuildSpec.of(made, Prompts.load(None), "", {}, asking=True).origin.get("controls.held_back")

    assert draw(recipe(held_back=0.1)) == 0.1
    symbolic = {"kind": "symbolic"}
    without = (
        Recipe.of({"controls": {"held_back": 0.1}}),
        Recipe.of({"teacher": MODEL, "roles": {"solver": symbolic}, "controls": {"held_back": 0.1}}),
        recipe(held_back=0.1, share=0.0),
        recipe(held_back=0.1, sources=["file"], path="controls.jsonl", share=0.0),
    )
    assert [draw(made) for made in without] == [None] * len(without)
    assert [made.held_back for made in without] == [0.0] * len(without)


# ---- which question


def test_sources_take_turns_and_no_question_stands_twice(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text(
        "".join(json.dumps({"problem": f"What is {n} + 1?", "answer": n + 1}) + "\n" for n in range(30))
    )
    pool = ControlPool(recipe(share=1.0, sources=["file", "seeds"], path=str(file)), seeds(10))
    found = [pool.beside(index) for index in range(80)]
    sources = Counter(its.source for its in found if its)
    assert sources == {"file": 30, "seeds": 10}
    assert len({its.id for its in found if its}) == 40
    assert [bool(its) for its in found[60:]] == [False] * 20


def test_controls_need_a_source() -> None:
    with pytest.raises(InputError, match=r"controls\.sources"):
        recipe(sources=[])


def test_a_file_of_controls_that_is_not_there_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="own"):
        check_controls(recipe(sources=["file"], path=str(tmp_path / "own.jsonl")))


def test_a_program_as_solver_has_no_controls() -> None:
    pool = ControlPool(Recipe.of({"controls": {"share": 1.0}}), seeds())
    assert pool.beside(0) is None


def test_composed_questions_need_two_readable_seeds_and_are_the_same_for_the_same_number() -> None:
    one, again = (ComposedQuestions(3, seeds()) for _ in range(2))
    made = [one.question(number) for number in range(5)]
    assert made == [again.question(number) for number in range(5)]
    assert all(made)
    assert ComposedQuestions(3, seeds(2)).question(0)
    assert ComposedQuestions(3, seeds(1)).question(0) is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"problem": "What?", "answer": ""}], "no answer can be read"),
        ([{"problem": "", "answer": "3"}], "`problem` is no text"),
        (
            [{"problem": "What is 1 + 1?", "answer": "2"}, {"problem": "what is 1 +  1?", "answer": 2}],
            "twice",
        ),
        ([], "holds no rows"),
    ],
    ids=["no answer", "no problem", "twice", "empty"],
)
def test_a_file_of_controls_that_cannot_be_graded_is_refused_in_a_sentence(
    tmp_path: Path, rows: list[dict[str, Any]], words: str
) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match=words):
        read_questions(path)


def test_a_solution_in_the_answer_of_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps({"question": "How many?", "answer": "6 * 7 = 42\n#### 42"}) + "\n")
    assert [(its.problem, its.gold) for its in read_questions(path)] == [("How many?", "42")]


def test_a_missing_package_of_generators_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(InputError, match=r"pip install 'kpmath-builder\[controls\]'"):
        GeneratedQuestions(1, ["lcm"])


def test_generators_take_turns_with_seeds_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []

    def create_dataset(name: str, *, size: int, seed: int) -> list[dict[str, Any]]:
        assert size == 1, "more would be made for nothing"
        assert 0 <= seed < 2**31, "NumPy takes no others"
        seen.append((name, seed))
        return [{"question": f"{name} {seed}?", "answer": seed}]

    package, factory = ModuleType("reasoning_gym"), ModuleType("reasoning_gym.factory")
    package.create_dataset, factory.DATASETS = create_dataset, {"lcm": 1, "gcd": 1}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "reasoning_gym", package)
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", factory)
    made = GeneratedQuestions(1, ["lcm", "gcd"])
    ids = [made.question(number).id for number in range(4)]
    assert ids == [f"reasoning-gym/{name}/{turn:05d}" for turn in (0, 1) for name in ("lcm", "gcd")]
    assert len({seed for _, seed in seen}) == 4
    with pytest.raises(InputError, match="names 'sum', which reasoning-gym does not have"):
        GeneratedQuestions(1, ["sum"])


# ---- grading


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("72", "72", True),
        (r"\frac{1}{2}", "0.5", True),
        ("1,000", "1000", True),
        ("71", "72", False),
        (None, "72", None),
    ],
)
def test_an_answer_is_graded_by_value(answer: str | None, gold: str, *, right: bool | None) -> None:
    assert is_right(answer, gold) is right


def solution(sample: int, answer: str | None, number: int | None) -> Solution:
    return Solution(
        sample=sample,
        text="It is so." * (sample + 1),
        finish_reason="stop",
        completion_tokens=3,
        answer=answer,
        answer_class=number,
    )


def vote(winner: str | None, share: float, votes: int = 4) -> Vote:
    return Vote(
        mode="strict", winner=winner, share=share, margin=share / 2, tie=False, votes=votes, abstentions=0
    )


def test_the_largest_class_leads_if_nothing_wins() -> None:
    solutions = [solution(0, "5", 1), solution(1, "4", 0), solution(2, None, None)]
    assert leading_answer(vote(None, 0.3), solutions) == "4"
    assert leading_answer(vote("5", 0.3), solutions) == "5"
    assert leading_answer(vote(None, 0.0, 0), [solution(0, None, None)]) is None


# ---- what is learnt


def control(number: int, *, question: str = "", share: float = 0.75) -> ControlQuestion:
    right = number % 4 != 0
    answers = ["1" if right else "2"] * 3 + ["3"]
    solutions = tuple(solution(at, its, int(its == "3")) for at, its in enumerate(answers))
    return ControlQuestion(
        source="seeds",
        id=str(number),
        question=question,
        gold="1",
        solutions=solutions,
        vote=vote(answers[0], share),
        right=right,
    )


def candidate(stage: Stage = Stage.AGREED, share: float = 0.75) -> Candidate:
    its = control(1, share=share)
    return Candidate(
        blueprint=Blueprint(id="b", index=5, parts=()),
        models={},
        solutions=its.solutions,
        vote=its.vote,
        stage=stage,
    )


def test_controls_that_are_known_to_repeat_something_are_counted_and_left_out() -> None:
    asked = [control(number, question="old" if number < 20 else "new") for number in range(60)]
    report = KnownLabels(recipe(), lambda: asked, lambda question: question == "old").report()
    counts = report.sources["seeds"]
    assert (counts.asked, counts.left_out, counts.voted, counts.right) == (60, 20, 40, 30)
    assert report.calibration is not None
    assert report.calibration["controls"] == 40
    assert "20 left out" in " ".join(report.sentences())


def test_the_mean_share_is_that_of_the_controls_with_a_vote() -> None:
    counts = ControlCounts()
    for share in (1 / 3, 2 / 3, 1.0):
        counts.add(control(1, share=share), left_out=False)
    counts.add(control(1, share=0.9), left_out=True)
    assert (counts.asked, counts.voted, counts.mean_share) == (4, 3, 0.6667)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "at least 30 are needed"),
        ({"controls": {"share": 0}}, "controls.share is 0"),
        ({"teacher": {"kind": "symbolic"}}, "a program solves by its rules"),
    ],
    ids=["few", "none", "program"],
)
def test_without_enough_controls_there_is_no_probability_and_the_report_says_why(
    changes: dict[str, Any], words: str
) -> None:
    made = Recipe.of({"teacher": MODEL, "selection": {"min_p_correct": 0.9}, **changes})
    labels = KnownLabels(made, lambda: [control(number) for number in range(10)], lambda _: False)
    assert labels.apply(candidate()) == candidate()
    report = labels.report()
    assert report.labels is None
    assert words in report.estimate
    assert "selection.min_p_correct = 0.9 dropped nothing" in " ".join(report.sentences())


def test_what_lies_below_the_bound_is_dropped_with_its_own_reason() -> None:
    def applied(least: float, stage: Stage) -> Candidate:
        made = Recipe.of({"teacher": MODEL, "selection": {"min_p_correct": least}})
        asked = [control(number, share=0.5 + number % 3 / 4) for number in range(60)]
        return KnownLabels(made, lambda: asked, lambda _: False).apply(candidate(stage))

    chance = applied(0.0, Stage.AGREED).p_correct
    assert chance is not None
    assert applied(chance, Stage.AGREED).reason is DropReason.NONE
    assert applied(chance + 0.01, Stage.AGREED).reason is DropReason.LOW_P_CORRECT
    assert applied(chance + 0.01, Stage.SOLVED).reason is DropReason.NONE


# ---- the judge


def practices(count: int = 20) -> list[Practice]:
    return [
        Practice(
            seed=seed,
            raw=(),
            topics=(TopicKeyPoints(topic=f"Topic {number % 3}", key_points=("a rule",)),),
            model="any",
        )
        for number, seed in enumerate(seeds(count))
    ]


def test_planted_kinds_take_turns_and_each_has_its_fault() -> None:
    pool = PlantedPool(recipe(judge_share=1.0), practices())
    found = [pool.beside(index) for index in range(8)]
    assert [its and its.kind for its in found] == [*PlantedKind] * 2
    for its in found:
        assert its is not None
        as_it_was = its.question == its.practice.seed.problem
        assert as_it_was == (its.kind in {PlantedKind.SOUND, PlantedKind.FOREIGN})
        assert (its.shown.topics == its.practice.topics) == (its.kind is not PlantedKind.FOREIGN)


def test_a_program_as_judge_is_not_tested() -> None:
    assert PlantedPool(Recipe.of({"controls": {"judge_share": 1.0}}), practices()).beside(0) is None


def test_the_judge_is_looked_at_where_qualities_can_lie() -> None:
    assert sorted(THRESHOLDS) == list(THRESHOLDS)
    assert all(0 < at <= 1 for at in THRESHOLDS)


def judged(kind: PlantedKind, quality: float | None, parts: int = 1) -> PlantedQuestion:
    judgement = quality is not None and Judgement(
        key_points_present=1.0, correctness=quality, quality=quality, sub_questions=parts
    )
    return PlantedQuestion(kind=kind.value, id="s", judgement=judgement or None, spent=Tokens(requests=2))


def test_the_judge_is_counted_at_each_threshold_as_a_build_decides() -> None:
    """A question without a valid judgement, or with too many parts, passes nowhere; one that was never asked about counts nowhere."""
    asked = [
        judged(PlantedKind.SOUND, 1.0),
        judged(PlantedKind.SOUND, 0.5),
        judged(PlantedKind.SOUND, None),
        judged(PlantedKind.INCOMPLETE, 1.0),
        judged(PlantedKind.INCOMPLETE, 1.0, parts=9),
        judged(PlantedKind.FOREIGN, 0.5),
        PlantedQuestion(kind=PlantedKind.SOUND.value, id="s", reason="not asked"),
    ]
    report = KnownLabels(recipe(), lambda: asked, lambda _: False).report()
    assert report.judge_at(0.85) == (1, 3, 2, 3)
    assert report.judge_at(0.5) == (2, 3, 1, 3)
    assert LabelReport.from_json(json.loads(json.dumps(report.as_json()))).as_json() == report.as_json()


def test_the_card_names_sources_that_contradict_each_other() -> None:
    """Their mean stands beside it, and must not stand alone."""
    report = LabelReport()
    for source, right in (("seeds", 38), ("file", 6)):
        report.sources[source] = ControlCounts(asked=42, voted=40, right=right, undecided=0)
    assert "The sources of controls contradict each other" in label_section(report)
    report.sources["file"].undecided = 34
    assert "contradict" not in label_section(report)
