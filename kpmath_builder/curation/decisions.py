"""The pass between sealed candidates and tables: what each agreed question repeats, and what becomes of it.

It reads the candidates once, in the order of their numbers, and keeps what it found; `decide` then needs nothing but the candidate's
number. Questions are compared with the seeds and the test sets first, so that of two that repeat each other the first stays that
is not dropped for another reason. Shards, workers and the order of arrival have no say in this.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from kpmath_builder.curation.batches import cut, in_order
from kpmath_builder.curation.duplicates import compare_signatures
from kpmath_builder.curation.paraphrase_model import ParaphraseModel
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.policy import (
    ALWAYS_DROPPED,
    CONTAINED,
    DRAWN,
    paraphrases_from,
    policy_of,
    reason_of,
    reason_to_drop,
    stays_in_spite_of,
)
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.curation.row_checks import Hit, RowChecks
from kpmath_builder.curation.signatures import RowReading, Signatures
from kpmath_builder.curation.withholding import (
    WITHHELD,
    WITHHELD_TEST,
    exposed_seed,
    is_withheld,
    texts_of,
    withhold,
    withhold_parts,
)
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Candidate, DropReason, RepeatMark, Stage

__all__ = ["Decisions", "curate"]

Publish = Callable[[Candidate], Sequence[str]]
_BATCH = 200
"""Candidates that are in memory at once."""


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
    too_long: set[str] = field(default_factory=set)
    """Agreed ones of which no solution becomes a row, because of what was thought before each."""
    test_copies: set[str] = field(default_factory=set)
    """Those whose question, or what was written in its place, repeats a test problem as a whole; one that is published stays."""

    def decide(self, candidate: Candidate) -> Candidate:
        """Return the candidate kept, dropped, or unchanged if it was dropped before."""
        if candidate.stage is not Stage.AGREED or candidate.reason:
            return candidate
        marks = self.marks.get(candidate.blueprint.id, ())
        dropped = self.reason_to_drop(marks)
        if dropped is None and candidate.blueprint.id in self.too_long:
            limit = f"over {self.recipe.selection.max_reasoning:,} characters"
            ended = {"reason": DropReason.LONG_REASONING, "detail": limit, "repeats": marks}
            return candidate.model_copy(update=ended)
        if dropped is None:
            return candidate.model_copy(update={"repeats": marks, **self._selected(candidate)})
        how = dropped.kind if dropped.kind == DRAWN else f"{dropped.kind} repeat of"
        return candidate.model_copy(
            update={"reason": reason_of(dropped), "detail": f"{how} {dropped.id}", "repeats": marks}
        )

    def _selected(self, candidate: Candidate) -> dict[str, object]:
        """Return what becomes of an agreed candidate that nothing is to be dropped for but its difficulty."""
        if self.fits(candidate):
            return {"stage": Stage.KEPT}
        if candidate.attempts is None:
            return {"reason": DropReason.NOT_ASKED, "detail": "how hard it is was never asked for"}
        return {"reason": DropReason.WRONG_DIFFICULTY, "detail": str(candidate.attempts)}

    def fits(self, candidate: Candidate) -> bool:
        """Whether a question is as hard as the selection wants it."""
        return self.recipe.selection.allows(candidate.pass_rate)

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
    candidates: Iterable[Candidate],
    checks: RowChecks,
    recipe: Recipe,
    publish: Publish,
    scratch: Path,
    *,
    model: ParaphraseModel | None = None,
    workers: int = 1,
) -> Decisions:
    """Look at all candidates of a build.

    Parameters
    ----------
    candidates
        Sorted by number.
    publish
        Returns the texts of the solutions that would become rows of an agreed candidate.
    scratch
        A folder for what does not fit into the memory.
    model
        The one that the recipe names for paraphrases, if it does.
    workers
        Processes that read the texts; the result does not depend on them.
    """
    decisions = Decisions(checks, recipe, CurationReport.of(checks.benchmarks, len(checks.seeds)))
    paraphrases = paraphrases_from(recipe.duplicates, model)
    reader = _CandidateReader(checks, paraphrases)
    read = in_order(reader, _batches(candidates, checks, publish), workers)
    repeats = compare_signatures(
        (
            signatures.only(list(_survive(batch, found, decisions, publish)))
            for batch, (signatures, found) in read
        ),
        scratch=scratch,
        memory=recipe.duplicates.memory << 20,
        kept=stays_in_spite_of(recipe),
        paraphrases=paraphrases,
    )
    for row, repeat in repeats.items():
        mark = RepeatMark(check="row", id=repeat.of, kind=repeat.kind.value, similarity=repeat.similarity)
        if policy_of(mark, recipe, ()) != "ignore":
            decisions.marks[row] = (*decisions.marks.get(row, ()), mark)
    for marks in decisions.marks.values():
        decisions.report.count(marks, is_dropped=decisions.reason_to_drop(marks) is not None)
    return decisions


class _FoundRepeats(NamedTuple):
    """What was found of one candidate."""

    hits: Sequence[Hit] = ()
    """Of an agreed one."""
    tests: Sequence[RepeatMark] = ()
    """What its question, or what was written in its place, repeats of the test sets."""
    is_copy: bool = False
    """Whether its question is a seed problem that may not be shared."""
    exposed: str | None = None
    """A seed that may not be shared and whose text stands in another of its texts, or in a part of the question."""


class _Texts(NamedTuple):
    """What is read of one candidate."""

    id: str
    question: str | None
    published: Sequence[str] | None
    """The solutions of an agreed candidate; None: it is not compared."""
    written: str
    """The question, or what was written in its place."""
    others: Sequence[str]
    """All texts of it, if one of them may not be shared."""


def _texts(candidate: Candidate, publish: Publish, *, is_protected: bool) -> _Texts:
    is_compared = candidate.stage is Stage.AGREED and not candidate.reason and candidate.question is not None
    return _Texts(
        candidate.blueprint.id,
        candidate.question,
        publish(candidate) if is_compared else None,
        candidate.question or candidate.detail,
        list(texts_of(candidate)) if is_protected else (),
    )


@dataclass(frozen=True, slots=True)
class _CandidateReader:
    """Reads each question once, for whatever it is compared with; also in a worker process."""

    checks: RowChecks
    paraphrases: Paraphrases | None
    """How those of earlier rows are found."""

    def __call__(self, candidates: Sequence[_Texts]) -> tuple[Signatures, Sequence[_FoundRepeats]]:
        ids, readings, found = [], [], []
        for one in candidates:
            reading = None if one.question is None else RowReading.of(one.question)
            hits: Sequence[Hit] = ()
            is_copy = False
            if reading is not None and one.published is not None:
                hits = self.checks.find_read(reading, one.published)
                tests = [hit.mark for hit in hits if hit.mark.check == "test"]
                is_copy = any(self.checks.is_copy(hit.mark) for hit in hits)
                ids.append(one.id)
                readings.append(reading)
            else:
                is_copy = reading is not None and self.checks.copies_seed(reading)
                tests = list(self.checks.whole_tests(reading or one.written))
            exposed = None if is_copy else exposed_seed(one.others, self.checks.protected)
            found.append(_FoundRepeats(hits, tests, is_copy, exposed))
        return Signatures.of(ids, readings, paraphrases=self.paraphrases), found


def _batches(
    candidates: Iterable[Candidate], checks: RowChecks, publish: Publish
) -> Iterator[tuple[Sequence[Candidate], Sequence[_Texts]]]:
    is_protected = bool(checks.protected)
    for batch in cut(candidates, _BATCH):
        yield batch, [_texts(candidate, publish, is_protected=is_protected) for candidate in batch]


def _survive(
    candidates: Iterable[Candidate], found: Iterable[_FoundRepeats], decisions: Decisions, publish: Publish
) -> Iterator[bool]:
    """Note what candidates repeat; yield for each agreed one whether nothing drops it yet."""
    for candidate, one in zip(candidates, found, strict=True):
        exposed = _exposed(candidate, one, decisions, publish)
        if _is_test_copy(one.tests, decisions):
            decisions.test_copies.add(candidate.blueprint.id)
        if candidate.stage is not Stage.AGREED or candidate.reason or candidate.question is None:
            continue
        marks = [*_marks(candidate, one.hits, decisions), *exposed]
        dropped = decisions.reason_to_drop(marks)
        decisions.report.compared += 1
        if marks:
            decisions.marks[candidate.blueprint.id] = tuple(marks)
        is_limited = decisions.recipe.selection.max_reasoning is not None
        if is_too_long := is_limited and not publish(candidate):
            decisions.too_long.add(candidate.blueprint.id)
        yield dropped is None and not is_too_long and decisions.fits(candidate)


def _marks(candidate: Candidate, hits: Iterable[Hit], decisions: Decisions) -> Iterator[RepeatMark]:
    for hit in hits:
        if policy_of(hit.mark, decisions.recipe, decisions.checks.unshareable) != "ignore":
            decisions.report.count_problems(hit.mark, hit.problems)
            yield hit.mark
    for mark in decisions.checks.drawn_from(part.seed_id for part in candidate.blueprint.parts):
        decisions.report.count_problems(mark, [mark.id])
        yield mark


def _is_test_copy(tests: Iterable[RepeatMark], decisions: Decisions) -> bool:
    """Return whether a text is a test problem word for word, or repeats it in a way for which the recipe drops questions."""
    return any(
        mark.kind in ALWAYS_DROPPED or policy_of(mark, decisions.recipe, ()) == "drop" for mark in tests
    )


def _exposed(
    candidate: Candidate, found: _FoundRepeats, decisions: Decisions, publish: Publish
) -> list[RepeatMark]:
    """Note a candidate with text that may not be shared; return the mark for which it is no row, if nothing else is left of it."""
    if found.is_copy:
        decisions.copies.add(candidate.blueprint.id)
        return []  # an agreed one has its mark from the seeds
    if found.exposed is None:
        return []
    decisions.exposed.add(candidate.blueprint.id)
    is_row = bool(publish(withhold_parts(candidate, decisions.checks.protected)))
    return [] if is_row else [RepeatMark(check="seed", id=found.exposed, kind=CONTAINED)]
