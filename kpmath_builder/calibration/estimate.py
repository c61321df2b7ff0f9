"""How many labels of a whole set are true, with an interval: sums over its rows, so that the rows themselves need not be kept."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from kpmath_builder.calibration.features import VoteFeatures
from kpmath_builder.calibration.model import Calibration, Control

__all__ = ["LabelEstimate", "TrueLabels"]

_UNIT = 10**9
"""Sums are of whole numbers of this fineness, so that they do not depend on the order of the rows."""
_FLAT = 1e-9
_BELIEF = 10
"""Kept controls that weigh as much as the model: so few tell how far it is off no better than it does, and one or two would decide the share."""
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class TrueLabels:
    """The estimated share of true labels.

    Attributes
    ----------
    share, low, high
        0 to 1, and its 95 % interval.
    rows, controls
        What it is the share of, and what it was learnt from.
    """

    share: float
    low: float
    high: float
    rows: int
    controls: int


class _Sums:
    """What is known of some votes together: how many, their `p_correct`, its variance, and how the coefficients move it."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self.count = self._chance = self._luck = 0
        self._slope = [0] * len(calibration.coefficients)

    def add(self, features: VoteFeatures) -> float:
        """Count one vote, and return its `p_correct`."""
        row = self._calibration.row(features)
        chance = self._calibration.chance(row)
        luck = chance * (1 - chance)
        self.count += 1
        self._chance += round(chance * _UNIT)
        self._luck += round(luck * _UNIT)
        self._slope = [
            total + round(luck * value * _UNIT) for total, value in zip(self._slope, row, strict=True)
        ]
        return chance

    @property
    def mean(self) -> float:
        """Mean of `p_correct`; 0 of nothing, as the others."""
        return self._chance / _UNIT / max(self.count, 1)

    @property
    def luck(self) -> float:
        """Variance of the share of true labels, if `p_correct` is right."""
        return self._luck / _UNIT / max(self.count, 1) ** 2

    @property
    def slope(self) -> npt.NDArray[np.float64]:
        """Derivative of the mean by the coefficients."""
        return np.array(self._slope) / _UNIT / max(self.count, 1)


class LabelEstimate:
    """The share of true labels among the rows that are added.

    The mean of `p_correct` follows the rows' own shares, types and lengths, so that controls that are easier or harder than the rows
    do not set its level. How far it is off for the controls that would have been kept as the rows were is added to it: the model is
    fitted to all controls, and its errors below and above the threshold of the vote cancel only together. Few kept controls say little of that,
    so n of them correct by the part n / (n + 10). The interval holds the uncertainty of the fit (delta method), and the luck of the rows and
    of those controls.

    Source: the difference estimator of survey sampling (Särndal et al. 1992), "prediction-powered inference" (Angelopoulos et al. 2023).

    Parameters
    ----------
    calibration
        What the controls taught.
    kept_controls
        The controls that the rule by which rows are kept would have kept.
    """

    def __init__(self, calibration: Calibration, kept_controls: Sequence[Control] = ()) -> None:
        self._calibration = calibration
        self._rows, self._kept_controls = _Sums(calibration), _Sums(calibration)
        for control in kept_controls:
            self._kept_controls.add(control.features)
        self._right = sum(control.right for control in kept_controls)

    def add(self, features: VoteFeatures) -> float:
        """Count one row, and return its `p_correct`."""
        return self._rows.add(features)

    def result(self) -> TrueLabels | None:
        """Return the estimate, or None if no row was added."""
        rows, known = self._rows, self._kept_controls
        if not rows.count:
            return None
        weight = known.count / (known.count + _BELIEF)
        missed = weight * (self._right / max(known.count, 1) - known.mean)
        share = min(max(rows.mean + missed, 0.0), 1.0)
        slope = rows.slope - weight * known.slope
        fit = float(slope @ np.array(self._calibration.covariance) @ slope)
        luck = rows.luck + weight**2 * known.luck
        low, high = _around(share, (fit + luck) / max(rows.mean * (1 - rows.mean), _FLAT))
        step = (
            0.5 / self._calibration.controls
        )  # a share of n controls moves in steps of 1/n (continuity correction)
        low, high = max(low - step, 0.0), min(high + step, 1.0)
        return TrueLabels(
            round(share, 4), round(low, 4), round(high, 4), rows.count, self._calibration.controls
        )


def _around(share: float, variance: float) -> tuple[float, float]:
    """Return the interval of a share (Wilson 1927), which stays within 0 … 1 also about a share of 1.

    `variance` is that of the share in units of the variance of one row: the inverse of as many independent rows as would be as sure.
    """
    spread = _Z**2 * variance
    middle, half = share + spread / 2, math.sqrt(spread * share * (1 - share) + spread**2 / 4)
    return (middle - half) / (1 + spread), (middle + half) / (1 + spread)
