"""What becomes of all candidates of a build, before the tables are written and while rows are counted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from kpmath_builder.curation.decisions import Decisions, curate
from kpmath_builder.curation.paraphrase_model import ParaphraseModel
from kpmath_builder.curation.policy import paraphrases_from
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.curation.selection import Selection
from kpmath_builder.dataset.labels import KnownLabels
from kpmath_builder.files.scratch import scratch
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.recipe import Recipe
from kpmath_builder.recipe.private import hide_private
from kpmath_builder.records import Candidate, ControlQuestion, PlantedQuestion, Stage
from kpmath_builder.seeds.benchmarks import Benchmark

__all__ = ["Decider"]


class _Decided(NamedTuple):
    """What is decided over some candidates."""

    decisions: Decisions
    labels: KnownLabels

    def decide(self, candidate: Candidate) -> Candidate:
        """Return one of the candidates kept or dropped, with its `p_correct`; the kept ones are counted in the label estimate."""
        decided = self.decisions.decide(self.labels.apply(candidate))
        self.labels.count(decided)
        return decided


class Decider:
    """Decides over the candidates of a build: what they repeat, how sure their labels are, and what is kept.

    Parameters
    ----------
    recipe
        The thresholds and policies.
    workspace
        Whose folder has room for what does not fit into the memory.
    knowledge
        The seeds and practices that the questions were drawn from.
    benchmarks
        The test sets, as far as they could be read.
    model
        The one that the recipe names for paraphrases, if it does.
    """

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        knowledge: Knowledge,
        benchmarks: Sequence[Benchmark],
        model: ParaphraseModel | None = None,
    ) -> None:
        self.selection = Selection(recipe.selection)
        self._recipe, self._workspace = recipe, workspace
        self._knowledge, self._benchmarks, self._model = knowledge, benchmarks, model

    @cached_property
    def checks(self) -> RowChecks:
        """What every question is compared with; made once, because that takes long."""
        hide = hide_private(self._recipe)
        # A fault can be a library's words, which name places on this machine.
        return RowChecks(
            self._knowledge.seeds,
            [replace(one, fault=hide(one.fault)) for one in self._benchmarks],
            seed_paraphrases=paraphrases_from(self._recipe.seed_repeats, self._model),
            test_paraphrases=paraphrases_from(self._recipe.contamination, self._model),
        )

    def decide(
        self,
        candidates: Callable[[], Iterable[Candidate]],
        asked_beside: Callable[[], Iterable[ControlQuestion | PlantedQuestion]],
    ) -> _Decided:
        """Look at all candidates, sorted by number, and at what was asked beside them; both can be read again."""
        labels = self._labels(asked_beside)
        with scratch(self._workspace.folder) as room:
            decisions = curate(
                map(labels.apply, candidates()),
                self.checks,
                self._recipe,
                self.selection.texts,
                room,
                model=self._model,
                workers=self._recipe.duplicates.workers,
            )
        return _Decided(decisions, labels)

    def count_kept(self, candidates: Callable[[], Iterable[Candidate]]) -> int:
        """Return how many rows are kept of the candidates, which can be read again, sorted by number."""
        decided = self.decide(candidates, lambda: _beside(candidates()))
        kept = (its for its in map(decided.decide, candidates()) if its.stage is Stage.KEPT)
        return sum(self.selection.count(decided.decisions.without_withheld(its)) for its in kept)

    def _labels(self, asked: Callable[[], Iterable[ControlQuestion | PlantedQuestion]]) -> KnownLabels:
        """Learn from what was asked beside the blueprints, if anything was."""
        if not (self._recipe.has_controls or self._recipe.has_planted):
            return KnownLabels(self._recipe, tuple, lambda _: False)
        return KnownLabels(self._recipe, asked, self._is_known)

    def _is_known(self, problem: str) -> bool:
        return self._practices.find(problem) is not None or any(self.checks.whole_tests(problem))

    @cached_property
    def _practices(self) -> ProblemIndex:
        """The problems that were shown as practices; takes seconds of thousands of seeds."""
        return ProblemIndex((its.seed.id, its.seed.problem) for its in self._knowledge.practices)


def _beside(candidates: Iterable[Candidate]) -> Iterator[ControlQuestion | PlantedQuestion]:
    for candidate in candidates:
        yield from filter(None, (candidate.control, candidate.planted))
