"""What the controls say of each of several solvers, and what its vote weighs after that (`consensus.weights = "controls"`)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kpmath_builder.calibration import LEAST_CONTROLS, SolverScore, solver_weights
from kpmath_builder.controls.grading import is_right
from kpmath_builder.records import ControlQuestion

__all__ = ["GradedAnswers", "WeightsOfControls", "grade_solvers"]


@dataclass(frozen=True, slots=True)
class GradedAnswers:
    """What became of a solver's solutions of one control."""

    right: int = 0
    wrong: int = 0
    undecided: int = 0
    """Whose answer can be neither proved nor disproved to be the known one."""
    voteless: int = 0
    """Without a readable answer, or with wrong arithmetic."""

    @property
    def score(self) -> SolverScore:
        """The control as one observation: samples of one question are right or wrong together, and are no independent ones."""
        decided = self.right + self.wrong
        return SolverScore(self.right / decided, self.wrong / decided) if decided else SolverScore(0, 0)


def grade_solvers(control: ControlQuestion) -> dict[str, GradedAnswers]:
    """Return what became of the solutions of each solver; empty if there is one solver, which has no name."""
    verdicts: dict[int, bool | None] = {}
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    for its in control.solutions:
        if its.answer_class is not None and its.answer_class not in verdicts:
            verdicts[its.answer_class] = is_right(its.answer, control.gold)
        if its.solver:
            ends[its.solver][_end(its.answer_class, verdicts)] += 1
    return {solver: GradedAnswers(**counts) for solver, counts in sorted(ends.items())}


def _end(answer_class: int | None, verdicts: Mapping[int, bool | None]) -> str:
    if answer_class is None:
        return "voteless"
    right = verdicts[answer_class]
    return "undecided" if right is None else "right" if right else "wrong"


class WeightsOfControls:
    """The weights of solvers after some controls.

    A solver that fewer than `LEAST_CONTROLS` controls say something of weighs 1, as if nothing were known of it.

    Parameters
    ----------
    solvers
        All names.
    controls
        What each solver made of each control.
    """

    def __init__(self, solvers: Iterable[str], controls: Iterable[Mapping[str, GradedAnswers]]) -> None:
        self._scores = dict.fromkeys(sorted(solvers), SolverScore(0, 0))
        self._controls: Counter[str] = Counter()
        for graded in controls:
            self._scores = self._moved(graded, 1)
            self._controls.update(_decided_by(graded))

    @property
    def all(self) -> dict[str, float]:
        """The weight of each solver's vote on a question whose answer is not known."""
        return self._weights(self._scores, self._controls)

    def without(self, graded: Mapping[str, GradedAnswers]) -> dict[str, float]:
        """Return the weights after all controls but one, by which that one is voted on: it must not be its own evidence."""
        return self._weights(self._moved(graded, -1), self._controls - Counter(_decided_by(graded)))

    @staticmethod
    def _weights(scores: Mapping[str, SolverScore], controls: Mapping[str, int]) -> dict[str, float]:
        known = {
            solver: score for solver, score in scores.items() if controls.get(solver, 0) >= LEAST_CONTROLS
        }
        return dict.fromkeys(scores, 1.0) | solver_weights(known)

    def _moved(self, graded: Mapping[str, GradedAnswers], sign: int) -> dict[str, SolverScore]:
        moved = {
            solver: SolverScore(
                self._scores[solver].right + sign * its.score.right,
                self._scores[solver].wrong + sign * its.score.wrong,
            )
            for solver, its in graded.items()
        }
        return self._scores | moved


def _decided_by(graded: Mapping[str, GradedAnswers]) -> list[str]:
    """Return the solvers that gave at least one answer that is right or wrong."""
    return [solver for solver, its in graded.items() if its.right or its.wrong]
