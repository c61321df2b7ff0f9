"""Seed problems that are problems of a test set: whatever is made of them was made of the test."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from kpmath_builder.auditing.report import ROWS_NAMED, AuditFinding, Risk, Severity
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.errors import KpmathError
from kpmath_builder.recipe import TestSetSettings
from kpmath_builder.records import SeedProblem
from kpmath_builder.seeds.benchmarks import Benchmark, read_benchmarks

__all__ = ["SeedsOfTests"]

_SAME = (RepeatKind.VERBATIM.value, RepeatKind.REFORMATTED.value)
"""How a seed is a test problem; other kinds were made of one, or look as if they were."""
_LIKE = (RepeatKind.RENUMBERED.value, RepeatKind.RENAMED.value, RepeatKind.NEAR.value)
_MANY = 0.01
"""Share of the seeds that no public training set has of its test set: somebody put the test among the seeds."""
_ADVICE = "Take them out of the seeds and build in a new folder, or do not report on this test set: rows were made of them."


@dataclass
class SeedsOfTests:
    """Compares the seeds with the test sets that can be read here without asking anybody; the others by what the build counted.

    Parameters
    ----------
    seeds
        The seed problems.
    sets
        The test sets of the recipe.
    curation
        What the build counted, None before it is finished.
    """

    seeds: Sequence[SeedProblem]
    sets: Sequence[TestSetSettings]
    curation: CurationReport | None

    def unread(self) -> Iterator[str]:
        """Yield which test sets neither the build nor this audit could read, as ends of a sentence."""
        told = {one.name: one.fault for one in self.curation.sets} if self.curation else {}
        for one in self.sets:
            fault = told.get(one.title, "the build compares them once it is finished")
            if fault and one.path is None:
                yield f"whether seeds are problems of {one.title} ({fault.rstrip('.')})"

    def findings(self) -> Iterator[AuditFinding]:
        """Yield a finding for each test set and severity."""
        for one in self.sets:
            counted = self._counted(one.title)
            is_open = self.curation is None and one.path is not None
            ids = self._ids(one) if is_open or any(counted.values()) else {}
            for kinds in (_SAME, _LIKE):
                named = list(chain.from_iterable(ids.get(kind, ()) for kind in kinds))
                count = max(len(named), sum(counted[kind] for kind in kinds))
                if count:
                    yield self._finding(one.title, kinds, count, named)

    def _counted(self, name: str) -> dict[str, int]:
        baseline = self.curation.baseline if self.curation else {}
        return {kind: baseline.get((name, kind), 0) for kind in (*_SAME, *_LIKE)}

    def _ids(self, one: TestSetSettings) -> dict[str, list[str]]:
        """Return the ids of the seeds that repeat a test set, by how they do; none if it cannot be read."""
        try:
            (benchmark,) = read_benchmarks([one], ask_hub=False)
        except KpmathError:
            return {}
        found: dict[str, list[str]] = {}
        for seed_id, kind in _repeats(self.seeds, benchmark):
            found.setdefault(kind, []).append(seed_id)
        return found

    def _finding(self, name: str, kinds: Sequence[str], count: int, ids: Sequence[str]) -> AuditFinding:
        severity = Severity.NOTICE
        if kinds is _SAME:
            severity = Severity.CRITICAL if count >= _MANY * len(self.seeds) else Severity.WARNING
        how = "are" if kinds is _SAME else "are like"
        unnamed = "" if ids else " The seeds are not named, because the set cannot be read here as it was."
        return AuditFinding(
            "seeds-of-test",
            Risk.ROBUSTNESS,
            severity,
            count,
            f"Seed problems that {how} problems of the test set {name} ({' or '.join(kinds)}): {count:,} of {len(self.seeds):,}.",
            f"{_ADVICE}{unnamed}",
            tuple(ids[:ROWS_NAMED]),
        )


def _repeats(seeds: Iterable[SeedProblem], benchmark: Benchmark) -> Iterator[tuple[str, str]]:
    index = ProblemIndex((problem.id, problem.question) for problem in benchmark.problems)
    for seed in seeds if benchmark.problems else ():
        if repeat := index.find(seed.problem):
            yield seed.id, repeat.kind.value
