"""What the lines of response logs cost, task by task; more than `log_scan` counts, and slower."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kpmath_builder.folder.log_scan import tokens_of
from kpmath_builder.records import Tokens

__all__ = ["TaskCost", "costs_by_task", "draws_asked"]

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


def draws_asked(lines: Iterable[bytes]) -> int:
    """Return how many blueprints were drawn, up to the last one for which a question was asked for."""
    heads = filter(None, map(_HEAD.match, lines))
    numbers = (head[2].strip(b'"') for head in heads if head[1] == b"write")
    return max((int(number) + 1 for number in numbers if number.isdigit()), default=0)
