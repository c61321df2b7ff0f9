"""`p_correct`: learnt from the controls of all sealed candidates, said of every candidate with a vote, summed over those that are kept."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from math import isnan, nan

from kpmath_builder.calibration import Calibration, Control, LabelEstimate, VoteFeatures, why_not
from kpmath_builder.controls.report import THRESHOLDS, LabelReport
from kpmath_builder.controls.solver_weights import WeightsOfControls, grade_solvers
from kpmath_builder.dataset.weighted_votes import WeightedVotes
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Candidate, ControlQuestion, DropReason, PlantedQuestion, Stage

__all__ = ["KnownLabels"]

Asked = Callable[[], Iterable[ControlQuestion | PlantedQuestion]]


class KnownLabels:
    """What is known of the truth of a build's labels, and what the votes of several solvers weigh if it decides that.

    Parameters
    ----------
    recipe
        The build's.
    asked
        Returns what was asked beside the blueprints, in their order, as often as it is called: controls and planted questions.
    is_known
        Whether a problem repeats a practice or a problem of a test set; such a control is left out, because whoever has it by
        heart is right more often than on questions that are new.
    """

    def __init__(self, recipe: Recipe, asked: Asked, is_known: Callable[[str], bool]) -> None:
        judging = recipe.judging
        self._least = recipe.selection.min_p_correct
        self._report = LabelReport(
            threshold=judging.threshold, thresholds=tuple(sorted({*THRESHOLDS, judging.threshold}))
        )
        is_known = cache(is_known)
        after = _weights(recipe, asked, is_known)
        self._votes = None if after is None else WeightedVotes(recipe, after.all)
        self._weights = None if after is None else after.all
        learnt: list[Control] = []
        won: list[Control] = []
        for its in asked():
            if isinstance(its, PlantedQuestion):
                if its.spent.requests:
                    self._report.add_planted(its, judging.max_sub_questions)
                continue
            left_out = is_known(its.question)
            graded = grade_solvers(its) if recipe.solvers else {}
            weights = None if after is None or left_out else after.without(graded)
            voted = its if weights is None else WeightedVotes(recipe, weights).of_control(its)
            self._report.add_control(voted, left_out=left_out, solvers=graded)
            features = None if left_out else _features(voted, weights)
            if features is not None and voted.right is not None:
                learnt.append(Control(features, voted.right))
                if voted.vote is not None and voted.vote.winner is not None:
                    won.append(learnt[-1])
        calibration = Calibration.fit(learnt)
        self._estimate = None if calibration is None else self._estimate_for(calibration, won)
        self._calibration = calibration
        self._chances = array("d")
        """By the candidate's number; NaN: not computed yet."""
        if self._weights is not None:
            self._report.weigh(self._weights)
        if calibration is None:
            self._report.why_not = _why_not(recipe, learnt)
            self._report.ignored = self._least
        else:
            self._report.calibration = calibration.as_json()

    def apply(self, candidate: Candidate) -> Candidate:
        """Return the candidate as its vote ends, with its `p_correct`, and dropped if that is below the recipe's bound.

        Harder versions come behind the question that they were made from.
        """
        voted = candidate if self._votes is None else self._votes.of_candidate(candidate)
        chance = self._chance(voted)
        if chance is None:
            return voted
        update: dict[str, object] = {"p_correct": chance}
        if voted.is_agreed and chance < self._least:
            update |= {"reason": DropReason.LOW_P_CORRECT, "detail": f"p_correct {chance:.3f}"}
        return voted.model_copy(update=update)

    def count(self, candidate: Candidate) -> None:
        """Count a candidate as it is published."""
        if self._votes is not None and self._report.weighing is not None:
            self._votes.count(candidate, self._report.weighing)
        if self._estimate is None or candidate.stage is not Stage.KEPT:
            return
        features = _features(candidate, self._weights)
        assert features is not None, "what is kept has a vote"
        self._estimate.add(features)

    def _estimate_for(self, calibration: Calibration, won: Iterable[Control]) -> LabelEstimate:
        kept = [its for its in won if calibration.p_correct(its.features) >= self._least]
        return LabelEstimate(calibration, kept)

    def report(self) -> LabelReport:
        """Return what is known once all candidates are counted."""
        if self._estimate is not None:
            self._report.labels = self._estimate.result()
            if self._report.labels is None:
                self._report.why_not = "no question was kept."
        return self._report

    def _chance(self, candidate: Candidate) -> float | None:
        # The candidates go by twice, and comparing answers takes its time.
        if self._calibration is None or candidate.vote is None or not candidate.vote.votes:
            return None
        if candidate.parent is not None:  # a harder version has the number of its parent
            features = _features(candidate, self._weights)
            return None if features is None else self._calibration.p_correct(features)
        index = candidate.blueprint.index
        while len(self._chances) <= index:
            self._chances.append(nan)
        if isnan(self._chances[index]):
            features = _features(candidate, self._weights)
            if features is None:
                return None
            self._chances[index] = self._calibration.p_correct(features)
        return self._chances[index]


def _weights(recipe: Recipe, asked: Asked, is_known: Callable[[str], bool]) -> WeightsOfControls | None:
    """Return what the controls say of the solvers, if it is to weigh their votes."""
    if not recipe.weighs_solvers:
        return None

    def controls() -> Iterator[ControlQuestion]:
        for its in asked():
            if isinstance(its, ControlQuestion) and not is_known(its.question):
                yield its

    return WeightsOfControls(recipe.solvers, map(grade_solvers, controls()))


def _features(asked: Candidate | ControlQuestion, weights: Mapping[str, float] | None) -> VoteFeatures | None:
    if asked.vote is None:
        return None
    judgement = asked.judgement if isinstance(asked, Candidate) else None
    return VoteFeatures.of(asked.vote, asked.solutions, judgement, weights=weights)


def _why_not(recipe: Recipe, learnt: list[Control]) -> str:
    if not recipe.controls.share:
        return "there are no controls, because controls.share is 0."
    if not recipe.has_controls:
        return "a program solves by its rules, and there is nothing to measure."
    return why_not(learnt)
