"""When sampling stops: a vote is decided, for sure or with a given probability."""

import itertools
import random

import pytest
from scipy.special import betainc

from kpmath_builder.answers import EarlyStopping, Standing
from kpmath_builder.answers.early_stopping import _above

SURE = EarlyStopping(least=3, most=10, min_share=0.5, confidence=1.0, drop_confidence=1.0)
LIKELY = EarlyStopping(least=3, most=10, min_share=0.5, confidence=0.9, drop_confidence=0.85)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("others", [0, 1, 7])
@pytest.mark.parametrize("votes", [0, 2, 9])
def test_the_posterior_is_that_of_a_beta_distribution(votes: int, others: int, share: float) -> None:
    assert _above(share, votes, others) == pytest.approx(1 - betainc(votes + 1, others + 1, share))


@pytest.mark.parametrize(
    ("standing", "asked", "more"),
    [
        (Standing(0, 0, 0), 0, 3),  # the first round, whatever comes
        (Standing(3, 0, 3), 3, 0),  # 0.94 that it has more than half of all answers
        (Standing(2, 1, 3), 3, 3),  # 4 of 5 would be 0.89; 5 of 6 are 0.94
        (Standing(1, 1, 3), 3, 4),  # 5 of 7 are the first that win
        (Standing(1, 1, 5), 5, 0),
        (Standing(0, 0, 4), 4, 0),  # nobody could be read
        (Standing(5, 4, 9), 9, 1),
        (Standing(5, 5, 10), 10, 0),  # all are there
    ],
)
def test_sampling_stops_when_the_vote_is_likely_enough(standing: Standing, asked: int, more: int) -> None:
    assert LIKELY.further(standing, asked) == more


@pytest.mark.parametrize(
    ("standing", "asked", "stops"),
    [
        (Standing(5, 0, 5), 5, False),  # five others could still tie
        (Standing(6, 0, 6), 6, True),
        (Standing(6, 3, 9), 9, True),
        (Standing(5, 4, 9), 9, False),
        (Standing(2, 2, 8), 8, True),  # at most 4 of 10
        (Standing(3, 3, 8), 8, False),  # 5 of 10 is enough
    ],
)
def test_at_confidence_1_only_what_cannot_change_any_more_is_decided(
    standing: Standing, asked: int, *, stops: bool
) -> None:
    assert (SURE.further(standing, asked) == 0) == stops


@pytest.mark.parametrize("abstain", [0.0, 0.3])
def test_at_confidence_1_the_outcome_is_that_of_all_samples(abstain: float) -> None:
    chance = random.Random(f"sure {abstain}")
    for _ in range(2_000):
        accuracy = chance.random()
        votes = [
            None if chance.random() < abstain else 0 if chance.random() < accuracy else chance.randint(1, 3)
            for _ in range(10)
        ]
        assert winner(votes[: asked(votes, SURE)]) == winner(votes)


def test_no_sample_is_asked_for_that_an_earlier_one_could_have_spared() -> None:
    """After fewer than the next round's samples the vote cannot be decided, whichever way they go."""
    for leader, runner_up, unread in itertools.product(range(6), range(6), range(3)):
        its = Standing(leader, runner_up, leader + runner_up + unread)
        if runner_up > leader or not LIKELY.least <= its.counted < LIKELY.most:
            continue
        for fewer in range(1, LIKELY.further(its, its.counted)):
            for to_leader in (0, fewer):
                then = Standing(
                    max(leader + to_leader, runner_up + fewer - to_leader),
                    min(leader + to_leader, runner_up + fewer - to_leader),
                    its.counted + fewer,
                )
                assert LIKELY.further(then, then.counted) > 0


def test_the_rounds_never_ask_for_more_than_all() -> None:
    rule = EarlyStopping(least=7, most=4, min_share=0.5, confidence=0.9, drop_confidence=0.9)
    assert rule.further(Standing(0, 0, 0), 0) == 4
    assert rule.further(Standing(2, 2, 4), 4) == 0


def asked(votes: list[int | None], rule: EarlyStopping) -> int:
    count = 0
    while more := rule.further(standing(votes[:count]), count):
        count += more
    return count


def standing(votes: list[int | None]) -> Standing:
    sizes = sorted((votes.count(its) for its in set(votes) - {None}), reverse=True)
    return Standing(*[*sizes, 0, 0][:2], len(votes))


def winner(votes: list[int | None]) -> int | None:
    """Vote by the strict rule: two votes at least, no tie, half of all."""
    its = standing(votes)
    if its.leader < 2 or its.leader == its.runner_up or its.leader < 0.5 * len(votes):
        return None
    return max(set(votes) - {None}, key=votes.count)
