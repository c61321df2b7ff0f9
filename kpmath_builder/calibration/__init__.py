"""How true a label is: learnt from questions whose answer is known, said of those whose answer is not. Knows no model and no file."""

from kpmath_builder.calibration.estimate import LabelEstimate, TrueLabels
from kpmath_builder.calibration.features import AnswerType, VoteFeatures
from kpmath_builder.calibration.model import LEAST_CONTROLS, Calibration, Control, why_not
from kpmath_builder.calibration.weights import SolverScore, solver_weights

__all__ = [
    "LEAST_CONTROLS",
    "AnswerType",
    "Calibration",
    "Control",
    "LabelEstimate",
    "SolverScore",
    "TrueLabels",
    "VoteFeatures",
    "solver_weights",
    "why_not",
]
