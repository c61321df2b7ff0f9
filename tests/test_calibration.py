"""How true a label is: fitted to controls, said of other votes."""

import itertools
import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from kpmath_builder.calibration import AnswerType, Calibration, Control, LabelEstimate, VoteFeatures, why_not
from kpmath_builder.calibration.columns import COLUMNS, HINT
from kpmath_builder.calibration.model import _loss
from kpmath_builder.errors import InputError


def features(leader: int = 8, runner_up: int = 1, samples: int = 10, **known: float) -> VoteFeatures:
    return VoteFeatures(
        share=leader / samples,
        margin=(leader - runner_up) / samples,
        votes=samples,
        samples=samples,
        classes=1 + bool(runner_up) + (samples - leader - runner_up),
        abstentions=0,
        wrong_arithmetic=0,
        identical=0,
        answer_type=AnswerType.INTEGER,
        length=400.0,
        other_length=420.0 if runner_up else None,
        **known,
    )


def drawn(count: int, name: str, *, slope: float = 1.5, level: float = 0.5) -> list[Control]:
    """Return votes whose odds of truth grow with the odds of their share."""
    chance = random.Random(name)
    found = []
    for _ in range(count):
        leader = chance.choice([2, 3, 5, 6, 7, 8, 8, 9, 9, 10, 10, 10])
        odds = level + slope * np.log((leader + 0.5) / (10.5 - leader))
        runner_up = min(leader - 1, 10 - leader, chance.randrange(1, 3))
        found.append(Control(features(leader, runner_up), chance.random() < 1 / (1 + np.exp(-odds))))
    return found


def fitted(controls: list[Control]) -> Calibration:
    found = Calibration.fit(controls)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        (20, 9, "29 controls have a vote; at least 30 are needed"),
        (40, 0, "All 40 controls are right"),
        (0, 40, "All 40 controls are wrong"),
    ],
)
def test_controls_that_show_nothing_calibrate_nothing_and_say_why(
    right: int, wrong: int, reason: str
) -> None:
    controls = [Control(features(), right=True)] * right + [Control(features(), right=False)] * wrong
    assert Calibration.fit(controls) is None
    assert why_not(controls).startswith(reason)


def test_enough_controls_of_both_kinds_need_no_reason() -> None:
    assert why_not(drawn(60, "enough")) == ""


def test_votes_that_are_all_alike_have_the_share_of_their_controls() -> None:
    controls = [Control(features(), right=n < 27) for n in range(36)]
    its = fitted(controls)
    assert its.columns == ()
    assert its.p_correct(features()) == its.p_correct(features(leader=3)) == pytest.approx(0.75, abs=1e-6)


def test_many_controls_teach_the_probability_of_each_share() -> None:
    its = fitted(drawn(2_500, "many"))
    for leader in (5, 7, 9, 10):
        true = 1 / (1 + np.exp(-(0.5 + 1.5 * np.log((leader + 0.5) / (10.5 - leader)))))
        assert its.p_correct(features(leader, min(10 - leader, 1))) == pytest.approx(true, abs=0.05)


def test_a_larger_share_is_never_less_likely_to_be_true() -> None:
    its = fitted(drawn(60, "monotone"))
    chances = [its.p_correct(features(leader, 0 if leader == 10 else 1)) for leader in range(3, 11)]
    assert chances == sorted(chances)


def test_the_order_of_the_controls_changes_no_digit() -> None:
    controls = drawn(200, "order")
    shuffled = random.Random("other order").sample(controls, len(controls))
    assert fitted(controls) == fitted(shuffled)


def test_the_columns_are_what_is_known_of_a_vote() -> None:
    """Of ten samples: eight votes for the lead and one for another, at a length of 400 against 420; half a vote is added to each side."""
    its = {column.name: column.value(features()) for column in COLUMNS}
    judged = replace(features(), judge_agrees=True, judge_correctness=0.4, solvers=2, solver_agreement=0.5)
    known = {column.name: column.value(judged) for column in COLUMNS}
    assert its["share"] == pytest.approx(math.log(0.85 / 0.25))
    assert its["lead"] == pytest.approx(math.log(0.85 / 0.15))
    assert its["length ratio"] == pytest.approx(math.log(401 / 421))
    assert its["length"] == pytest.approx(math.log(401))
    assert its["samples"] == pytest.approx(math.log(10))
    assert its["classes"] == pytest.approx(math.log(3))
    assert [its[name] for name in ("solvers", "judge agrees", "judge correctness")] == [None] * 3
    assert [known[name] for name in ("solvers", "judge agrees", "judge correctness")] == [0.0, 1.0, 0.4]
    assert {its[name] for name in its if name.startswith("type ")} == {0.0}


