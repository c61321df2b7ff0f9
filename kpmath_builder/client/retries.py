"""What went wrong with a request, and how long to wait before it is asked again. Knows no HTTP client."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kpmath_builder.errors import BuildError

__all__ = ["PassingError", "RefusedError", "Trouble", "no_answer", "parse_retry_after"]

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
LONGEST_CONNECT = 30.0
"""Seconds of one attempt that can count as the server's absence; a longer one was a server at work that broke off."""
STUBBORN = 20
"""Faults of its own, with other requests answered in between each, after which a request itself is held to be at fault."""

_jitter = random.SystemRandom()


class PassingError(Exception):
    """A fault that may pass when the request is sent again.

    `retry_after` is the pause in seconds that the server asked for. `may_be_the_request` marks faults that this one
    request may cause (a 500, a malformed answer), unlike a full or an absent server. `away` marks those after which another
    server may stand at the address.
    """

    def __init__(
        self,
        what: str,
        *,
        retry_after: float | None = None,
        may_be_the_request: bool = False,
        away: bool = False,
    ) -> None:
        super().__init__(what)
        self.retry_after = retry_after
        self.may_be_the_request = may_be_the_request
        self.away = away


def no_answer(url: str, error: Exception) -> PassingError:
    """Return the fault of a server that did not answer."""
    return PassingError(f"no answer from {url} ({str(error) or type(error).__name__})", away=True)


class RefusedError(Exception):
    """The server will never answer this request; the message is the server's."""


@dataclass
class Trouble:
    """The faults of one request in a row: exponential back-off with full jitter until `patience` seconds are used up.

    Only time without an answer to anybody counts: `answers` is the number of answers that the servers have given to all
    requests so far, and whenever it has grown the time starts anew.
    """

    patience: float
    answers: int
    faults: int = 0
    stubborn: int = 0
    waited: float = 0.0

    def pause(self, fault: PassingError, answers: int, took: float) -> float:
        """Return the seconds to wait after `fault`, of an attempt that took `took` seconds.

        Raises
        ------
        BuildError
            When `patience` is used up.
        RefusedError
            When only this request fails, again and again, while others are answered: it must not hold up the build.
        """
        self._count(fault, answers, took)
        if self.stubborn >= STUBBORN:
            raise RefusedError(
                f"given up after {self.faults} faults while other requests were answered: {fault}"
            )
        if self.waited >= self.patience:
            raise BuildError(
                f"The teacher has not answered for {round(self.waited, 1):g} s (last fault: {fault}): "
                f"look after the server and run the same command again to go on."
            )
        pause = min(self._wish(fault), self.patience - self.waited)
        self.waited += pause
        return pause

    def _count(self, fault: PassingError, answers: int, took: float) -> None:
        if answers > self.answers:
            self.waited = 0.0
            self.stubborn += fault.may_be_the_request
        elif self.faults:  # time runs from the end of the first failed attempt
            self.waited += min(took, LONGEST_CONNECT)
        self.answers = answers
        self.faults += 1

    def _wish(self, fault: PassingError) -> float:
        jitter = _jitter.uniform(0.0, min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.faults - 1, 16)))
        if fault.retry_after is None:
            return jitter
        return fault.retry_after + min(jitter, FIRST_PAUSE)  # not all that wait come back at the same instant


def parse_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, given as seconds or as an HTTP date; None if unreadable."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value, now or datetime.now(UTC))
    return seconds if 0.0 <= seconds < float("inf") else None


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())
