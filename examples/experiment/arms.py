"""Which rows an arm is trained on: as many as a budget of tokens takes, half as many for two of the arms."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rows import TrainingRow

from kpmath_builder.errors import InputError

__all__ = ["Pools", "arm", "within_budget"]

_SHORTFALL = 0.02
"""Share of the budget that may be missing, because the next row would exceed it."""
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
    drawn = {name: _shuffled(rows, seed) for name, rows in vars(pools).items()}
    if name in _OF_HALF:
        budget //= 2
    if name == "both":
        rows = within_budget(drawn["symbolic"], budget // 2)
        rows += within_budget(drawn["gsm8k"], budget - sum(row.tokens for row in rows))
    elif name == "half":
        rows = within_budget(drawn["gsm8k"], budget)
    elif name == "single":
        rows = within_budget((row for row in drawn["symbolic"] if row.parts == 1), budget)
    else:
        rows = within_budget(drawn[name], budget)
    total = sum(row.tokens for row in rows)
    if total < (1 - _SHORTFALL) * budget and (name != "single" or not rows):
        raise InputError(
            f"The rows for the arm {name} have {total:,} tokens of {budget:,}: lower --tokens (and raise --epochs), or raise --questions."
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
