"""The limit of what all answers in a build folder may cost together (`build.max_tokens`)."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.folder.log_scan import LogTotals
from kpmath_builder.protocol import Response

__all__ = ["Spending"]

UNCOUNTED_IN_A_ROW = 3
SECONDS_BETWEEN_LOOKS = 2.0
"""Other processes may build in the folder; what they spend is seen so late at most."""


class Spending:
    """Counts the tokens in the logs of a folder, those of other processes and of earlier runs among them.

    Parameters
    ----------
    limit
        Tokens, read and written together.
    responses
        The folder of the logs.
    clock
        Seconds.
    """

    def __init__(self, limit: int, responses: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._totals = LogTotals(responses)
        self._clock = clock
        self._seen = float("-inf")
        self._in_logs = 0
        self._since = 0
        self._uncounted = 0
        """Answers in a row whose cost the server did not report."""

    def check(self) -> None:
        """Raise `BuildError` if nothing is left for another request."""
        if self._spent() >= self._limit:
            raise self._over()

    def add(self, responses: Sequence[Response]) -> None:
        """Count the responses to one call, which are in a log by now.

        Raises
        ------
        BuildError
            If more than the limit is spent.
        InputError
            If the server does not report what calls cost; a single omission is let pass.
        """
        cost = sum(response.prompt_tokens + response.completion_tokens for response in responses)
        answered = any(response.text and response.finish_reason in _ANSWERS for response in responses)
        self._uncounted = 0 if cost else self._uncounted + answered
        if self._uncounted >= UNCOUNTED_IN_A_ROW:
            raise InputError(
                f"The server of {responses[0].model or 'the model'} reports no token counts, so that build.max_tokens cannot be kept: "
                "leave it out of the recipe, or ask a server that reports them."
            )
        self._since += cost
        if self._spent() > self._limit:
            raise self._over()

    def _spent(self) -> int:
        if self._clock() - self._seen >= SECONDS_BETWEEN_LOOKS:
            tokens = self._totals.read()
            self._in_logs, self._since = tokens.prompt + tokens.completion, 0
            self._seen = self._clock()
        return self._in_logs + self._since

    def _over(self) -> BuildError:
        return BuildError(
            f"The answers in this folder have cost {self._spent():,} tokens, and build.max_tokens is {self._limit:,}: all are kept; "
            "raise it with --set build.max_tokens=… to go on."
        )


_ANSWERS = frozenset({"stop", "length"})
