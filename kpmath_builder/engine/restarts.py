"""How often a server that dies is started again, and after which pauses."""

from dataclasses import dataclass, field

__all__ = ["RestartPolicy"]

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
DEATHS = 5
"""Recent deaths after which a server is not started again."""
RECENT = 1800.0
"""Seconds after which a death no longer counts."""


@dataclass
class RestartPolicy:
    """The recent deaths of one server; times are seconds of any steady clock."""

    _deaths: list[float] = field(default_factory=list)

    def died(self, now: float) -> None:
        """Count a death, and forget those of long ago."""
        self._deaths = [death for death in self._deaths if now - death < RECENT] + [now]

    @property
    def is_exhausted(self) -> bool:
        """Whether starting it again has turned out to be of no use."""
        return len(self._deaths) >= DEATHS

    @property
    def pause(self) -> float:
        """Seconds to wait before the next start; doubles with each recent death."""
        return min(FIRST_PAUSE * 2.0 ** (len(self._deaths) - 1), LONGEST_PAUSE)
