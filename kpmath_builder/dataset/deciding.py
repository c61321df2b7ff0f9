"""What becomes of all candidates of a build, before the tables are written and while rows are counted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from kpmath_builder.curation.decisions import Decisions, curate
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.curation.selection import Selection
from kpmath_builder.files.scratch import scratch
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.recipe import Recipe
from kpmath_builder.recipe.private import hide_private
from kpmath_builder.records import Candidate, SeedProblem, Stage
from kpmath_builder.seeds.benchmarks import Benchmark

__all__ = ["Decider"]


class Decider:
    """Decides over the candidates of a build: what they repeat, and what is kept.

    Parameters
    ----------
    recipe
        The thresholds and policies.
    workspace
        Whose folder has room for what does not fit into the memory.
    seeds
        The problems that the questions were drawn from.
    benchmarks
        The test sets, as far as they could be read.
    """

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        seeds: Sequence[SeedProblem],
        benchmarks: Sequence[Benchmark],
    ) -> None:
        self.selection = Selection(recipe.selection)
        self._recipe, self._workspace = recipe, workspace
        self._seeds, self._benchmarks = seeds, benchmarks

    @cached_property
    def checks(self) -> RowChecks:
        """What every question is compared with; made once, because that takes long."""
        hide = hide_private(self._recipe)
        # A fault can be a library's words, which name places on this machine.
        return RowChecks(self._seeds, [replace(one, fault=hide(one.fault)) for one in self._benchmarks])

    def decisions(self, candidates: Iterable[Candidate]) -> Decisions:
        """Look at all candidates, sorted by number."""
        with scratch(self._workspace.folder) as room:
            return curate(
                candidates,
                self.checks,
                self._recipe,
                self.selection.texts,
                room,
                workers=self._recipe.duplicates.workers,
            )

    def count_kept(self, candidates: Callable[[], Iterable[Candidate]]) -> int:
        """Return how many rows are kept of the candidates; they are read twice, sorted by number."""
        decisions = self.decisions(candidates())
        kept = (its for its in map(decisions.decide, candidates()) if its.stage is Stage.KEPT)
        return sum(len(self.selection.texts(decisions.without_withheld(candidate))) for candidate in kept)
