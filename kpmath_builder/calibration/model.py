"""How probably a consensus label is true: a small logistic model, fitted to controls, which are questions whose answer is known.

It starts from a prior, that the odds of truth grow as the odds of the vote share, and departs from it as far as the controls ask.
So thirty controls set little more than the level, and thousands set everything.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kpmath_builder.calibration.columns import COLUMNS, Term
from kpmath_builder.calibration.features import VoteFeatures
from kpmath_builder.errors import InputError

__all__ = ["LEAST_CONTROLS", "Calibration", "Control", "why_not"]

LEAST_CONTROLS = 30
"""With fewer, an interval of the level alone would be 20 points wide and more."""
_FURTHEST = 3.0
"""Standard deviations from the centre of the controls beyond which a value counts as that far: nothing is known of what lies outside."""
_FLAT = 1e-9
_LARGEST = 40.0
"""Log odds beyond which an exponential says no more."""
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Control:
    """A vote on a question whose answer is known."""

    features: VoteFeatures
    right: bool
    """Whether the leading answer is the known one."""


def why_not(controls: Sequence[Control]) -> str:
    """Return the sentence that says why these controls calibrate nothing; empty if they do."""
    right = sum(control.right for control in controls)
    if len(controls) < LEAST_CONTROLS:
        return f"{len(controls)} controls have a vote; at least {LEAST_CONTROLS} are needed to say how probably a label is true."
    if right in {0, len(controls)}:
        return (
            f"All {len(controls)} controls are {'right' if right else 'wrong'}, so they do not show what tells a wrong label "
            f"from a right one; add more or harder ones."
        )
    return ""


@dataclass(frozen=True)
class Calibration:
    """The probability that a label is true, given what is known of its vote.

    Attributes
    ----------
    columns
        Names of the columns in use; one that is equal in all controls is left out.
    centres, scales
        Mean and standard deviation of each column over the controls.
    coefficients
        The intercept, then one per column at unit scale.
    covariance
        Of the coefficients: the inverse of the curvature of the posterior (Laplace).
    controls, right
        What it was fitted to.
    """

    columns: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    controls: int
    right: int

    @classmethod
    def fit(cls, controls: Sequence[Control]) -> Self | None:
        """Fit the model; the order of the controls does not matter. None if `why_not` gives a reason."""
        if why_not(controls):
            return None
        table = np.array(
            [[_number(column, its.features) for column in COLUMNS] + [float(its.right)] for its in controls]
        )
        table = table[np.lexsort(table.T)]
        values, right = table[:, :-1], table[:, -1]
        known = ~np.isnan(values)
        counts = np.maximum(known.sum(axis=0), 1)
        centres = np.where(known, values, 0.0).sum(axis=0) / counts
        scales = np.sqrt((np.where(known, values - centres, 0.0) ** 2).sum(axis=0) / counts)
        used = [number for number, scale in enumerate(scales) if scale > _FLAT]
        rows = np.array(
            [[1.0, *(_scaled(row[n], centres[n], scales[n]) for n in used)] for row in values.tolist()]
        )
        mean = np.array([0.0, *(COLUMNS[number].slope * scales[number] for number in used)])
        precision = np.array([_FLAT, *(COLUMNS[number].spread ** -2 for number in used)])
        coefficients, covariance = _posterior(rows, right, mean, precision)
        return cls(
            columns=tuple(COLUMNS[number].name for number in used),
            centres=_plain(centres[used]),
            scales=_plain(scales[used]),
            coefficients=_plain(coefficients),
            covariance=tuple(_plain(row) for row in covariance),
            controls=len(controls),
            right=int(right.sum()),
        )

    def p_correct(self, features: VoteFeatures) -> float:
        """Return the probability that the leading answer is true, to six decimals."""
        return self.chance(self.row(features))

    def row(self, features: VoteFeatures) -> tuple[float, ...]:
        """Return 1 and the columns at unit scale; what is not known, or lies far outside the controls, says no more than they do."""
        return (
            1.0,
            *(
                _scaled(_number(column, features), centre, scale)
                for column, centre, scale in zip(self._columns, self.centres, self.scales, strict=True)
            ),
        )

    def chance(self, row: tuple[float, ...]) -> float:
        """Return `p_correct` of a row."""
        odds = math.fsum(map(mul, self.coefficients, row))
        return round(1 / (1 + math.exp(-max(odds, -_LARGEST))), 6)

    @cached_property
    def _columns(self) -> tuple[Term, ...]:
        known = {column.name: column for column in COLUMNS}
        return tuple(known[name] for name in self.columns)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "columns": list(self.columns),
            "centres": list(self.centres),
            "scales": list(self.scales),
            "coefficients": list(self.coefficients),
            "covariance": [list(row) for row in self.covariance],
            "controls": self.controls,
            "right": self.right,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the calibration that `as_json` wrote.

        Raises
        ------
        InputError
            If it is not one, or one with columns that this version does not know.
        """
        try:
            return cls._checked(values)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"This is not a calibration of this version ({error}); fit it to the controls again."
            ) from error

    @classmethod
    def _checked(cls, values: dict[str, Any]) -> Self:
        found = cls(
            columns=tuple(map(str, values["columns"])),
            centres=tuple(map(float, values["centres"])),
            scales=tuple(map(float, values["scales"])),
            coefficients=tuple(map(float, values["coefficients"])),
            covariance=tuple(tuple(map(float, row)) for row in values["covariance"]),
            controls=int(values["controls"]),
            right=int(values["right"]),
        )
        size = len(found.columns)
        unknown = set(found.columns) - {column.name for column in COLUMNS}
        shapes = {
            len(found.centres),
            len(found.scales),
            len(found.coefficients) - 1,
            len(found.covariance) - 1,
        }
        if unknown or (shapes | {len(row) - 1 for row in found.covariance}) != {size}:
            raise ValueError(f"unknown columns {sorted(unknown)}" if unknown else "lengths differ")
        if (
            not all(map(math.isfinite, (*found.centres, *found.scales, *found.coefficients)))
            or min(found.scales, default=1) <= 0
        ):
            raise ValueError("a number is out of range")
        return found


