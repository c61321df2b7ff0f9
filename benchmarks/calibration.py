"""How true a label is: p_correct fitted on a tenth of the questions as controls, against the truth on the rest.

    python benchmarks/calibration.py ../shared/data [--splits 200]

Of each problem ten outputs of models of similar accuracy, in an order drawn anew for every tenth split, stand for the samples of one solver
("votes alone"), or of solvers known by name, whose weights come from the controls too ("solvers"). "judge" adds the answer of one further
model as the judge's own. "Kept" is a share of one half or more.
"""

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from answers_data import table
from calibration_bounds import show_bounds
from calibration_data import SETS, Voted, errors_left, problems, voted, weights_of
from calibration_solvers import compare_solvers

from kpmath_builder.calibration import Calibration, Control, LabelEstimate, VoteFeatures

SPLITS_A_DRAW = 10
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
WAYS = {"votes alone": (False, False), "solvers": (True, False), "solvers, judge": (True, True)}
Floats = npt.NDArray[np.float64]


@dataclass
class Tally:
    """What one way of calibrating came to over all splits."""

    fits: int = 0
    chances: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    truth: list[bool] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    """Expected calibration error of each split."""
    covered: int = 0
    widths: list[float] = field(default_factory=list)
    left: dict[float, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))
    """Errors among the kept, per share: by the share, and at equal yield by `p_correct`."""


def split(votes: Sequence[Voted], seed: str, part: float) -> tuple[list[Voted], list[Voted]]:
    """Return a part of the votes as controls, and the rest."""
    order = list(votes)
    random.Random(seed).shuffle(order)
    cut = round(part * len(order))
    return order[:cut], order[cut:]


def measure(
    its: Tally, controls: Sequence[Voted], rest: Sequence[Voted], *, named: bool, judged: bool
) -> None:
    """Fit, and compare with the truth."""
    weights = weights_of(controls) if named else None
    fitted = Calibration.fit([c.control(weights, judged=judged) for c in controls])
    if fitted is None:
        return
    features = [v.features(weights, judged=judged) for v in rest]
    chances = np.array([fitted.p_correct(f) for f in features])
    truth, shares = np.array([v.right for v in rest]), np.array([v.vote.share for v in rest])
    its.fits += 1
    its.chances += chances.tolist()
    its.shares += shares.tolist()
    its.truth += truth.tolist()
    its.errors.append(calibration_error(chances, truth))
    for share in SHARES:
        count = int((shares >= share - 1e-9).sum())
        its.left[share][0] += errors_left(shares, truth, count)
        its.left[share][1] += errors_left(chances, truth, count)
    kept = [v.vote.winner is not None for v in rest]
    won = [c.control(weights, judged=judged) for c in controls if c.vote.winner is not None]
    low, high = interval(fitted, won, [f for f, k in zip(features, kept, strict=True) if k])
    its.covered += low <= truth[kept].mean() <= high
    its.widths.append(high - low)


def interval(
    fitted: Calibration, won: Sequence[Control], features: Sequence[VoteFeatures]
) -> tuple[float, float]:
    """Return the 95 % interval of the share of true labels."""
    estimate = LabelEstimate(fitted, won)
    for its in features:
        estimate.add(its)
    found = estimate.result()
    assert found is not None, "something was kept"
    return found.low, found.high


