"""Distributions of the published rows beside those of the seeds: topics, subjects, difficulty, answers, people, money, units."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kpmath_builder.auditing.check import AuditedRow, AuditedSeed, RiskCheck
from kpmath_builder.auditing.features import (
    answer_type,
    currencies_in,
    genders_in,
    names_in,
    steps_of,
    units_in,
)
from kpmath_builder.auditing.report import AuditFinding, CheckResult, Figures, Risk, Severity
from kpmath_builder.auditing.significance import Fit, homogeneity

__all__ = ["Distributions"]

_SHOWN = 25
_LEVEL = 0.001
_SMALL, _LARGE = 0.1, 0.3
"""Cramér's V from which a difference is small, and medium (Cohen): the first is worth a notice, the second a warning."""
_NONE = "none stated"
_NO_SUCH = "none"


@dataclass
class _Distribution:
    """How often each category stands in the seeds and in the result."""

    id: str
    title: str
    unit: str
    """What is counted: rows, or names."""
    seeds: Counter[str] = field(default_factory=Counter)
    result: Counter[str] = field(default_factory=Counter)

    def figures(self) -> Figures:
        """Return the most frequent categories of both sides."""
        totals = self.seeds.total() or 1, self.result.total() or 1
        order = sorted(
            self.seeds.keys() | self.result.keys(),
            key=lambda name: (-self.seeds[name] / totals[0] - self.result[name] / totals[1], name),
        )
        rows = tuple(
            (
                name,
                self.seeds[name],
                self.seeds[name] / totals[0],
                self.result[name],
                self.result[name] / totals[1],
            )
            for name in order[:_SHOWN]
        )
        test = self._test()
        note = f"{self.unit} are counted. {len(order):,} categories" + (
            f", the {_SHOWN} most frequent are shown." if len(order) > _SHOWN else "."
        )
        if test.freedom:
            note += (
                f" Homogeneity: chi-squared {test.statistic:.1f}, {test.freedom} degrees of freedom, p = {test.p:.2g}, Cramér's V "
                f"{test.effect:.3f}; {test.pooled} categories with fewer than five expected are pooled, the smallest expected count is "
                f"{test.smallest_expected:.1f}."
            )
        columns = (self.id.replace("-", " "), "seeds", "share of seeds", "result", "share of result")
        return Figures(self.id, Risk.BIAS, self.title, columns, rows, note)

    def findings(self) -> Iterator[AuditFinding]:
        """Yield the difference, if it is neither chance nor tiny."""
        test = self._test()
        if test.p > _LEVEL or test.effect < _SMALL:
            return
        totals = self.seeds.total(), self.result.total()
        gap = {
            name: self.result[name] / totals[1] - self.seeds[name] / totals[0]
            for name in self.seeds | self.result
        }
        more, less = (
            max(gap, key=lambda name: (gap[name], name)),
            min(gap, key=lambda name: (gap[name], name)),
        )
        severity = Severity.WARNING if test.effect >= _LARGE else Severity.NOTICE
        yield AuditFinding(
            f"bias-{self.id}",
            Risk.BIAS,
            severity,
            sum(abs(value) > 0 for value in gap.values()),
            f"{self.title}: the result differs from the seeds (Cramér's V {test.effect:.2f}, p = {test.p:.1g}): most gained “{more}” "
            f"({self._shares(more)}), most lost “{less}” ({self._shares(less)}).",
            "Decide whether that is meant. Seeds, drawing (`blueprints.…`) and what judge and vote let through all shift it: compare the "
            "shares in `scored` by status, or weight the rows when you train.",
        )

    def _shares(self, name: str) -> str:
        return f"{self.seeds[name] / self.seeds.total():.1%} of seeds, {self.result[name] / self.result.total():.1%} of the result"

    def _test(self) -> Fit:
        names = sorted(self.seeds.keys() | self.result.keys())
        first, second = (
            np.array([side[name] for name in names], np.int64) for side in (self.seeds, self.result)
        )
        return homogeneity(first, second)


