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
        return [
            solution if solution.text == text else solution.model_copy(update={"text": text})
            for solution, text in self._chosen(candidate)
        ]

    def texts(self, candidate: Candidate) -> Sequence[str]:
        """Return the texts of the solutions that become rows, without copies of the solutions."""
        return [text for _, text in self._chosen(candidate)]

    def _chosen(self, candidate: Candidate) -> Sequence[tuple[Solution, str]]:
        agreed = [(its, self._as_published(its.text)) for its in candidate.solutions if its.agreed]
        distinct = {text.strip(): (solution, text) for solution, text in reversed(agreed)}
        return sorted(distinct.values(), key=lambda chosen: chosen[0].sample)[: self._limit]

    def _as_published(self, text: str) -> str:
        return text if self._annotated else without_annotations(text)
