"""What one question repeats: a seed problem, problems of the test sets."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from kpmath_builder.curation.ngrams import NgramChecks
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.policy import ALWAYS_DROPPED, DRAWN
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.protected import ProtectedTexts
from kpmath_builder.curation.signatures import RowReading
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
    seed_paraphrases, test_paraphrases
        How paraphrases of a seed or of a test problem are found; None: they are not looked for.
    """

    def __init__(
        self,
        seeds: Sequence[SeedProblem],
        benchmarks: Sequence[Benchmark],
        *,
        seed_paraphrases: Paraphrases | None = None,
        test_paraphrases: Paraphrases | None = None,
    ) -> None:
        self.benchmarks = benchmarks
        self._sets = [
            (one.name, ProblemIndex(_questions(one), paraphrases=test_paraphrases)) for one in benchmarks
        ]
        self._owners = [(one.name, problem.id) for one in benchmarks for problem in one.problems]
        self._ngrams = NgramChecks(
            (problem.question, problem.solution) for one in benchmarks for problem in one.problems
        )
        self._of_seeds = self._marks_of(seeds) if self._owners else {}
        self.seeds = [self._as_shareable(seed) for seed in seeds]
        """Those that were given; the text of one that is a test problem may not be shared, whatever its licence says."""
        ordered = sorted(self.seeds, key=lambda seed: (seed.shareable, seed.id))
        self.protected = ProtectedTexts(self.seeds)
        self.unshareable = frozenset(seed.id for seed in ordered if not seed.shareable)
        self._seeds = ProblemIndex(
            ((seed.id, seed.problem) for seed in ordered), paraphrases=seed_paraphrases
        )

    def find(self, question: str, solutions: Sequence[str]) -> list[Hit]:
        """Return what a question and its published solutions repeat: the seed first, then the test sets in their order."""
        return self.find_read(RowReading.of(question), solutions)

    def find_read(self, question: RowReading, solutions: Sequence[str]) -> list[Hit]:
        """Return what `find` returns, for a question that was read before."""
        seed = [("", self._seeds)] if len(self._seeds) else []
        return [*self._whole("seed", seed, question), *self.against_tests(question, solutions)]

    def copies_seed(self, question: RowReading) -> bool:
        """Return whether a question copies a seed that may not be shared, in whatever order of its sentences."""
        if not self.unshareable:
            return False
        return any(self.is_copy(hit.mark) for hit in self._whole("seed", [("", self._seeds)], question))

    def is_copy(self, mark: RepeatMark) -> bool:
        """Return whether a mark is that of a question that copies a seed that may not be shared."""
        return mark.check == "seed" and mark.id in self.unshareable and mark.kind in ALWAYS_DROPPED

    def whole_tests(self, text: RowReading | str) -> Iterator[RepeatMark]:
        """Yield which problem of each test set a text repeats as a whole."""
        if self._owners and text:
            read = RowReading.of(text) if isinstance(text, str) else text
            yield from (hit.mark for hit in self._whole("test", self._sets, read))

    def baseline(self) -> Counter[tuple[str, str]]:
        """Return test set and check to how many of the seeds themselves repeat it so."""
        return Counter((mark.set, mark.kind) for marks in self._of_seeds.values() for mark in marks)

    def drawn_from(self, seed_ids: Iterable[str]) -> list[RepeatMark]:
        """Return a mark for each test problem that stands among some seeds."""
        marks = (mark for name in seed_ids for mark in self._of_seeds.get(name, ()) if mark.kind == DRAWN)
        return list(dict.fromkeys(marks))

    def _marks_of(self, seeds: Iterable[SeedProblem]) -> Mapping[str, Sequence[RepeatMark]]:
        """Return what each seed repeats of the test sets; a seed that is a problem of one has a further mark."""
        found = {}
        for seed in seeds:
            marks = [hit.mark for hit in self.against_tests(RowReading.of(seed.problem), [seed.solution])]
            same = [mark.model_copy(update={"kind": DRAWN}) for mark in marks if mark.kind in ALWAYS_DROPPED]
            found[seed.id] = [*marks, *same]
        return found

    def _as_shareable(self, seed: SeedProblem) -> SeedProblem:
        return seed.model_copy(update={"shareable": False}) if self.drawn_from([seed.id]) else seed

    def against_tests(self, question: RowReading, solutions: Sequence[str]) -> Iterator[Hit]:
        """Yield what a question and its solutions repeat of the test sets, in their order."""
        if not self._owners:
            return
        yield from self._whole("test", self._sets, question)
        for hit in self._ngrams.find(question.text, solutions):
            for name, problems in self._by_set(hit.problems):
                mark = RepeatMark(check="test", set=name, id=problems[0], kind=hit.check)
                yield Hit(mark, hit.matched, tuple(problems))

    def _whole(
        self,
        check: Literal["seed", "test"],
        indexes: Iterable[tuple[str, ProblemIndex]],
        question: RowReading,
    ) -> Iterator[Hit]:
        for name, index in indexes:
            if repeat := index.find_form(*question):
                kind = repeat.kind.value
                mark = RepeatMark(
                    check=check, set=name, id=repeat.of, kind=kind, similarity=repeat.similarity
                )
                yield Hit(mark, repeat.matched, (repeat.of,))

    def _by_set(self, numbers: Iterable[int]) -> Iterator[tuple[str, list[str]]]:
        found: dict[str, list[str]] = {}
        for number in numbers:
            name, problem = self._owners[number]
            found.setdefault(name, []).append(problem)
        yield from found.items()


def _questions(benchmark: Benchmark) -> Iterator[tuple[str, str]]:
    return ((problem.id, problem.question) for problem in benchmark.problems)
