"""Which rows an arm is trained on: as many as a budget of tokens takes, the same for all arms but `half`."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rows import TrainingRow, count_steps

from kpmath_builder.errors import InputError

__all__ = ["Pools", "arm", "within_budget"]

_SHORTFALL = 0.02
"""Share of the budget that may be missing, because the next row would exceed it."""
_MOST_PARTS = 2
_FEWEST = 50
"""A number of steps that fewer rows of a pool have is left to its neighbours: the same few rows would stand for it."""


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
    if name == "half":
        budget //= 2
        rows = within_budget(drawn["gsm8k"], budget)
    elif name == "both":
        rows = within_budget(drawn["symbolic"], budget // 2)
        rows += within_budget(drawn["gsm8k"], budget - sum(row.tokens for row in rows))
    elif name == "spread":
        rows = within_budget(spread_over_steps(drawn["symbolic"]), budget)
    else:
        rows = within_budget(drawn[name], budget)
    total = sum(row.tokens for row in rows)
    if total < (1 - _SHORTFALL) * budget:
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


def spread_over_steps(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    """Return rows of one or two parts in turns of their number of steps: short ones, which a build has few of, come as often as long ones."""
    groups: dict[int, list[TrainingRow]] = defaultdict(list)
    for row in rows:
        if row.parts <= _MOST_PARTS:
            groups[count_steps(row.solution)].append(row)
    common = [group for _, group in sorted(groups.items()) if len(group) >= min(_FEWEST, len(rows) // 20)]
    longest = max(map(len, common), default=0)
    return [group[place] for place in range(longest) for group in common if place < len(group)]


def _shuffled(rows: Sequence[TrainingRow], seed: int) -> list[TrainingRow]:
    return random.Random(seed).sample(rows, len(rows))
