"""What the report of a build says of several solvers: their solutions of the controls, and which votes stand if they weigh differently."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kpmath_builder.calibration import LEAST_CONTROLS
from kpmath_builder.controls.solver_weights import GradedAnswers

__all__ = ["SolverCounts", "Weighing"]


@dataclass(slots=True)
class SolverCounts:
    """What became of the solutions of one of several solvers to the controls that are not left out."""

    controls: int = 0
    """With at least one answer of it that is right or wrong."""
    right: int = 0
    wrong: int = 0
    undecided: int = 0
    voteless: int = 0
    """Without a readable answer, or with wrong arithmetic."""

    def add(self, graded: GradedAnswers) -> None:
        """Count its solutions of one control."""
        self.controls += bool(graded.right or graded.wrong)
        self.right += graded.right
        self.wrong += graded.wrong
        self.undecided += graded.undecided
        self.voteless += graded.voteless

    @property
    def is_known(self) -> bool:
        """Whether so many controls say something of it that they may weigh its vote."""
        return self.controls >= LEAST_CONTROLS

    def sentence(self, solver: str, weighing: "Weighing | None") -> str:
        """Return what a terminal shows."""
        undecided = f", {self.undecided:,} undecided" if self.undecided else ""
        weighs = f"; its vote weighs {weighing.weights[solver]:.2f}" if weighing else ""
        return (
            f"Solutions of solver {solver} to {self.controls:,} controls: {self.right:,} right, {self.wrong:,} wrong{undecided}, "
            f"{self.voteless:,} without a vote{weighs}."
        )


@dataclass(slots=True)
class Weighing:
    """Which votes stand if solvers weigh what the controls say of them."""

    weights: Mapping[str, float]
    """Solver to what its vote weighs, about 1."""
    votes: int = 0
    """Questions that were voted on."""
    otherwise: int = 0
    """Those that end with another answer, or with one in place of none, or the other way round, than with equal weights."""
    ungraded: int = 0
    """Those whose attempts were graded against the other answer, and count no more."""
    undecided: int = 0
    """Those for which sampling would have gone on under these weights."""

    def sentences(self, solvers: Mapping[str, SolverCounts]) -> Iterator[str]:
        """Yield what a terminal shows: of which solvers too little is known, and what the weights change."""
        known = {solver: solvers.get(solver, SolverCounts()) for solver in self.weights}
        unknown = [
            f"{solver} ({counts.controls:,})" for solver, counts in known.items() if not counts.is_known
        ]
        if unknown:
            yield (
                f"Too few controls to weigh the votes of {', '.join(unknown)}: with fewer than {LEAST_CONTROLS} that it answered, a solver weighs 1."
            )
        yield (
            f'The votes are weighed by the controls (consensus.weights = "controls"): {self.otherwise:,} of {self.votes:,} end otherwise than with '
            "equal weights."
        )
        if self.ungraded:
            yield (
                f"{self.ungraded:,} of these have no pass rate, because the reference solver's attempts were graded against the other answer."
            )
        if self.undecided:
            yield (
                f"{self.undecided:,} votes would need more samples under these weights, because sampling stopped early with equal ones; they are "
                'decided by the samples that are there (solutions.sampling = "fixed" asks for all).'
            )
