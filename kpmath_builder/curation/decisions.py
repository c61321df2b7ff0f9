"""The pass between sealed candidates and tables: what each agreed question repeats, and what becomes of it.

It reads the candidates once, in the order of their numbers, and keeps what it found; `decide` then needs nothing but the candidate's
number. Questions are compared with the seeds and the test sets first, so that of two that repeat each other the first stays that
is not dropped for another reason. Shards, workers and the order of arrival have no say in this.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kpmath_builder.curation.duplicates import find_repeats
from kpmath_builder.curation.policy import (
    ALWAYS_DROPPED,
    CONTAINED,
    DRAWN,
    policy_of,
    reason_of,
    reason_to_drop,
    stays_in_spite_of,
)
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.curation.withholding import (
    WITHHELD,
    WITHHELD_TEST,
    exposed_seed,
    is_withheld,
    withhold,
    withhold_parts,
)
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Candidate, RepeatMark, Solution, Stage

__all__ = ["Decisions", "curate"]

Publish = Callable[[Candidate], Sequence[Solution]]


@dataclass
class Decisions:
    """What the pass found, by the ids of the candidates."""

    checks: RowChecks
    recipe: Recipe
    report: CurationReport
    marks: dict[str, tuple[RepeatMark, ...]] = field(default_factory=dict)
    """Only of agreed questions that repeat something."""
    exposed: set[str] = field(default_factory=set)
    """Candidates, at whatever stage they ended, with text of a seed that may not be shared."""
    copies: set[str] = field(default_factory=set)
    """Those whose question is such a seed problem again."""
    test_copies: set[str] = field(default_factory=set)
    """Those whose question, or what was written in its place, repeats a test problem as a whole; one that is published stays."""

    def decide(self, candidate: Candidate) -> Candidate:
        """Return the candidate kept, dropped, or unchanged if it was dropped before."""
        if candidate.stage is not Stage.AGREED or candidate.reason:
            return candidate
        marks = self.marks.get(candidate.blueprint.id, ())
        dropped = self.reason_to_drop(marks)
        if dropped is None:
            return candidate.model_copy(update={"stage": Stage.KEPT, "repeats": marks})
        how = dropped.kind if dropped.kind == DRAWN else f"{dropped.kind} repeat of"
        return candidate.model_copy(
            update={"reason": reason_of(dropped), "detail": f"{how} {dropped.id}", "repeats": marks}
        )

    def reason_to_drop(self, marks: Iterable[RepeatMark]) -> RepeatMark | None:
        """Return the first mark for which a question is dropped, or None."""
        return reason_to_drop(marks, self.recipe, self.checks.unshareable)

    def without_withheld(self, candidate: Candidate) -> Candidate:
        """Return a decided candidate as it may leave the build."""
        if why := is_withheld(candidate, self.checks.unshareable):
            return withhold(candidate, why)
        if candidate.blueprint.id in self.copies:
            return withhold(candidate, WITHHELD)
        if candidate.blueprint.id in self.test_copies and candidate.stage is not Stage.KEPT:
            return withhold(candidate, WITHHELD_TEST)
        if candidate.blueprint.id in self.exposed:
            return withhold_parts(candidate, self.checks.protected)
        return candidate


def curate(
    candidates: Iterable[Candidate], checks: RowChecks, recipe: Recipe, publish: Publish, scratch: Path
) -> Decisions:
    """Look at all candidates of a build.

    Parameters
    ----------
    candidates
        Sorted by number.
    publish
        Returns the solutions that would become rows of an agreed candidate.
    scratch
        A folder for what does not fit into the memory.
    """
    decisions = Decisions(checks, recipe, CurationReport.of(checks.benchmarks, len(checks.seeds)))
    kept = stays_in_spite_of(recipe)
    repeats = find_repeats(
        _survivors(candidates, decisions, publish),
        scratch=scratch,
        memory=recipe.duplicates.memory << 20,
        kept=kept,
    )
    for row, repeat in repeats.items():
        mark = RepeatMark(check="row", id=repeat.of, kind=repeat.kind.value, similarity=repeat.similarity)
        if policy_of(mark, recipe, ()) != "ignore":
            decisions.marks[row] = (*decisions.marks.get(row, ()), mark)
    for marks in decisions.marks.values():
        decisions.report.count(marks, is_dropped=decisions.reason_to_drop(marks) is not None)
    return decisions


def _survivors(
    candidates: Iterable[Candidate], decisions: Decisions, publish: Publish
) -> Iterator[tuple[str, str]]:
    """Note what candidates repeat; yield id and question of each agreed one that is not dropped for a seed or a test problem."""
    for candidate in candidates:
        exposed = _exposed(candidate, decisions, publish)
        if _is_test_copy(candidate.question or candidate.detail, decisions):
            decisions.test_copies.add(candidate.blueprint.id)
        if candidate.stage is not Stage.AGREED or candidate.reason or candidate.question is None:
            continue
        solutions = [solution.text for solution in publish(candidate)]
        marks = [*_marks(candidate, solutions, decisions), *exposed]
        dropped = decisions.reason_to_drop(marks)
        decisions.report.compared += 1
        if marks:
            decisions.marks[candidate.blueprint.id] = tuple(marks)
        if dropped is None:
            yield candidate.blueprint.id, candidate.question


def _marks(candidate: Candidate, solutions: Sequence[str], decisions: Decisions) -> Iterator[RepeatMark]:
    for hit in decisions.checks.find(candidate.question or "", solutions):
        if policy_of(hit.mark, decisions.recipe, decisions.checks.unshareable) != "ignore":
            decisions.report.count_problems(hit.mark, hit.problems)
            yield hit.mark
    for mark in decisions.checks.drawn_from(part.seed_id for part in candidate.blueprint.parts):
        decisions.report.count_problems(mark, [mark.id])
        yield mark


def _is_test_copy(text: str, decisions: Decisions) -> bool:
    """Return whether a text is a test problem word for word, or repeats it in a way for which the recipe drops questions."""
    return any(
        mark.kind in ALWAYS_DROPPED or policy_of(mark, decisions.recipe, ()) == "drop"
        for mark in decisions.checks.whole_tests(text)
    )


def _exposed(candidate: Candidate, decisions: Decisions, publish: Publish) -> list[RepeatMark]:
    """Note a candidate with text that may not be shared; return the mark for which it is no row, if nothing else is left of it."""
    protected = decisions.checks.protected
    if candidate.question is not None and decisions.checks.copied_seed(candidate.question):
        decisions.copies.add(candidate.blueprint.id)
        return []  # an agreed one has its mark from the seeds
    seed = exposed_seed(candidate, protected)
    if seed is None:
        return []
    decisions.exposed.add(candidate.blueprint.id)
    is_row = bool(publish(withhold_parts(candidate, protected)))
    return [] if is_row else [RepeatMark(check="seed", id=seed, kind=CONTAINED)]
