"""Selecting the published rows: which of a question's agreed solutions."""

from collections.abc import Sequence

from kpmath_builder.curation.annotations import without_annotations
from kpmath_builder.recipe import SelectionSettings
from kpmath_builder.records import Candidate, Solution

__all__ = ["Selection"]


class Selection:
    """Chooses among the agreed solutions of a question."""

    def __init__(self, rule: SelectionSettings) -> None:
        self._limit = rule.solutions_per_question
        self._annotated = rule.annotations

    def published(self, candidate: Candidate) -> Sequence[Solution]:
        """Return the agreed solutions that become rows: those that differ in text, in the order of their samples."""
        agreed = [self._as_published(solution) for solution in candidate.solutions if solution.agreed]
        distinct = {solution.text.strip(): solution for solution in reversed(agreed)}
        return sorted(distinct.values(), key=lambda solution: solution.sample)[: self._limit]

    def _as_published(self, solution: Solution) -> Solution:
        if self._annotated or "<<" not in solution.text:
            return solution
        return solution.model_copy(update={"text": without_annotations(solution.text)})
