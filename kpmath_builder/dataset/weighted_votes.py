"""The votes of a build whose solvers weigh what the controls say of them: a decision of the tables, over candidates that were sealed before."""

from collections.abc import Iterable, Mapping

from kpmath_builder.controls.grading import is_right, leading_answer
from kpmath_builder.controls.report import LabelReport
from kpmath_builder.controls.solver_counts import Weighing
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Candidate, ControlQuestion
from kpmath_builder.synthesis.weighing import weigh, weigh_candidate, would_go_on

__all__ = ["WeightedVotes"]


class WeightedVotes:
    """Decides votes anew.

    Parameters
    ----------
    recipe
        How to vote.
    weights
        Solver to what its vote weighs.
    """

    def __init__(self, recipe: Recipe, weights: Mapping[str, float]) -> None:
        self._recipe, self._weights = recipe, weights
        self._otherwise: set[str] = set()
        """Ids of candidates that end otherwise than with equal weights; few."""
        self._ungraded: set[str] = set()
        """Those of them whose attempts count no more."""

    @classmethod
    def of_tables(cls, recipe: Recipe, workspace: Workspace) -> "WeightedVotes | None":
        """Return the votes that a build's tables were written with; None if each solution has one, or there are no tables.

        Raises
        ------
        DamagedError
            When the manifest, which holds the weights, cannot be read.
        """
        told = (workspace.read_manifest() or {}).get("calibration") if recipe.weighs_solvers else None
        weighing = LabelReport.from_json(told).weighing if told else None
        return None if weighing is None else cls(recipe, weighing.weights)

    def __str__(self) -> str:
        return ", ".join(f"{solver} {weight:.2f}" for solver, weight in sorted(self._weights.items()))

    def of_control(self, control: ControlQuestion) -> ControlQuestion:
        """Return a control as its vote ends, graded anew."""
        if control.vote is None:
            return control
        voted = weigh(control.vote, control.solutions, self._recipe, self._weights)
        right = is_right(leading_answer(voted.vote, voted.solutions), control.gold)
        return control.model_copy(update={"vote": voted.vote, "solutions": voted.solutions, "right": right})

    def of_candidate(self, candidate: Candidate) -> Candidate:
        """Return a candidate as its vote ends; harder versions come behind the question that they were made from."""
        weighed = weigh_candidate(candidate, self._recipe, self._weights)
        name = candidate.blueprint.id
        if weighed.vote is not None and candidate.vote is not None:
            if weighed.vote.winner != candidate.vote.winner:
                self._otherwise.add(name)
            if weighed.attempts != candidate.attempts:
                self._ungraded.add(name)
        if candidate.parent in self._ungraded:
            weighed = weighed.model_copy(update={"parent_attempts": None})
        return weighed

    def of_versions(self, versions: Iterable[Candidate]) -> list[Candidate]:
        """Return a question and its harder versions, in their order, as their votes end."""
        return [self.of_candidate(its) for its in versions]

    def count(self, candidate: Candidate, weighing: Weighing) -> None:
        """Count a candidate of the tables."""
        if candidate.vote is None:
            return
        name = candidate.blueprint.id
        weighing.votes += 1
        weighing.otherwise += name in self._otherwise
        weighing.ungraded += name in self._ungraded
        weighing.undecided += would_go_on(candidate.vote, candidate.solutions, self._recipe, self._weights)
