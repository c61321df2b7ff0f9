"""What is said about waits for a rate limit: the first at once, the others the more seldom the longer it goes on."""

from collections.abc import Callable

__all__ = ["WaitNotes"]

FIRST_SILENCE = 60.0
LONGEST_SILENCE = 3600.0
WHAT_TO_DO = (
    " If it goes on saying so, the account's quota is used up: raise it, or stop the build with Ctrl+C and run the same command again "
    "once there is quota."
)


class WaitNotes:
    """Passes sentences on: after each it is silent, for twice as long as before, until `eased` is called.

    Parameters
    ----------
    notify
        Receives the sentences.
    clock
        In seconds.
    """

    def __init__(self, notify: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._notify, self._clock = notify, clock
        self._silence = 0.0
        self._silent_until = float("-inf")

    def say(self, seconds: float, kind: str, queued: int, *, by_server: bool) -> None:
        """Say that a request waits.

        Parameters
        ----------
        seconds
            How long.
        kind
            "requests" or "tokens".
        queued
            How many requests wait.
        by_server
            Whether the server's words are what is waited for, not the recipe's own limit.
        """
        if self._clock() < self._silent_until:
            return
        for_what = (
            f"the server says that its limit of {kind} is used up"
            if by_server
            else f"the recipe's limit of {kind} a minute"
        )
        more = WHAT_TO_DO if by_server and self._silence else ""
        self._notify(f"waiting {seconds:.0f} s: {for_what}; {queued} requests wait.{more}")
        self._silence = min(max(2.0 * self._silence, FIRST_SILENCE), LONGEST_SILENCE)
        self._silent_until = self._clock() + self._silence

    def eased(self) -> None:
        """Begin anew: requests pass again."""
        self._silence, self._silent_until = 0.0, float("-inf")
