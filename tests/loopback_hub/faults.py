"""Faults on order: the next requests that match are answered with an error, or not at all."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Fault", "Faults"]


@dataclass
class Fault:
    """What goes wrong, for which requests, how often.

    `status` answers instead of acting; `after=True` acts first, so that the client cannot know. No status: the
    connection is reset. `skip` lets so many matching requests pass. `then` is called when the fault strikes.
    """

    pattern: str = ".*"
    """Searched for in `METHOD /path`."""
    status: int | None = None
    after: bool = False
    times: int | float = 1
    skip: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    then: Callable[[], None] | None = None
    proceed: bool = False
    """Go on after `then` as if nothing had happened."""


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        self._pending.append(fault)

    def clear(self) -> None:
        """Heal."""
        self._pending.clear()

    def strike(self, method: str, path: str, when: Literal["before", "after"]) -> Fault | None:
        """Return the fault that strikes this request now, if one does."""
        with self._lock:
            for fault in self._pending:
                if (
                    fault.times
                    and fault.after == (when == "after")
                    and re.search(fault.pattern, f"{method} {path}")
                ):
                    if fault.skip:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None
