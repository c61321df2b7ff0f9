"""What one question repeats: a seed problem, problems of the test sets."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kpmath_builder.curation.ngrams import NgramChecks
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.protected import ProtectedTexts
from kpmath_builder.records import RepeatMark, SeedProblem
from kpmath_builder.seeds.benchmarks import Benchmark

__all__ = ["Hit", "RowChecks"]


class Hit(NamedTuple):
    """One repeat, and what only this machine may see of it."""

    mark: RepeatMark
    matched: str
    """What matched: it can be the text of a test set, and is written nowhere."""
    problems: tuple[str, ...]
    """Ids of all that are repeated in this way; the mark names the first."""


class RowChecks:
    """Compares questions and solutions with the seeds and the test sets of a build.

    Parameters
    ----------
    seeds
        Those that may not be shared are found before the others.
    benchmarks
        Test sets; one that was not read finds nothing.
    """

    def __init__(self, seeds: Sequence[SeedProblem], benchmarks: Sequence[Benchmark]) -> None:
        ordered = sorted(seeds, key=lambda seed: (seed.shareable, seed.id))
        self.seeds = seeds
        self.benchmarks = benchmarks
        self.protected = ProtectedTexts(seeds)
        self.unshareable = frozenset(seed.id for seed in seeds if not seed.shareable)
        self._seeds = ProblemIndex((seed.id, seed.problem) for seed in ordered)
        self._sets = [
            (one.name, ProblemIndex((problem.id, problem.question) for problem in one.problems))
            for one in benchmarks
        ]
        self._owners = [(one.name, problem.id) for one in benchmarks for problem in one.problems]
        self._ngrams = NgramChecks(
            (problem.question, problem.solution) for one in benchmarks for problem in one.problems
        )

    def find(self, question: str, solutions: Sequence[str]) -> list[Hit]:
        """Return what a question and its published solutions repeat: the seed first, then the test sets in their order."""
        return [*self._seed(question), *self.against_tests(question, solutions)]

    def against_tests(self, question: str, solutions: Sequence[str]) -> Iterator[Hit]:
        """Yield what they repeat of the test sets alone."""
        for name, index in self._sets:
            if repeat := index.find(question):
                mark = RepeatMark(
                    check="test", set=name, id=repeat.of, kind=repeat.kind.value, similarity=repeat.similarity
                )
                yield Hit(mark, repeat.matched, (repeat.of,))
        for hit in self._ngrams.find(question, solutions) if self._owners else ():
            for name, problems in self._by_set(hit.problems):
                yield Hit(
                    RepeatMark(check="test", set=name, id=problems[0], kind=hit.check),
                    hit.matched,
                    tuple(problems),
                )

    def baseline(self) -> Counter[tuple[str, str]]:
        """Return test set and check to how many of the seeds themselves repeat it so."""
        counts: Counter[tuple[str, str]] = Counter()
        if self._owners:
            for seed in self.seeds:
                hits = self.against_tests(seed.problem, [seed.solution])
                counts.update((hit.mark.set, hit.mark.kind) for hit in hits)
        return counts

    def _seed(self, question: str) -> Iterator[Hit]:
        if repeat := self._seeds.find(question):
            mark = RepeatMark(
                check="seed", id=repeat.of, kind=repeat.kind.value, similarity=repeat.similarity
            )
            yield Hit(mark, repeat.matched, (repeat.of,))

    def _by_set(self, numbers: Iterable[int]) -> Iterator[tuple[str, list[str]]]:
        found: dict[str, list[str]] = {}
        for number in numbers:
            name, problem = self._owners[number]
            found.setdefault(name, []).append(problem)
        yield from found.items()
