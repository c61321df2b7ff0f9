"""How many labels of a whole set are true, with an interval: sums over its rows, so that the rows themselves need not be kept."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from kpmath_builder.calibration.features import VoteFeatures
from kpmath_builder.calibration.model import Calibration

__all__ = ["LabelEstimate", "TrueLabels"]

_UNIT = 10**9
"""Sums are of whole numbers of this fineness, so that they do not depend on the order of the rows."""
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


class LabelEstimate:
    """The share of true labels among the rows that are added.

    The mean of `p_correct` follows the rows' own shares, types and lengths, so that controls that are easier or harder than the rows
    do not set its level. The interval holds the uncertainty of the fit (delta method) and the luck of the rows.

    Parameters
    ----------
    calibration
        What the controls taught.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._rows = self._chance = self._luck = 0
        self._slope = [0] * len(calibration.coefficients)

    def add(self, features: VoteFeatures) -> float:
        """Count one row, and return its `p_correct`."""
        row = self._calibration.row(features)
        chance = self._calibration.chance(row)
        luck = chance * (1 - chance)
        self._rows += 1
        self._chance += round(chance * _UNIT)
        self._luck += round(luck * _UNIT)
        self._slope = [
            total + round(luck * value * _UNIT) for total, value in zip(self._slope, row, strict=True)
        ]
        return chance

    def result(self) -> TrueLabels | None:
        """Return the estimate, or None if no row was added."""
        if not self._rows:
            return None
        share = self._chance / _UNIT / self._rows
        slope = np.array(self._slope) / _UNIT / self._rows
        fit = float(slope @ np.array(self._calibration.covariance) @ slope)
        spread = math.sqrt(fit + self._luck / _UNIT / self._rows**2)
        low, high = _around(share, spread)
        step = (
            0.5 / self._calibration.controls
        )  # a share of n controls moves in steps of 1/n (continuity correction)
        low, high = max(low - step, 0.0), min(high + step, 1.0)
        return TrueLabels(
            round(share, 4), round(low, 4), round(high, 4), self._rows, self._calibration.controls
        )


def _around(share: float, spread: float) -> tuple[float, float]:
    """Return the interval of a share, symmetric in its log odds, so that it stays within 0 … 1."""
    middle = min(max(share, 1e-9), 1 - 1e-9)
    odds, width = math.log(middle / (1 - middle)), _Z * spread / (middle * (1 - middle))
    return 1 / (1 + math.exp(-(odds - width))), 1 / (1 + math.exp(-(odds + width)))
