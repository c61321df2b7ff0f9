"""What the controls say of a build: of the solver by source, of the judge by fault, and how many of the published labels are true."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from kpmath_builder.calibration import TrueLabels
from kpmath_builder.controls.planted import PlantedKind
from kpmath_builder.controls.solver_counts import SolverCounts, Weighing
from kpmath_builder.controls.solver_weights import GradedAnswers
from kpmath_builder.records import ControlQuestion, PlantedQuestion

__all__ = ["ControlCounts", "LabelReport", "PlantedCounts"]

THRESHOLDS = (0.5, 0.7, 0.8, 0.85, 0.9, 1.0)
"""At which the judge is looked at, beside the recipe's own."""


@dataclass(slots=True)
class ControlCounts:
    """What became of the controls of one source."""

    asked: int = 0
    voted: int = 0
    """With at least one vote, and none of those that are left out."""
    right: int = 0
    """Whose leading answer is the known one."""
    undecided: int = 0
    """Whose leading answer can be neither proved nor disproved to be the known one."""
    left_out: int = 0
    """Which repeat a practice or a problem of a test set: a model may have them by heart."""
    shares: float = 0.0
    """Sum of the shares of the vote behind the leading answer."""

    @property
    def mean_share(self) -> float:
        """Mean share of the vote behind the leading answer."""
        return round(self.shares / self.voted, 4) if self.voted else 0.0

    def add(self, control: ControlQuestion, *, left_out: bool) -> None:
        """Count one control."""
        self.asked += 1
        if left_out:
            self.left_out += 1
        elif control.vote is not None and control.vote.votes:
            self.voted += 1
            self.right += control.right is True
            self.undecided += control.right is None
            self.shares = round(self.shares + control.vote.share, 9)


@dataclass
class PlantedCounts:
    """What the judge made of the planted questions of one kind."""

    judged: int = 0
    passed: Counter[float] = field(default_factory=Counter)
    """Threshold to how many reach it and have no more sub-questions than the recipe allows."""

    def add(self, planted: PlantedQuestion, thresholds: Sequence[float], most_parts: int) -> None:
        """Count one planted question; one without a valid judgement passes nowhere, as in a build."""
        self.judged += 1
        judgement = planted.judgement
        if judgement is not None and judgement.sub_questions <= most_parts:
            self.passed.update(at for at in thresholds if judgement.quality >= at)


