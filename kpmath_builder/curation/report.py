"""The table of what was found: per test set and check, how many rows, how many test problems, and how many of the seeds themselves.

Without the last figure the others say little: seeds and test sets share stock phrases, and sometimes problems. It holds counts alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kpmath_builder.curation.ngrams import QUESTION_13, QUESTION_20, SOLUTION_30
from kpmath_builder.curation.policy import CONTAINED, DRAWN
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.records import RepeatMark
from kpmath_builder.seeds.benchmarks import Benchmark

__all__ = ["CurationReport", "ReportLine", "SetReport"]

_ORDER = (*(kind.value for kind in RepeatKind), CONTAINED, QUESTION_13, QUESTION_20, SOLUTION_30, DRAWN)
_TEST_CHECKS = tuple(kind for kind in _ORDER if kind != CONTAINED)
_IF_FOUND = frozenset({RepeatKind.PARAPHRASE.value, DRAWN})
"""Checks without a line if they found nothing: they are not always made."""


class ReportLine(NamedTuple):
    """One check: what it found among the rows, and what of that is not published, because of this check or another."""

    check: str
    found: int
    dropped: int
    problems: int = 0
    """Test problems that rows repeat; 0 for seeds and rows."""
    baseline: int = 0
    """Seed problems that repeat the test set in the same way."""


@dataclass
class SetReport:
    """What is known of one test set."""

    name: str
    digest: str
    problems: int
    fault: str
    """Why it was not compared; "" if it was."""


@dataclass
class CurationReport:
    """Counts over all agreed questions of a build."""

    sets: list[SetReport] = field(default_factory=list)
    seeds: int = 0
    compared: int = 0
    """Agreed questions, each of which was compared."""
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What was repeated ("seed", "row", or "test" and a set's name) and how, to the number of questions."""
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    baseline: Counter[tuple[str, str]] = field(default_factory=Counter)
    """A test set's name and how it is repeated, to the number of seeds that do so."""
    problems: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """Ids of the test problems that questions repeat."""

    @classmethod
    def of(cls, benchmarks: Sequence[Benchmark], seeds: int) -> "CurationReport":
        """Return a report without counts."""
        sets = [SetReport(one.name, one.digest, len(one.problems), one.fault) for one in benchmarks]
        return cls(sets, seeds)

    def count(self, marks: Iterable[RepeatMark], *, is_dropped: bool) -> None:
        """Count all that one question repeats, and whether it is dropped for any of it."""
        keys = set(map(_key, marks))  # a question can be drawn from two problems of one set
        self.found.update(keys)
        if is_dropped:
            self.dropped.update(keys)

    def count_problems(self, mark: RepeatMark, problems: Iterable[str]) -> None:
        """Count the test problems that a question repeats."""
        if mark.check == "test":
            self.problems[_key(mark)].update(problems)

    def lines(self, what: str) -> list[ReportLine]:
        """Return a line for each check that found something among the `what`: "seed" or "row"."""
        kinds = [kind for kind in _ORDER if self.found[what, kind]]
        return [ReportLine(kind, self.found[what, kind], self.dropped[what, kind]) for kind in kinds]

    def test_lines(self, name: str) -> list[ReportLine]:
        """Return a line for each check against a test set, whether it found something or not; paraphrases and seeds that stand in it only if there are some."""
        what = f"test {name}"
        return [
            ReportLine(
                kind,
                self.found[what, kind],
                self.dropped[what, kind],
                len(self.problems.get((what, kind), ())),
                self.baseline[name, kind],
            )
            for kind in _TEST_CHECKS
            if kind not in _IF_FOUND or self.found[what, kind] or self.baseline[name, kind]
        ]

    def seeds_in_tests(self) -> Mapping[str, int]:
        """Return how many seed problems are problems of each test set; a set without any is left out."""
        counts = {one.name: self.baseline[one.name, DRAWN] for one in self.sets}
        return {name: count for name, count in counts.items() if count}

    def sentences(self) -> Iterator[str]:
        """Yield what a terminal shows: a warning of seeds that are test problems, then sentences about duplicates, seeds, each test set."""
        of = f"Of {self.compared:,} agreed questions"
        for name, count in self.seeds_in_tests().items():
            drawn, dropped = (counts[f"test {name}", DRAWN] for counts in (self.found, self.dropped))
            yield (
                f"WARNING: {count:,} of {self.seeds:,} seed problems are problems of {name}. {of}, {drawn:,} were drawn from them "
                f"({dropped:,} dropped): take them out of the seeds."
            )
        for what, repeats in (("row", "repeat an earlier one"), ("seed", "repeat a seed problem")):
            if lines := self.lines(what):
                said = ", ".join(f"{line.found:,} {line.check} ({line.dropped:,} dropped)" for line in lines)
                yield f"{of}, so many {repeats}: {said}."
        if not self.sets:
            yield "No test set was compared: the recipe names none (contamination.sets)."
        for one in self.sets:
            if one.fault:
                yield f"{one.name} was not checked: {one.fault}"
                continue
            lines = [line for line in self.test_lines(one.name) if line.found or line.baseline]
            said = ", ".join(
                f"{line.found:,} {line.check} ({line.dropped:,} dropped; {line.baseline:,} of {self.seeds:,} seeds)"
                for line in lines
            )
            yield f"{of}, so many repeat one of the {one.problems:,} problems of {one.name}: {said or 'none, by any check'}."

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON values; `from_json` reads them back."""
        return {
            "compared": self.compared,
            "seeds": self.seeds,
            "seed_repeats": [line._asdict() for line in self.lines("seed")],
            "duplicates": [line._asdict() for line in self.lines("row")],
            "test_sets": [
                {
                    "name": one.name,
                    "digest": one.digest,
                    "problems": one.problems,
                    "not_checked": one.fault,
                    "checks": [line._asdict() for line in self.test_lines(one.name)] if not one.fault else [],
                }
                for one in self.sets
            ],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "CurationReport":
        """Return the report that `as_json` described; test problems are numbered anew."""
        report = cls(seeds=told["seeds"], compared=told["compared"])
        groups = [("seed", told["seed_repeats"]), ("row", told["duplicates"])]
        for one in told["test_sets"]:
            report.sets.append(SetReport(one["name"], one["digest"], one["problems"], one["not_checked"]))
            groups.append((f"test {one['name']}", one["checks"]))
            report.baseline.update({(one["name"], line["check"]): line["baseline"] for line in one["checks"]})
        for what, lines in groups:
            for line in lines:
                key = (what, line["check"])
                report.found[key], report.dropped[key] = line["found"], line["dropped"]
                report.problems[key] = {str(number) for number in range(line["problems"])}
        return report


def _key(mark: RepeatMark) -> tuple[str, str]:
    return f"{mark.check} {mark.set}".strip(), mark.kind