_OF_TEXT: Mapping[str, Callable[[str], Iterable[str]]] = {
    "genders": genders_in,
    "currencies": currencies_in,
    "units": units_in,
}


class Distributions(RiskCheck):
    """Every distribution at once: each seed problem counts once, each published question once."""

    def __init__(self) -> None:
        titles = {
            "topics": ("Topics", "Topics of practices, and drawn topics of rows,"),
            "subjects": ("Subjects", "First parts of topics"),
            "levels": (
                "Difficulty that the source states",
                "Seed problems, and the seed problems behind rows,",
            ),
            "steps": ("Difficulty by stated results in a solution", "Solutions"),
            "answer-types": ("Types of answers", "Answers"),
            "names": ("First names", "Names, once a problem,"),
            "genders": ("Who bears the first names", "Names, once a problem, and problems without one,"),
            "currencies": ("Currencies", "Problems by currency, and problems without one,"),
            "units": ("Units", "Problems by unit, and problems without one,"),
        }
        self._all = {name: _Distribution(name, title, unit) for name, (title, unit) in titles.items()}
        self._levels: dict[str, str] = {}
        self._topics_of_seeds: Counter[str] = Counter()

    @property
    def ids(self) -> tuple[str, ...]:
        """What is compared."""
        return tuple(self._all)

    def seed(self, seed: AuditedSeed) -> None:
        """Count one seed problem."""
        self._levels[seed.record.id] = seed.record.level or _NONE
        self._topics_of_seeds.update(set(seed.topics))
        record = seed.record
        texts = record.problem, record.solution, record.answer
        self._count("seeds", texts, seed.topics, [record.level or _NONE])

    def row(self, row: AuditedRow) -> None:
        """Count one published question with its first agreed solution."""
        if row.published and (solution := row.solution):
            levels = [self._levels.get(seed_id, _NONE) for seed_id in dict.fromkeys(row.seed_ids)]
            topics = list(dict.fromkeys(row.topics))
            texts = row.question, solution["text"], solution["answer"] or ""
            self._count("result", texts, topics, levels)

    def _count(
        self, side: str, texts: tuple[str, str, str], topics: Sequence[str], levels: Sequence[str]
    ) -> None:
        problem, solution, answer = texts
        found: dict[str, Iterable[str]] = {
            "topics": topics,
            "subjects": dict.fromkeys(topic.partition(" - ")[0] for topic in topics),
            "levels": levels,
            "steps": [steps_of(solution)],
            "answer-types": [answer_type(answer)],
            "names": names_in(problem),
            **{name: list(of_text(problem)) or [_NO_SUCH] for name, of_text in _OF_TEXT.items()},
        }
        for name, values in found.items():
            counter: Counter[str] = getattr(self._all[name], side)
            counter.update(list(values))  # a mapping would be taken for counts

    def part(self) -> CheckResult:
        """Return all distributions, and the topics that the result lacks."""
        used = [it for it in self._all.values() if it.id != "levels" or set(it.seeds) - {_NONE}]
        if not self._all["steps"].result:
            return CheckResult(tuple(it.figures() for it in used if it.seeds))
        findings = [finding for it in used for finding in it.findings()]
        return CheckResult(tuple(it.figures() for it in used), (*findings, *self._missing()))

    def _missing(self) -> Iterator[AuditFinding]:
        missing = {
            topic: n for topic, n in self._topics_of_seeds.items() if topic not in self._all["topics"].result
        }
        if missing:
            order = sorted(missing, key=lambda topic: (-missing[topic], topic))
            named = "; ".join(f"{topic} ({missing[topic]:,} seeds)" for topic in order[:10])
            yield AuditFinding(
                "missing-topics",
                Risk.BIAS,
                Severity.NOTICE,
                len(missing),
                f"Topics of the seeds without a published row, {len(missing):,} of {len(self._topics_of_seeds):,}: {named}"
                f"{' …' if len(missing) > 10 else ''}.",
                "Build more questions (`build.questions`), or look in `scored` why those of these topics are dropped.",
            )