def test_the_first_guess_is_the_odds_of_the_vote_which_hints_hardly_move() -> None:
    slopes = {column.name: column.slope for column in COLUMNS if column.slope}
    assert slopes == {"share": 0.5, "lead": 0.5, "numbers": 1.0, "derived": 1.0}
    spreads = {column.name: column.spread for column in COLUMNS}
    assert spreads["share"] == spreads["solvers"] == spreads["judge agrees"] == 1.0
    one_vote_of_ten = math.log(0.95 / 0.15) - math.log(0.85 / 0.25)
    assert math.sqrt(10) * HINT < one_vote_of_ten


def test_the_fit_is_the_most_probable_one_and_its_covariance_the_inverse_of_the_curvature() -> None:
    """By another optimiser, from the columns and their priors alone."""
    controls = drawn(120, "another optimiser")
    its = fitted(controls)
    used = [column for column in COLUMNS if column.name in its.columns]
    values = np.array(
        [[column.value(control.features) for column in used] for control in controls], dtype=float
    )
    right = np.array([control.right for control in controls])
    known = ~np.isnan(values)
    centres = np.nanmean(values, axis=0)
    assert its.centres == pytest.approx(tuple(centres), rel=1e-6)
    assert its.scales == pytest.approx(
        tuple(np.sqrt((np.where(known, values - centres, 0.0) ** 2).sum(axis=0) / known.sum(axis=0))),
        rel=1e-6,
    )
    scaled = np.where(known, np.clip((values - centres) / np.array(its.scales), -3, 3), 0.0)
    rows = np.column_stack([np.ones(len(values)), scaled])
    mean = np.array([0.0, *(column.slope * scale for column, scale in zip(used, its.scales, strict=True))])
    precision = np.array([0.0, *(column.spread**-2 for column in used)])

    def loss(at: np.ndarray) -> float:
        logits = rows @ at
        return float(
            (np.logaddexp(0, logits) - right * logits).sum() + (precision * (at - mean) ** 2).sum() / 2
        )

    found = minimize(loss, mean, method="BFGS", options={"gtol": 1e-8}).x
    assert its.coefficients == pytest.approx(tuple(found), abs=1e-4)
    chance = 1 / (1 + np.exp(-rows @ found))
    curvature = (rows.T * (chance * (1 - chance))) @ rows + np.diag(precision)
    assert np.array(its.covariance) @ curvature == pytest.approx(np.eye(len(found)), abs=1e-2)


def test_the_loss_that_bounds_a_step_is_the_negative_log_of_the_posterior() -> None:
    """One control right at odds of e^0.7, one wrong at e^-0.8; one coefficient is half a unit off its mean, at a precision of 4."""
    rows, right = np.array([[1.0, 0.5], [1.0, -1.0]]), np.array([1.0, 0.0])
    found = _loss(rows, right, np.array([0.0, 0.5]), np.array([0.0, 4.0]), np.array([0.2, 1.0]))
    assert found == pytest.approx(
        math.log(1 + math.exp(-0.7)) + math.log(1 + math.exp(-0.8)) + 4 * 0.5**2 / 2
    )


def test_perfect_separation_is_fitted_with_finite_odds() -> None:
    controls = [Control(features(9, 1), right=True), Control(features(3, 2), right=False)] * 50
    its = fitted(controls)
    assert all(abs(value) < 10 for value in its.coefficients)
    assert 0 < its.p_correct(features(3, 2)) < 0.1
    assert 0.9 < its.p_correct(features(9, 1)) < 1


def test_a_hint_counts_for_more_the_more_controls_show_it() -> None:
    def long_ones_are_wrong(count: int) -> float:
        controls = drawn(count, "hints")
        told = [
            replace(control, features=replace(control.features, length=200.0 if control.right else 900.0))
            for control in controls
        ]
        its = fitted(told)
        short, long = (its.p_correct(replace(features(), length=length)) for length in (200.0, 900.0))
        return short - long

    few, many = long_ones_are_wrong(30), long_ones_are_wrong(1_000)
    assert 0 < few < many / 2


@pytest.mark.parametrize(
    "unknown",
    [{"judge_agrees": None}, {"judge_correctness": None}, {"solver_agreement": None}, {"other_length": None}],
)
def test_what_is_not_known_says_nothing(unknown: dict[str, None]) -> None:
    """A value at the centre of the controls and a missing one give the same probability."""
    (name,) = unknown
    values = {"judge_agrees": (True, False), "other_length": (399.0, 399.0 + 1e-3)}.get(name, (0.4, 0.8))
    controls = [
        replace(control, features=replace(control.features, solvers=3, **{name: value}))
        for control, value in zip(drawn(100, "unknown"), itertools.cycle(values), strict=False)
    ]
    its = fitted(controls)
    missing = its.p_correct(replace(features(), solvers=3, **unknown))
    low, high = sorted(its.p_correct(replace(features(), solvers=3, **{name: value})) for value in values)
    assert low <= missing <= high


