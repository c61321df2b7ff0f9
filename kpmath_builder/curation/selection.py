"""Selecting the published rows: one row per question text, and which of its agreed solutions."""

import hashlib
from collections.abc import Sequence

from kpmath_builder.curation.annotations import without_annotations
from kpmath_builder.recipe import SelectionSettings
from kpmath_builder.records import Candidate, DropReason, Solution, Stage

__all__ = ["Selection"]


class Selection:
    """Decides over candidates in the order of their numbers; of equal questions the first is kept.

    In memory it holds 8 bytes of hash for each agreed question.
    """

    def __init__(self, rule: SelectionSettings) -> None:
        self._limit = rule.solutions_per_question
        self._annotated = rule.annotations
        self._seen: set[int] = set()

    def decide(self, candidate: Candidate) -> Candidate:
        """Return the candidate kept, dropped, or unchanged where it was dropped before."""
        if candidate.stage is not Stage.AGREED or candidate.question is None:
            return candidate
        question = _fingerprint(candidate.question)
        if question in self._seen:
            return candidate.model_copy(update={"reason": DropReason.DUPLICATE})
        self._seen.add(question)
        return candidate.model_copy(update={"stage": Stage.KEPT})

    def published(self, candidate: Candidate) -> Sequence[Solution]:
        """Return the agreed solutions that become rows: those that differ in text, in the order of their samples."""
        agreed = [self._as_published(solution) for solution in candidate.solutions if solution.agreed]
        distinct = {solution.text.strip(): solution for solution in reversed(agreed)}
        return sorted(distinct.values(), key=lambda solution: solution.sample)[: self._limit]

    def _as_published(self, solution: Solution) -> Solution:
        if self._annotated or "<<" not in solution.text:
            return solution
        return solution.model_copy(update={"text": without_annotations(solution.text)})


def _fingerprint(question: str) -> int:
    text = " ".join(question.casefold().split())
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
