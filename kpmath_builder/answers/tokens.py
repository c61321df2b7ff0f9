"""The signs that an answer is made of: numbers, symbols, functions, brackets, relations, separators, units and words."""

from dataclasses import dataclass
from typing import Literal

from kpmath_builder.answers.vocabulary import names

__all__ = ["FUNCTIONS", "GREEK", "Kind", "Token", "UnboundedError", "UnknownCommandError", "UnreadableError"]

Kind = Literal[
    "number",
    "symbol",
    "function",
    "operator",
    "open",
    "close",
    "relation",
    "separator",
    "postfix",
    "text",
    "matrix",
]
FUNCTIONS = names(
    "sin cos tan cot sec csc arcsin arccos arctan asin acos atan sinh cosh tanh ln log lg exp sqrt cbrt abs "
    "floor ceil frac binom gcd lcm max min"
)
GREEK = names(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma "
    "tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell"
)


class UnreadableError(ValueError):
    """What stands there is not read as mathematics here; `str` says why."""


class UnknownCommandError(UnreadableError):
    """It is mathematics of a kind that is not read here (sums, integrals, limits), though the checker may."""


class UnboundedError(UnreadableError):
    """It is mathematics, but too large to be worked out by anyone."""


@dataclass(frozen=True, slots=True)
class Token:
    """One sign with what it means; `start` and `end` are its place in the text."""

    kind: Kind
    value: str
    start: int = 0
    end: int = 0
    cells: tuple[tuple[str, ...], ...] = ()
    """Rows of a matrix, or one row of the lines of a system."""