def test_controls_without_a_judge_leave_his_columns_out() -> None:
    its = fitted(drawn(60, "no judge"))
    judged = replace(features(), judge_agrees=False, judge_correctness=0.5)
    assert not {"judge agrees", "judge correctness", "solvers"} & set(its.columns)
    assert its.p_correct(judged) == its.p_correct(features())


def with_working(count: int, *, misleads: bool) -> list[Control]:
    """Return votes that know of their working; if it misleads, every second label is worked out and wrong."""
    chance = random.Random("working")
    found = []
    for its in drawn(count, "working"):
        derived = chance.choice([0.2, 1.0])
        right = derived < 1 if misleads else its.right
        numbers = chance.uniform(5, 15)
        found.append(Control(replace(its.features, numbers=numbers, derived=derived), right))
    return found


@pytest.mark.parametrize(
    ("count", "misleads", "prefers"), [(40, False, True), (2000, True, False)], ids=["few", "many"]
)
def test_working_that_is_shown_speaks_for_a_label_until_many_controls_object(
    count: int, *, misleads: bool, prefers: bool
) -> None:
    its = fitted(with_working(count, misleads=misleads))
    shown, asserted = (
        its.p_correct(replace(features(), numbers=10.0, derived=share)) for share in (1.0, 0.2)
    )
    assert (shown > asserted) == prefers


def test_the_more_numbers_the_solutions_show_the_more_probable_is_their_answer() -> None:
    its = fitted(with_working(40, misleads=False))
    found = [its.p_correct(replace(features(), numbers=count, derived=1.0)) for count in (6.0, 9.0, 13.0)]
    assert found == sorted(set(found))


def test_a_value_far_outside_the_controls_counts_as_three_deviations() -> None:
    chance = random.Random("lengths")
    its = fitted(
        [replace(c, features=replace(c.features, length=chance.uniform(200, 600))) for c in drawn(200, "far")]
    )
    assert its.p_correct(replace(features(), length=1e6)) == its.p_correct(replace(features(), length=1e9))


def test_a_calibration_comes_back_from_json_as_it_was() -> None:
    its = fitted(drawn(100, "json"))
    assert Calibration.from_json(json.loads(json.dumps(its.as_json()))) == its


@pytest.mark.parametrize(
    "damage",
    [
        {"columns": ["share", "weather"]},
        {"centres": []},
        {"scales": None},
        {"coefficients": ["much"]},
        {"covariance": [[1.0]]},
        {"controls": "many"},
    ],
    ids=["unknown column", "too few centres", "no scales", "no number", "another covariance", "no count"],
)
def test_json_that_is_no_calibration_is_refused_with_what_to_do(damage: dict[str, object]) -> None:
    values = fitted(drawn(100, "damage")).as_json() | damage
    with pytest.raises(InputError, match="fit it to the controls again"):
        Calibration.from_json(values)


def test_the_estimate_is_the_mean_of_the_probabilities() -> None:
    its = fitted(drawn(100, "mean"))
    estimate = LabelEstimate(its)
    chances = [estimate.add(row) for row in (features(9), features(6), features(10, 0))]
    found = estimate.result()
    assert found is not None
    assert found.share == pytest.approx(sum(chances) / 3, abs=1e-4)
    assert 0 <= found.low < found.share < found.high <= 1
    assert (found.rows, found.controls) == (3, 100)


def test_the_interval_is_that_of_wilson_and_half_a_control_wider() -> None:
    """Of rows that are all right with 3 in 4; the variance of the intercept is 0.01."""
    its = Calibration((), (), (), (math.log(3),), ((0.01,),), controls=100, right=75)
    estimate = LabelEstimate(its)
    for _ in range(50):
        estimate.add(features())
    found = estimate.result()
    assert found is not None
    spread = 1.959964**2 * (0.1875**2 * 0.01 + 0.1875 / 50) / 0.1875
    half = math.sqrt(spread * 0.1875 + spread**2 / 4)
    low, high = ((0.75 + spread / 2 + side) / (1 + spread) for side in (-half, half))
    assert (found.share, found.low, found.high) == pytest.approx((0.75, low - 0.005, high + 0.005), abs=1e-4)


def test_the_interval_of_sure_labels_ends_at_one() -> None:
    estimate = LabelEstimate(Calibration((), (), (), (40.0,), ((0.01,),), controls=100, right=100))
    estimate.add(features())
    found = estimate.result()
    assert found is not None
    assert (found.share, found.low, found.high) == (1.0, pytest.approx(0.995, abs=1e-3), 1.0)


