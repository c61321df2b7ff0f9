"""What is known of a vote, and what a solver's vote weighs."""

import math

import pytest

from kpmath_builder.calibration import AnswerType, SolverScore, VoteFeatures, solver_weights
from kpmath_builder.records import Judgement, Solution, Vote


def solution(
    sample: int, answer: str | None, answer_class: int | None, *, length: int = 10, wrong: bool = False
) -> Solution:
    return Solution(
        sample=sample,
        text="x" * length,
        finish_reason="stop",
        completion_tokens=5,
        answer=answer,
        answer_class=answer_class,
        agreed=answer_class == 0,
        wrong_arithmetic=("1 + 1 = 3",) if wrong else (),
    )


def voted(winner: str | None = "4", *, votes: int = 4) -> Vote:
    return Vote(
        mode="strict",
        winner=winner,
        share=0.5,
        margin=1 / 3,
        tie=False,
        votes=votes,
        abstentions=1,
        identical=2,
    )


SOLUTIONS = (
    solution(0, "4", 0, length=100),
    solution(1, "4", 0, length=120),
    solution(2, "4.0", 0, length=300),
    solution(3, "5", 1, length=80),
    solution(4, None, None),
    solution(5, "4", None, wrong=True),
    solution(6, "4", None),  # a copy, which does not count
)


def of(*, weights: dict[str, float] | None = None, solvers: dict[int, str] | None = None) -> VoteFeatures:
    named = [its.model_copy(update={"solver": (solvers or {}).get(its.sample, "")}) for its in SOLUTIONS]
    found = VoteFeatures.of(voted(), named, weights=weights)
    assert found is not None
    return found


def test_features_count_what_the_vote_was_made_of() -> None:
    assert of() == VoteFeatures(
        share=0.5,
        margin=1 / 3,
        votes=4,
        samples=6,
        classes=2,
        abstentions=1,
        wrong_arithmetic=1,
        identical=2,
        answer_type=AnswerType.INTEGER,
        length=120.0,
        other_length=80.0,
        numbers=0.0,
        derived=0.0,
    )


def test_a_vote_without_votes_has_no_features() -> None:
    assert VoteFeatures.of(voted(None, votes=0), SOLUTIONS[4:]) is None


def test_a_vote_without_a_winner_is_described_by_its_largest_class() -> None:
    solutions = [its.model_copy(update={"agreed": False}) for its in SOLUTIONS]
    found = VoteFeatures.of(voted(None), solutions)
    assert found is not None
    assert (found.length, found.answer_type) == (120.0, AnswerType.INTEGER)


def test_of_classes_that_agree_at_a_tie_the_first_leads() -> None:
    """The paper's rule keeps both."""
    solutions = [its.model_copy(update={"agreed": its.answer_class is not None}) for its in SOLUTIONS]
    found = VoteFeatures.of(voted(), solutions)
    assert found is not None
    assert (found.length, found.other_length) == (120.0, 80.0)


def test_a_unanimous_vote_has_no_other_solutions() -> None:
    found = VoteFeatures.of(voted(), SOLUTIONS[:3])
    assert found is not None
    assert found.other_length is None


def worked(*texts: str, answer: str = "4", label: str | None = None) -> VoteFeatures:
    """Return the features of a vote in which all solutions agree."""
    solutions = [solution(at, answer, 0).model_copy(update={"text": text}) for at, text in enumerate(texts)]
    found = VoteFeatures.of(voted(label or answer, votes=len(texts)), solutions)
    assert found is not None
    return found


