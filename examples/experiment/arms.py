"""Which rows an arm is trained on: as many as a budget of tokens takes, half as many for two of the arms."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rows import TrainingRow

from kpmath_builder.errors import InputError

__all__ = ["Pools", "arm", "within_budget"]

_SHORTFALL = 0.02
"""Share of the budget that may be missing."""
_OF_HALF = frozenset({"half", "single"})
"""Arms of half the budget; `single` may have less, for only some seeds can be asked backward."""


@dataclass(frozen=True)
class Pools:
    """All rows that arms may draw from; what is held out is not among them."""

    gsm8k: Sequence[TrainingRow]
    symbolic: Sequence[TrainingRow]


def arm(name: str, pools: Pools, budget: int, seed: int) -> list[TrainingRow]:
    """Return the rows of an arm.

    Raises
    ------
    InputError
        If a pool has too few.
    """
    real, symbolic = _shuffled(pools.gsm8k, seed), _shuffled(pools.symbolic, seed)
    if name in _OF_HALF:
        budget //= 2
    if name == "single":
        rows = within_budget((row for row in symbolic if row.parts == 1), budget)
        return rows or _enough(name, rows, budget)
    if name == "both":
        rows = within_budget(_enough(name, symbolic, budget // 2), budget // 2)
        rest = budget - sum(row.tokens for row in rows)
        return rows + within_budget(_enough(name, real, rest), rest)
    return within_budget(_enough(name, symbolic if name == "symbolic" else real, budget), budget)


def _enough(name: str, rows: list[TrainingRow], budget: int) -> list[TrainingRow]:
    """Return the rows if they can fill a budget; what is left of it where the next row would exceed it is no lack of rows."""
    total = sum(row.tokens for row in rows)
    if total < (1 - _SHORTFALL) * budget:
        raise InputError(
            f"The rows for the arm {name} have {total:,} tokens of {budget:,}: lower --tokens (and raise --epochs), or raise --questions, in a "
            "new folder."
        )
    return rows


def within_budget(rows: Iterable[TrainingRow], budget: int) -> list[TrainingRow]:
    """Return the first rows that fit into a budget of tokens; a row that does not is passed over."""
    chosen: list[TrainingRow] = []
    for row in rows:
        if row.tokens <= budget:
            chosen.append(row)
            budget -= row.tokens
    return chosen


def _shuffled(rows: Sequence[TrainingRow], seed: int) -> list[TrainingRow]:
    return random.Random(seed).sample(rows, len(rows))