def test_the_estimate_is_moved_by_what_the_kept_controls_show() -> None:
    """The model is fitted to all controls: of those that are kept it may say too much, and the rows are kept alike."""
    lost = [Control(features(4, 2), right=True)] * 9 + [Control(features(4, 2), right=False)]
    kept = [Control(features(9), right=True)] * 10 + [Control(features(9), right=False)] * 5
    its = fitted([*lost * 2, *kept])
    plain, moved = LabelEstimate(its), LabelEstimate(its, kept)
    for estimate in (plain, moved):
        for _ in range(50):
            estimate.add(features(9))
    before, after = plain.result(), moved.result()
    assert before is not None
    assert after is not None
    assert before.share > 2 / 3 + 0.02
    # 15 of them weigh 15 parts of 25.
    assert after.share == pytest.approx(before.share + 15 / 25 * (2 / 3 - before.share), abs=1e-3)
    assert after.low < 2 / 3 < after.high


@pytest.mark.parametrize("right", [False, True], ids=["wrong", "right"])
def test_one_or_two_kept_controls_do_not_decide_the_share(right: bool) -> None:  # noqa: FBT001 - parametrised
    """The other controls were all below the threshold: of the rows, which are above it, the model knows more than one control."""
    lost = [Control(features(4, 2), right=number % 2 == 0) for number in range(40)]
    for count in (1, 2):
        kept = [Control(features(9), right=right)] * count
        its = fitted([*lost, *kept])
        plain, moved = LabelEstimate(its), LabelEstimate(its, kept)
        for estimate in (plain, moved):
            for _ in range(500):
                estimate.add(features(9))
        before, after = plain.result(), moved.result()
        assert before is not None
        assert after is not None
        assert 0 < abs(after.share - before.share) < count / 10
        assert after.share > before.share / 2


def test_many_kept_controls_set_the_level_whatever_the_model_says() -> None:
    kept = [Control(features(9), right=number % 3 > 0) for number in range(900)]
    estimate = LabelEstimate(Calibration((), (), (), (3.0,), ((0.01,),), controls=900, right=600), kept)
    estimate.add(features(9))
    found = estimate.result()
    assert found is not None
    assert found.share == pytest.approx(2 / 3, abs=0.01)


def test_kept_controls_that_are_all_right_leave_an_interval_of_use() -> None:
    lost = [Control(features(3, 2), right=number % 2 == 0) for number in range(20)]
    kept = [Control(features(10, 0), right=True)] * 40
    estimate = LabelEstimate(fitted([*lost, *kept]), kept)
    for _ in range(200):
        estimate.add(features(10, 0))
    found = estimate.result()
    assert found is not None
    assert (found.share, found.high) == (pytest.approx(1.0, abs=0.002), 1.0)
    assert 0.7 < found.low < 0.99


def test_nothing_is_estimated_of_no_rows() -> None:
    assert LabelEstimate(fitted(drawn(100, "none"))).result() is None


def test_the_order_of_the_rows_changes_no_digit_of_the_estimate() -> None:
    its = fitted(drawn(100, "rows"))
    rows = [control.features for control in drawn(300, "other rows")]
    found = []
    for order in (rows, rows[::-1], random.Random("rows").sample(rows, len(rows))):
        estimate = LabelEstimate(its)
        for row in order:
            estimate.add(row)
        found.append(estimate.result())
    assert found[0] == found[1] == found[2]


def test_more_rows_and_more_controls_narrow_the_interval() -> None:
    def width(controls: int, rows: int) -> float:
        estimate = LabelEstimate(fitted(drawn(controls, "width")))
        for control in drawn(rows, "width of rows"):
            estimate.add(control.features)
        found = estimate.result()
        assert found is not None
        return found.high - found.low

    assert width(400, 400) < width(50, 400) < width(50, 20)


def test_the_interval_covers_the_truth_at_its_rate() -> None:
    """Of 100 simulated sets, with controls from the same source, at least 91 and not all lie within; 95 are meant."""
    covered = 0
    for number in range(100):
        rows = drawn(80, f"set {number}")
        controls = drawn(80, f"controls {number}")
        estimate = LabelEstimate(fitted(controls), controls)
        for row in rows:
            estimate.add(row.features)
        found = estimate.result()
        assert found is not None
        covered += found.low <= np.mean([row.right for row in rows]) <= found.high
    assert 91 <= covered < 100


def test_easier_controls_do_not_set_the_level_of_harder_rows() -> None:
    """The rows' own shares count: the estimate is nearer to their truth than the controls' own share of right labels."""
    easy = [control for control in drawn(900, "easy") if control.features.share >= 0.5][:500]
    hard = [control for control in drawn(2_000, "hard") if control.features.share <= 0.7]
    truth = np.mean([control.right for control in hard])
    estimate = LabelEstimate(fitted(easy))
    for control in hard:
        estimate.add(control.features)
    found = estimate.result()
    assert found is not None
    assert abs(found.share - truth) < abs(np.mean([control.right for control in easy]) - truth) / 3
