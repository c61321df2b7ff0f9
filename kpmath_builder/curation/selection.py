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
        self._has_reasoning = rule.reasoning != "none"
        self._longest = rule.max_reasoning

    def published(self, candidate: Candidate) -> Sequence[Solution]:
        """Return the agreed solutions that become rows: those that differ in text, in the order of their samples."""
        without = {} if self._has_reasoning else {"thinking": None, "thinking_tokens": None}
        return [
            solution.model_copy(update={"text": text, **without})
            for solution, text in self._chosen(candidate)
        ]

    def count(self, candidate: Candidate) -> int:
        """Return how many rows a question gives; of `texts` there are more if reasoning is published."""
        return len(self._chosen(candidate))

    def texts(self, candidate: Candidate) -> Sequence[str]:
        """Return what the rows say besides the question: each solution, and what was thought before it if that is published."""
        return [
            text
            for solution, published in self._chosen(candidate)
            for text in (published, self._has_reasoning and solution.thinking)
            if text
        ]

    def _chosen(self, candidate: Candidate) -> Sequence[tuple[Solution, str]]:
        agreed = [
            (its, self._as_published(its.text))
            for its in candidate.solutions
            if its.agreed and self._is_in_limit(its.thinking or "")
        ]
        distinct = {text.strip(): (solution, text) for solution, text in reversed(agreed)}
        return sorted(distinct.values(), key=lambda chosen: chosen[0].sample)[: self._limit]

    def _is_in_limit(self, reasoning: str) -> bool:
        return self._longest is None or len(reasoning) <= self._longest

    def _as_published(self, text: str) -> str:
        return text if self._annotated else without_annotations(text)