@dataclass
class LabelReport:
    """The table of the controls, and the estimate that rests on them."""

    sources: dict[str, ControlCounts] = field(default_factory=lambda: defaultdict(ControlCounts))
    planted: dict[str, PlantedCounts] = field(default_factory=lambda: defaultdict(PlantedCounts))
    threshold: float = 0.85
    """The recipe's `judging.threshold`."""
    thresholds: tuple[float, ...] = THRESHOLDS
    calibration: Mapping[str, Any] | None = None
    """Coefficients and all that `p_correct` is computed from; None without an estimate."""
    labels: TrueLabels | None = None
    """Of the kept questions."""
    why_not: str = ""
    """Why there is no estimate, in a sentence."""
    solvers: dict[str, SolverCounts] = field(default_factory=lambda: defaultdict(SolverCounts))
    """Of several solvers each."""
    weighing: Weighing | None = None
    """None if each solution has one vote."""
    ignored: float = 0.0
    """The recipe's `selection.min_p_correct`, if it could not be applied because there is no estimate."""

    def add_control(
        self, control: ControlQuestion, *, left_out: bool, solvers: Mapping[str, GradedAnswers] | None = None
    ) -> None:
        """Count one control, and what each of several solvers made of it."""
        self.sources[control.source].add(control, left_out=left_out)
        if not left_out:
            for solver, graded in (solvers or {}).items():
                self.solvers[solver].add(graded)

    @property
    def decided(self) -> Mapping[str, tuple[int, int]]:
        """Source to how many of its controls are right, and how many right or wrong."""
        return {
            source: (its.right, its.voted - its.undecided) for source, its in sorted(self.sources.items())
        }

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Note that solvers weigh differently."""
        self.weighing = Weighing(weights)

    def add_planted(self, planted: PlantedQuestion, most_parts: int) -> None:
        """Count one planted question that was asked about."""
        self.planted[planted.kind].add(planted, self.thresholds, most_parts)

    def sentences(self) -> Iterator[str]:
        """Yield what a terminal shows."""
        yield self.estimate
        if self.ignored:
            yield f"selection.min_p_correct = {self.ignored:g} dropped nothing, because no row has an estimate."
        for source, its in sorted(self.sources.items()):
            left_out = (
                f"; {its.left_out:,} left out, which repeat a practice or a test problem"
                if its.left_out
                else ""
            )
            undecided = f", {its.undecided:,} undecided" if its.undecided else ""
            yield (
                f"Controls from {source}: {its.asked:,} asked, {its.voted:,} with a vote, {its.right:,} of them right{undecided}, "
                f"mean share {its.mean_share:.2f}{left_out}."
            )
        for solver, solved in sorted(self.solvers.items()):
            yield solved.sentence(solver, self.weighing)
        yield from self.weighing_sentences()
        if self.planted:
            let, faulty, refused, sound = self.judge_at(self.threshold)
            yield (
                f"The judge let {let:,} of {faulty:,} planted faulty questions pass at {self.threshold:g}, and refused {refused:,} of "
                f"{sound:,} sound ones."
            )

    def weighing_sentences(self) -> Iterator[str]:
        """Yield which votes stand if solvers weigh differently, and of which solvers too little is known."""
        if self.weighing is not None:
            yield from self.weighing.sentences(self.solvers)

    @property
    def estimate(self) -> str:
        """The estimate in a sentence, or why there is none."""
        its = self.labels
        if its is None:
            return f"No estimate of how many labels are true: {self.why_not}"
        return (
            f"Estimated share of true labels among kept rows: {its.share:.3f} ({its.low:.3f}–{its.high:.3f}), from "
            f"{its.controls:,} controls."
        )

    def judge_at(self, threshold: float) -> tuple[int, int, int, int]:
        """Return how many faulty questions pass at a threshold, of how many, and how many sound ones do not, of how many."""
        sound = self.planted.get(PlantedKind.SOUND.value, PlantedCounts())
        faulty = [its for kind, its in self.planted.items() if kind != PlantedKind.SOUND.value]
        let = sum(its.passed[threshold] for its in faulty)
        return let, sum(its.judged for its in faulty), sound.judged - sound.passed[threshold], sound.judged

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values; `from_json` reads them back."""
        return {
            "true_labels": None if self.labels is None else asdict(self.labels),
            "why_not": self.why_not,
            "ignored_min_p_correct": self.ignored,
            "model": self.calibration,
            "controls": {
                source: {**asdict(its), "mean_share": its.mean_share}
                for source, its in sorted(self.sources.items())
            },
            "solvers": {solver: asdict(its) for solver, its in sorted(self.solvers.items())},
            "weighing": None if self.weighing is None else asdict(self.weighing),
            "judge": {
                "threshold": self.threshold,
                "kinds": {
                    kind: {
                        "judged": its.judged,
                        "passed": {f"{at:g}": its.passed[at] for at in self.thresholds},
                    }
                    for kind, its in sorted(self.planted.items())
                },
            },
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Return the report that `as_json` described."""
        report = cls(
            threshold=told["judge"]["threshold"],
            calibration=told["model"],
            labels=None if told["true_labels"] is None else TrueLabels(**told["true_labels"]),
            why_not=told["why_not"],
            ignored=told["ignored_min_p_correct"],
        )
        for source, counts in told["controls"].items():
            named = {name: value for name, value in counts.items() if name != "mean_share"}
            report.sources[source] = ControlCounts(**named)
        for solver, counts in told.get("solvers", {}).items():
            report.solvers[solver] = SolverCounts(**counts)
        if told.get("weighing"):
            report.weighing = Weighing(**told["weighing"])
        for kind, counts in told["judge"]["kinds"].items():
            passed = Counter({float(at): count for at, count in counts["passed"].items()})
            report.planted[kind] = PlantedCounts(counts["judged"], passed)
            report.thresholds = tuple(sorted(passed))
        return report
