"""How long a request waits, when it is given up, and how long a silence is borne."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.client import retries
from kpmath_builder.client.faults import CallError, GivenUpError, Weight
from kpmath_builder.client.retries import Patience, RetryBudget, call_timeout


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("tokens", "patience", "pace", "seconds"),
    [
        (64, 1.0, 0.0, 30.0),  # never less than half a minute
        (0, 900.0, 0.0, 900.0),  # the recipe's patience
        (8192, 900.0, 0.0, 1800.0),  # long replies take longer
        (2048, 900.0, 1.0, 4096.0),  # twice what the slowest pace seen would take
    ],
)
def test_a_call_may_take_as_long_as_its_longest_reply_at_the_slowest_pace_seen(
    tokens: int, patience: float, pace: float, seconds: float
) -> None:
    assert call_timeout(tokens, patience, pace) == seconds


@pytest.mark.parametrize(
    ("weight", "tries"),
    [
        (Weight.RATE_LIMITED, 384),
        (Weight.TURNED_AWAY, 96),
        (Weight.ERROR, 16),
        (Weight.MALFORMED, 8),
        (Weight.LASTING, 4),
        (Weight.EMPTY, 3),
        (Weight.NO_ANSWER, 2),
    ],
)
def test_a_request_is_given_up_after_so_many_faults_of_its_own(weight: Weight, tries: int) -> None:
    budget = RetryBudget()
    longest = retries.LONGEST_PAUSE if weight is Weight.RATE_LIMITED else retries.LONGEST_OWN_PAUSE
    for _ in range(tries - 1):
        assert 0.0 <= budget.own(CallError("broken", weight=weight)) <= longest
    with pytest.raises(
        GivenUpError, match=rf"failed {tries} times while the server answered others \(broken\)"
    ):
        budget.own(CallError("broken", weight=weight))


def test_faults_of_the_server_never_give_a_request_up() -> None:
    budget = RetryBudget()
    for _ in range(1000):
        budget.pause(CallError("away"))
    assert budget.strikes == 0


def test_a_request_beside_which_the_server_ends_again_and_again_is_suspected_then_given_up() -> None:
    budget = RetryBudget()
    suspected = []
    for _ in range(3):
        budget.broke_off(CallError("reset"))
        suspected.append(budget.suspected)
    assert suspected == [False, True, True]
    with pytest.raises(GivenUpError, match="the server ended 4 times while it worked on this request"):
        budget.broke_off(CallError("reset"))


def test_pauses_grow_twofold_and_are_spread_over_their_whole_length() -> None:
    def pause(faults: int) -> float:
        budget = RetryBudget()
        return [budget.pause(CallError("x")) for _ in range(faults)][-1]

    for faults, longest in ((1, 0.5), (3, 2.0), (6, 16.0), (9, 30.0)):
        pauses = [pause(faults) for _ in range(200)]
        assert 0.0 <= min(pauses) < 0.1 * longest
        assert 0.9 * longest < max(pauses) <= longest


@pytest.mark.parametrize(
    ("wish", "least"), [(0.0, 0.0), (5.0, 5.0), (60.0, 60.0), (1e9, 60.0), (float("inf"), 60.0)]
)
def test_a_server_s_wish_is_followed_for_a_minute_at_most_and_not_by_all_at_the_same_instant(
    wish: float, least: float
) -> None:
    pauses = [RetryBudget().pause(CallError("429", retry_after=wish)) for _ in range(50)]
    assert all(least <= pause <= least + 0.5 for pause in pauses)
    assert len(set(pauses)) > 40


def test_patience_counts_from_the_first_fault_after_an_answer() -> None:
    clock = Clock()
    patience = Patience(50.0, clock)
    clock.now += 1000.0
    patience.failed()
    assert patience.left == 50.0
    clock.now += 20.0
    patience.failed()
    assert patience.left == 30.0
    patience.answered()
    clock.now += 500.0
    patience.failed()
    assert patience.left == 50.0


def test_a_long_gap_between_two_faults_was_a_server_at_work() -> None:
    clock = Clock()
    patience = Patience(900.0, clock)
    patience.failed()
    clock.now += 10_000.0
    patience.failed()
    assert patience.silent == retries.LONGEST_CONNECT + retries.LONGEST_PAUSE


@given(st.lists(st.floats(0.0, 60.0), min_size=1, max_size=50))
def test_faults_of_many_requests_add_up_to_the_time_that_went_by_and_no_more(gaps: list[float]) -> None:
    clock = Clock()
    patience = Patience(900.0, clock)
    patience.failed()
    for gap in gaps:
        clock.now += gap
        patience.failed()
    assert patience.silent == pytest.approx(sum(gaps))
