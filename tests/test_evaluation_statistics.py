"""The statistics of an evaluation against brute force and simulation."""

import math
from collections import Counter
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.evaluation.estimators import majority_at_k, pass_at_k
from kpmath_builder.evaluation.intervals import bootstrap, wilson
from kpmath_builder.evaluation.paired import difference, mcnemar


@pytest.mark.parametrize("samples", range(1, 8))
def test_pass_at_k_is_the_share_of_all_subsets_with_a_right_sample(samples: int) -> None:
    for right, k in product(range(samples + 1), range(1, samples + 1)):
        subsets = list(combinations(range(samples), k))
        enumerated = sum(any(i < right for i in subset) for subset in subsets) / len(subsets)
        assert pass_at_k(samples, right, k) == pytest.approx(enumerated, abs=1e-12)


def test_pass_at_k_is_unbiased() -> None:
    """Averaged over all outcomes of n samples it is the true chance that one of k fresh ones is right."""
    samples, p = 6, 0.3
    for k in range(1, samples + 1):
        mean = math.fsum(
            math.comb(samples, c) * p**c * (1 - p) ** (samples - c) * pass_at_k(samples, c, k)
            for c in range(samples + 1)
        )
        assert mean == pytest.approx(1 - (1 - p) ** k, abs=1e-12)


def enumerated_majority(votes: list[int | None], right: tuple[bool, ...], k: int) -> float:
    subsets = list(combinations(votes, k))
    won = 0.0
    for subset in subsets:
        counts = Counter(vote for vote in subset if vote is not None)
        leaders = [number for number, count in counts.items() if count == max(counts.values())]
        won += sum(right[number] for number in leaders) / len(leaders) if leaders else 0
    return won / len(subsets)


@given(
    st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=4).filter(
        lambda found: sum(size for size, _ in found) <= 8
    ),
    st.integers(0, 3),
    st.data(),
)
def test_maj_at_k_is_the_mean_over_all_subsets(
    classes: list[tuple[int, bool]], abstentions: int, data: st.DataObject
) -> None:
    sizes, right = tuple(size for size, _ in classes), tuple(ok for _, ok in classes)
    votes = [number for number, size in enumerate(sizes) for _ in range(size)] + [None] * abstentions
    if not votes:
        return
    k = data.draw(st.integers(1, len(votes)))
    assert majority_at_k(sizes, right, abstentions, k) == pytest.approx(
        enumerated_majority(votes, right, k), abs=1e-12
    )


@pytest.mark.parametrize(("samples", "right", "k"), [(4, 5, 1), (4, -1, 1), (4, 1, 0), (4, 1, 5)])
def test_numbers_that_no_samples_have_are_refused(samples: int, right: int, k: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        pass_at_k(samples, right, k)


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    """Newcombe 1998, table I: 81 of 263, 15 of 148 and 0 of 20."""
    for right, count, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
    ):
        assert wilson(right, count) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("count", [30, 200])
@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_wilsons_interval_covers_the_truth_as_often_as_it_says(count: int, p: float) -> None:
    """Over all outcomes: its mean coverage is near 95 % and never far below."""
    chances = [math.comb(count, right) * p**right * (1 - p) ** (count - right) for right in range(count + 1)]
    covered = math.fsum(
        chances[right]
        for right in range(count + 1)
        if wilson(right, count).low <= p <= wilson(right, count).high
    )
    assert 0.92 <= covered <= 0.99


def test_the_bootstrap_covers_the_truth_as_often_as_it_says() -> None:
    """Of 400 sets of 60 problems with 4 samples each, seeded, about 95 % of the intervals of pass@2 hold the true mean."""
    generator, problems, samples, k = np.random.default_rng(20261126), 60, 4, 2
    # the chance of a problem is uniform on 0 … 1, so that the true pass@2 is 1 - E (1 - p)^2 = 2/3
    covered = 0
    for number in range(400):
        right = generator.binomial(samples, generator.random(problems))
        low, high = bootstrap([pass_at_k(samples, int(c), k) for c in right], number, draws=400)
        covered += low <= 2 / 3 <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_an_interval_is_never_empty_because_all_problems_agree() -> None:
    assert bootstrap([1.0] * 40, 0) == (1 - wilson(0, 40).high, 1.0)
    assert bootstrap([0.0] * 40, 0) == (0.0, wilson(0, 40).high)
    low, high = bootstrap([0.5] * 40, 0)
    assert low < 0.5 < high
    for first, second in (([1.0] * 40, [1.0] * 40), ([1.0] * 40, [0.0] * 40), ([0.0] * 40, [1.0] * 40)):
        low, high = difference(first, second, 0)
        assert low < high
        assert low <= second[0] - first[0] <= high


def test_equal_values_and_seeds_give_equal_bounds() -> None:
    values = [number**0.5 % 1 for number in range(50)]
    assert bootstrap(values, 3) == bootstrap(values, 3)
    assert bootstrap(values, 3) != bootstrap(values, 4)


@pytest.mark.parametrize("changed", range(9))
def test_mcnemars_p_is_the_share_of_coin_throws_at_least_as_uneven(changed: int) -> None:
    for gained in range(changed + 1):
        uneven = abs(2 * gained - changed)
        throws = [sum(throw) for throw in product((0, 1), repeat=changed)]
        enumerated = sum(abs(2 * heads - changed) >= uneven for heads in throws) / len(throws)
        assert mcnemar(gained, changed - gained) == pytest.approx(enumerated, abs=1e-12)


def test_the_interval_of_a_difference_is_over_pairs() -> None:
    """Two models that are right on the same problems, but for a few, differ more surely than two that share nothing."""
    first = [1.0, 0.0] * 50
    paired = difference(first, [1.0, 0.0] * 45 + [1.0, 1.0] * 5, 0)
    shuffled = difference(first, [0.0, 1.0] * 45 + [1.0, 1.0] * 5, 0)
    assert paired.high - paired.low < (shuffled.high - shuffled.low) / 3