def _number(column: Term, features: VoteFeatures) -> float:
    value = column.value(features)
    return math.nan if value is None else value


def _scaled(value: float, centre: float, scale: float) -> float:
    """Return a value in deviations from the centre; an unknown one lies there."""
    return 0.0 if math.isnan(value) else min(max((value - centre) / scale, -_FURTHEST), _FURTHEST)


def _posterior(rows: _Floats, right: _Floats, mean: _Floats, precision: _Floats) -> tuple[_Floats, _Floats]:
    """Return the most probable coefficients and their covariance: Newton's method, with half the step where a whole one leads uphill."""
    at = mean.copy()
    loss = _loss(rows, right, mean, precision, at)
    for _ in range(100):
        chance = _logistic(rows @ at)
        slope = rows.T @ (right - chance) - precision * (at - mean)
        step = np.linalg.solve(_curvature(rows, chance, precision), slope)
        if np.abs(step).max() < 1e-10:
            break
        while (after := _loss(rows, right, mean, precision, at + step)) > loss and np.abs(step).max() > 1e-12:
            step = step / 2
        at, loss = at + step, after
    return at, np.asarray(np.linalg.inv(_curvature(rows, _logistic(rows @ at), precision)), dtype=np.float64)


def _curvature(rows: _Floats, chance: _Floats, precision: _Floats) -> _Floats:
    return (rows.T * (chance * (1 - chance))) @ rows + np.diag(precision)


def _loss(rows: _Floats, right: _Floats, mean: _Floats, precision: _Floats, at: _Floats) -> float:
    logits = rows @ at
    return float(np.logaddexp(0, logits).sum() - right @ logits + (precision * (at - mean) ** 2).sum() / 2)


def _logistic(logits: _Floats) -> _Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_LARGEST, _LARGEST))))


def _plain(values: _Floats) -> tuple[float, ...]:
    """Return numbers of eight digits: what another processor computes differently lies behind them."""
    return tuple(float(f"{value:.8g}") for value in values)