def test_numbers_are_counted_once_each_and_the_median_of_the_solutions_is_taken() -> None:
    found = worked("It is 4.", "2 + 2 = 4, and 2.5 is not 1,200.", "1, 2, 3, 4, 5, 6, 7, 8")
    assert found.numbers == 4  # 2, 4, 2.5 and 1,200


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("4", "so 2 + 2 = 4."),
        ("4", r"so \( 2 + 2 = \, 4 \), that is \boxed{4}"),
        ("4", "so 2 + 2 = **4** apples"),
        ("135.0", "0.9 * 150 = 135 kilowatts"),
        (r"\$1,200", r"12 \cdot 100 = \$1200"),
        ("3.14", r"\pi ≈ 3.14"),
        (r"\frac{3}{4}", r"1 - \frac{1}{4} = \frac{3}{4}"),
        ("x^2 + 1", "f(x) = x^2+1"),
        ("x = 5", "2x = 10, so x = 5"),
        ("5", r"x = 2 + 3 = \boxed{5}"),
        ("5", r"x = 2 + 3 = \fbox{5}."),
        ("5", r"x = \mathbf{5}"),
        (r"\frac{1}{2}", r"\frac{2}{4}=\dfrac{1}{2}"),
        (r"\tfrac{1}{2}", r"\frac{2}{4}=\frac{1}{2}$"),
        ("5", r"\sqrt{25.1} \approx 5"),
        ("-5", "2 - 7 = −5"),
        ("1,200", r"12 \cdot 100 = 1{,}200"),
        ("5", r"x &=& 5 \\ y &= 6"),
        ("5", "2 + 3 = 5 apples"),
        ("5", "2 + 3 = 5cm"),
        ("5", "2 + 3 = 5 (apples)"),
        ("5", "10 / 2 = 5 / week"),
        ("5", "2 + 3 = 5 - which is all"),
        ("5", "2 + 3 = 5\n- next"),
        ("5", "2 + 3 = 5.\n6. Next"),
        ("5", r"2 + 3 = 5^\circ"),
        ("5", r"(2 + 3 = 5\right)"),
        ("5", r"2 + 3 = 5 \text{ apples}"),
        ("5", "<<2+3=5>>5"),
        ("5x", "2x + 3x = 5x."),
    ],
)
def test_an_answer_is_derived_if_it_is_the_right_side_of_an_equation(answer: str, text: str) -> None:
    assert worked(text, answer=answer).derived == 1


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("4", r"The answer is \boxed{4}."),
        ("4", "so 40 + 2 = 42"),
        ("4", "so 9 / 2 = 4.5"),
        ("4", "so 4 = 2 + 2"),
        ("x^2 + 1", "clearly x^2 + 1"),
        ("5", "y = 5x"),
        ("5", "y = 5/3"),
        ("5", "y = 5 / 3"),
        ("5", "y = 5^2"),
        ("5", "y = 5^{2}"),
        ("5", "y = 5+3"),
        ("5", "y = 5 + 3"),
        ("5", "y = 5 - x"),
        ("5", "y = 5*3"),
        ("5", "y = 5 * 3"),
        ("5", "y = 5**3"),
        ("5", "y = 5(x + 1)"),
        ("5", r"y = 5\left(x + 1\right)"),
        ("5", r"y = 5\sqrt{2}"),
        ("5", r"y = 5 \cdot 3"),
        ("5", r"y = 5 \times 3"),
        ("5", r"y = 5\pi"),
        ("5", r"y = 5{,}000"),
        ("5", "y = 5,000"),
        ("5", "x >= 5"),
        ("5", "x <= 5"),
        ("5", "x != 5"),
        ("5", r"x \not= 5"),
        ("5", r"x \approxeq 5"),
        (r"\frac{1}{2}", r"y = \frac{1}{2}x"),
    ],
)
def test_an_answer_that_is_asserted_is_not_derived(answer: str, text: str) -> None:
    assert worked(text, answer=answer).derived == 0


def test_derived_is_a_share_of_the_solutions_that_agree() -> None:
    assert worked("2 + 2 = 4", "It is 4.", "1 + 3 = 4", "Four: 4").derived == 1 / 2


@pytest.mark.parametrize("label", ["Monday", "1, 2, 3", "(1, 2)"])
def test_no_single_equation_yields_a_list_or_text(label: str) -> None:
    assert worked("It is so.", answer=label).derived is None


def judgement(answer: str) -> Judgement:
    return Judgement(key_points_present=1.0, correctness=0.5, quality=0.5, judge_answer=answer)


@pytest.mark.parametrize(("answer", "agrees"), [("4", True), ("8/2", True), ("5", False), ("", None)])
def test_the_judge_agrees_if_his_answer_equals_the_winner(answer: str, *, agrees: bool | None) -> None:
    found = VoteFeatures.of(voted(), SOLUTIONS, judgement(answer))
    assert found is not None
    assert (found.judge_agrees, found.judge_correctness) == (agrees, 0.5)


