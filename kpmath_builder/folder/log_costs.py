"""What the lines of response logs cost, task by task; more than `log_scan` counts, and slower."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kpmath_builder.folder.log_scan import tokens_of
from kpmath_builder.records import Tokens

__all__ = ["TaskCost", "costs_by_task"]

_HEAD = re.compile(rb'\{"key":"[^"]+","task":"(\w+)","for":("(?:[^"\\]|\\.)*")')


@dataclass
class TaskCost:
    """The lines of one task."""

    tokens: Tokens = field(default_factory=Tokens)
    stored: int = 0
    """Bytes."""
    addresses: set[bytes] = field(default_factory=set)
    """For whom was asked: seed problems, pairs of topics, or blueprints."""


def costs_by_task(lines: Iterable[bytes]) -> Mapping[str, TaskCost]:
    """Return what lines of logs cost, by task; lines without a task are left out."""
    costs: dict[str, TaskCost] = defaultdict(TaskCost)
    for line in lines:
        if head := _HEAD.match(line):
            cost = costs[head[1].decode()]
            cost.tokens += tokens_of([line])
            cost.stored += len(line)
            cost.addresses.add(head[2])
    return costs
