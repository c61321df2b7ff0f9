"""How long to wait before a request is sent again, how often, and how long a silence is borne. Knows no HTTP client."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from kpmath_builder.client.faults import CallError, GivenUpError, Weight

__all__ = ["Patience", "RetryBudget", "call_timeout"]

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
LONGEST_OWN_PAUSE = 2.0
"""Seconds between tries of a request that alone fails: the server is well, so that there is nothing to spare it."""
LONGEST_RETRY_AFTER = 60.0
"""Seconds for which a server's wish is followed before it is asked again, whatever it wished for."""
STRIKES = 384
"""Sum of the weights of a request's own faults at which it is given up: 16 errors, 8 malformed answers, 2 calls without an answer."""
BREAK_OFFS_TO_SUSPECT = 2
BREAK_OFFS_TO_GIVE_UP = 4
"""Fewer than the deaths that an engine of our own may die before the build ends (`engine.restarts.DEATHS`)."""
LONGEST_CONNECT = 30.0
"""Seconds of one attempt that can count as the server's absence; a longer one was a server at work that broke off."""
SHORTEST_TIMEOUT = 30.0
MOST_TIMES_USUAL = 4.0
_TOKENS_PER_PATIENCE = 8192

_jitter = random.SystemRandom()


def call_timeout(tokens: int, patience: float, pace: float) -> float:
    """Return the seconds after which a call counts as one that is never answered.

    A slow answer is a healthy one, so the limit grows with the longest reply and with the slowest pace seen.

    Parameters
    ----------
    tokens
        The longest reply of the call.
    patience
        The recipe's, in seconds.
    pace
        Seconds per token of the slowest answer so far; 0 if there was none.
    """
    usual = max(SHORTEST_TIMEOUT, patience * (1.0 + tokens / _TOKENS_PER_PATIENCE))
    return max(
        usual, min(2.0 * tokens * pace, MOST_TIMES_USUAL * usual)
    )  # one slow short reply is no measure


@dataclass(slots=True)
class RetryBudget:
    """The faults of one request: exponential back-off with full jitter, and a bound on those that are its own."""

    faults: int = 0
    strikes: int = 0
    break_offs: int = 0

    @property
    def suspected(self) -> bool:
        """Whether the server ended again and again while it worked on this request.

        Such requests are sent one at a time, so that the one that ends the server is told from those that were under way
        beside it.
        """
        return self.break_offs >= BREAK_OFFS_TO_SUSPECT

    def broke_off(self, fault: CallError) -> None:
        """Count a fault with which the server ended.

        Raises
        ------
        GivenUpError
            When it ended so often, of late with no other suspect beside this request, that the request must be the cause.
        """
        self.break_offs += 1
        if self.break_offs >= BREAK_OFFS_TO_GIVE_UP:
            raise GivenUpError(
                f"given up: the server ended {self.break_offs} times while it worked on this request ({fault})"
            ) from fault

    def own(self, fault: CallError) -> float:
        """Count a fault of the request itself and return the pause in seconds.

        Raises
        ------
        GivenUpError
            When the budget is used up: the request must not hold up the build.
        """
        self.strikes += fault.weight
        pause = self.pause(fault)
        if fault.weight is not Weight.RATE_LIMITED:
            pause = min(pause, LONGEST_OWN_PAUSE)
        if self.strikes >= STRIKES:
            times = "once" if self.faults == 1 else f"{self.faults} times"
            raise GivenUpError(
                f"given up: it failed {times} while the server answered others ({fault})"
            ) from fault
        return pause

    def pause(self, fault: CallError) -> float:
        """Count a fault of the server and return the pause in seconds."""
        self.faults += 1
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.faults - 1, 16))
        jitter = _jitter.uniform(0.0, longest)
        if fault.retry_after is None:
            return jitter
        # A little jitter, so that not all that wait come back at the same instant.
        return min(fault.retry_after, LONGEST_RETRY_AFTER) + min(jitter, FIRST_PAUSE)


class Patience:
    """The one clock of how long no server has answered anything.

    It starts with the first fault after an answer. Between two faults at most `LONGEST_CONNECT + LONGEST_PAUSE` seconds
    count: a longer gap was a server at work.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.silent = 0.0
        """Seconds without an answer."""
        self._clock = clock
        self._last_fault: float | None = None

    @property
    def left(self) -> float:
        """Seconds until patience is used up; 0 or less once it is."""
        return self.seconds - self.silent

    def answered(self) -> None:
        """Start anew."""
        self.silent, self._last_fault = 0.0, None

    def failed(self) -> None:
        """Count the time since the fault before."""
        now = self._clock()
        if self._last_fault is not None:
            self.silent += min(now - self._last_fault, LONGEST_CONNECT + LONGEST_PAUSE)
        self._last_fault = now