@pytest.mark.parametrize(
    ("solvers", "weights", "asked", "agreement"),
    [
        (None, None, 0, None),
        ({0: "a", 1: "a", 2: "b", 3: "c"}, None, 3, 2 / 3),
        ({0: "a", 1: "a", 2: "b", 3: "c"}, {"a": 2.0, "c": 0.5}, 3, 3 / 3.5),
        ({0: "a", 3: "a", 1: "b"}, None, 2, 1 / 2),  # one of each is no plurality
        ({0: "a", 4: "b"}, None, 2, 1 / 2),  # one that abstains agrees with nobody
    ],
    ids=["one", "equal", "weighted", "divided", "abstaining"],
)
def test_agreement_of_solvers_is_the_weight_of_those_whose_plurality_wins(
    solvers: dict[int, str] | None, weights: dict[str, float] | None, asked: int, agreement: float | None
) -> None:
    found = of(solvers=solvers, weights=weights)
    assert found.solvers == asked
    assert found.solver_agreement == (None if agreement is None else pytest.approx(agreement))


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("12", AnswerType.INTEGER),
        ("-3", AnswerType.INTEGER),
        ("1,200", AnswerType.INTEGER),
        ("5 apples", AnswerType.INTEGER),
        ("x = 5", AnswerType.INTEGER),
        ("0.25", AnswerType.NUMBER),
        (r"\frac{3}{4}", AnswerType.NUMBER),
        (r"2\sqrt{3}", AnswerType.NUMBER),
        ("x^2 + 1", AnswerType.EXPRESSION),
        ("(1, 2)", AnswerType.LIST),
        ("1, 2, 3", AnswerType.LIST),
        ("(a) 3 (b) 4", AnswerType.LIST),
        ("Monday", AnswerType.TEXT),
        ("", AnswerType.TEXT),
    ],
)
def test_the_type_of_an_answer_is_that_of_its_value(label: str, expected: AnswerType) -> None:
    assert AnswerType.of(label) == expected


def test_a_better_solver_weighs_more_and_the_mean_is_one() -> None:
    weights = solver_weights(
        {"good": SolverScore(90, 10), "fair": SolverScore(70, 30), "poor": SolverScore(55, 45)}
    )
    assert weights["good"] > weights["fair"] > weights["poor"] > 0
    assert sum(weights.values()) == pytest.approx(3, abs=1e-5)


def test_weights_of_many_controls_are_proportional_to_the_log_odds() -> None:
    weights = solver_weights({"a": SolverScore(900_000, 100_000), "b": SolverScore(750_000, 250_000)})
    assert weights["a"] / weights["b"] == pytest.approx(math.log(9) / math.log(3), rel=1e-3)


def test_weights_of_few_controls_are_those_of_the_method_of_moments() -> None:
    """By hand: 16/22 on average; differences of 0.0380, of which luck explains 0.0180, so that 9.91 average answers are added to each."""
    weights = solver_weights({"a": SolverScore(9, 1), "b": SolverScore(6, 4)})
    assert weights == pytest.approx({"a": 1.3703, "b": 0.6297}, abs=1e-3)


def test_an_abstention_is_no_wrong_answer() -> None:
    silent = {"a": SolverScore(50, 10, abstained=40), "b": SolverScore(50, 10)}
    assert solver_weights(silent) == {"a": 1.0, "b": 1.0}


def test_a_solver_that_is_mostly_wrong_never_votes_against_its_answer() -> None:
    assert 0 < solver_weights({"bad": SolverScore(5, 95), "good": SolverScore(95, 5)})["bad"] < 0.1


@pytest.mark.parametrize(
    "scores", [{}, {"a": SolverScore(0, 0, 3), "b": SolverScore(0, 0)}], ids=["none", "silent"]
)
def test_without_answers_all_solvers_weigh_the_same(scores: dict[str, SolverScore]) -> None:
    assert solver_weights(scores) == dict.fromkeys(scores, 1.0)


def test_few_answers_move_a_weight_less_than_many() -> None:
    few, many = (
        solver_weights({"a": SolverScore(9 * n, n), "b": SolverScore(6 * n, 4 * n)}) for n in (3, 300)
    )
    assert 1 < few["a"] < many["a"]


def test_differences_that_luck_explains_make_no_weights() -> None:
    weights = solver_weights({"a": SolverScore(9, 3), "b": SolverScore(8, 4), "c": SolverScore(7, 5)})
    assert weights == pytest.approx({"a": 1.0, "b": 1.0, "c": 1.0}, abs=1e-3)
