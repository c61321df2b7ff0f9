"""Noticing that a server refuses, or fails on, everything of one kind: then the settings are at fault, and not the requests."""

from collections import defaultdict

from kpmath_builder.client.dialects import OPTIONAL, PATTERN_FIELDS, advice
from kpmath_builder.client.error_bodies import named_fields
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import Request, Task

__all__ = ["Refusals"]

IN_A_ROW = 20
"""Different requests of one task refused or given up one after the other, none answered in between, that end the build."""


class Refusals:
    """Counts them by task; a request's samples count once."""

    def __init__(self) -> None:
        self._in_a_row: dict[Task, set[str]] = defaultdict(set)

    def answered(self, task: Task) -> None:
        """Note that a request of this task was answered."""
        self._in_a_row.pop(task, None)

    def refused(self, request: Request, words: str) -> None:
        """Note a refusal.

        Raises
        ------
        InputError
            When it is one too many: better to stop than to log the refusal of every request of a build.
        """
        if count := self._count(request):
            raise InputError(
                f"The server has refused {count} {request.task} requests in a row ({words}): {_remedy(request, words)}, then run the "
                "same command again."
            )

    def given_up(self, request: Request, words: str) -> None:
        """Note that a request was given up; raises as `refused` does."""
        if count := self._count(request):
            raise InputError(
                f"The server has failed on {count} {request.task} requests in a row ({words}): look into its log, change how "
                "it is served, then run the same command again with --retry-given-up."
            )

    def _count(self, request: Request) -> int:
        """Return how many there were in a row once they are too many, else 0."""
        row = self._in_a_row[request.task]
        row.add(request.digest)
        return len(row) if len(row) >= IN_A_ROW else 0


def _remedy(request: Request, words: str) -> str:
    """Return what to change, down to the line to add if the words name a field."""
    named = named_fields(
        words.encode(errors="replace"), {*OPTIONAL, *PATTERN_FIELDS.values(), *request.extra}
    )
    return (
        advice(named, words, request.extra)
        or "change the recipe's max_tokens or extra, or how the model is served"
    )