def calibration_error(chances: Floats, truth: npt.NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    bins = np.minimum((chances * 10).astype(int), 9)
    return float(
        sum(abs(chances[bins == b].sum() - truth[bins == b].sum()) for b in range(10)) / len(chances)
    )


def within(votes: Sequence[Sequence[Voted]], splits: int, part: float) -> dict[str, Tally]:
    """Fit on a part of the votes of one set, and measure on the rest."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for number in range(splits):
        controls, rest = split(votes[number // SPLITS_A_DRAW % len(votes)], f"split {number}", part)
        for name, (named, judged) in WAYS.items():
            measure(tallies[name], controls, rest, named=named, judged=judged)
    return tallies


def show(tallies: dict[str, Tally], splits: int) -> None:
    """Print the tables of one set."""
    brier: Callable[[Sequence[float], Sequence[bool]], float] = lambda chances, truth: float(  # noqa: E731 - used twice below
        np.mean((np.array(chances) - np.array(truth)) ** 2)
    )
    table(
        (
            "way",
            "fits",
            "Brier",
            "Brier of the share",
            "ECE",
            "ECE of one split",
            "interval covers",
            "width",
            *(f"errors, share ≥ {s}" for s in SHARES),
        ),
        [
            (
                name,
                f"{its.fits} of {splits}",
                f"{brier(its.chances, its.truth):.3f}",
                f"{brier(its.shares, its.truth):.3f}",
                f"{calibration_error(np.array(its.chances), np.array(its.truth)):.3f}",
                f"{np.mean(its.errors):.3f}",
                f"{its.covered / its.fits:.1%}",
                f"{np.mean(its.widths):.3f}",
                *(
                    f"{its.left[s][1] / its.left[s][0]:.2f} of {its.left[s][0] / its.fits:.1f}"
                    for s in SHARES
                ),
            )
            for name, its in tallies.items()
        ],
    )
    reliability = []
    for name, its in tallies.items():
        chances, truth = np.array(its.chances), np.array(its.truth)
        bins = np.minimum((chances * 10).astype(int), 9)
        reliability.append(
            (
                name,
                *(
                    f"{truth[bins == b].mean():.0%} ({(bins == b).sum() / its.fits:.0f})"
                    if (bins == b).any()
                    else "–"
                    for b in range(10)
                ),
            )
        )
    table(
        ("right (rows a split) if p_correct is", *(f"{b / 10:.1f} to {b / 10 + 0.1:.1f}" for b in range(10))),
        reliability,
    )


def shift(easy: Sequence[Sequence[Voted]], hard: Sequence[Sequence[Voted]]) -> None:
    """Print what controls of GSM8K alone say about the kept labels of MATH level 5."""
    found, covered = [], 0
    for controls, rest in zip(easy, hard, strict=True):
        kept = [v for v in rest if v.vote.winner is not None]
        fitted = Calibration.fit([c.control() for c in controls])
        assert fitted is not None, "GSM8K has controls enough"
        features = [v.features() for v in kept]
        chances = np.array([fitted.p_correct(f) for f in features])
        truth = np.array([v.right for v in kept])
        won = [c.control() for c in controls if c.vote.winner is not None]
        low, high = interval(fitted, won, features)
        covered += low <= truth.mean() <= high
        unweighted = np.mean([c.right for c in controls if c.vote.winner is not None])
        found.append(
            (
                truth.mean(),
                unweighted,
                reweighted(controls, kept),
                chances.mean(),
                low,
                high,
                calibration_error(chances, truth),
            )
        )
    *shares, error = np.mean(found, axis=0)
    table(
        (
            "right",
            "of the controls, as they are",
            "re-weighted by share",
            "p_correct",
            "low",
            "high",
            "ECE",
            "interval covers",
        ),
        [(*(f"{share:.1%}" for share in shares), f"{error:.3f}", f"{covered} of {len(found)}")],
    )


def reweighted(controls: Sequence[Voted], rows: Sequence[Voted]) -> float:
    """Return the share of right controls, each weighing as many rows as there are with its share of the vote."""
    right: dict[float, list[bool]] = defaultdict(list)
    for its in controls:
        right[its.vote.share].append(its.right)
    return float(np.mean([np.mean(right[its.vote.share]) for its in rows if its.vote.share in right]))


def main(data: Path, splits: int) -> None:
    """Print all tables."""
    votes: dict[str, list[list[Voted]]] = {}
    for name in SETS:
        read = problems(data, name)
        votes[name] = [
            [v for n, its in enumerate(read) if (v := voted(its, f"{draw} {n}"))]
            for draw in range(-(-splits // SPLITS_A_DRAW))
        ]
        for part, count in ((0.1, splits), (0.5, splits // 5)):
            print(f"{part:.0%} of the questions are controls")
            show(within(votes[name], count, part), count)
        show_bounds(votes[name], name, SHARES)
        compare_solvers(read, name, splits // 10)
    print("Both sets together, as in a build from the seeds of both")
    together = [[*easy, *hard] for easy, hard in zip(*votes.values(), strict=True)]
    show(within(together, splits, 0.1), splits)
    print("Controls of GSM8K alone")
    shift(*votes.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--splits", type=int, default=200)
    given = parser.parse_args()
    sys.exit(main(given.data, given.splits))
