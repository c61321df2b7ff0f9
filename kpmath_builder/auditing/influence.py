"""Whether one source, or one seed problem, decides what a topic is: whoever controls it controls the rows of that topic."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from kpmath_builder.auditing.check import AuditedRow, AuditedSeed, RiskCheck
from kpmath_builder.auditing.report import ROWS_NAMED, AuditFinding, CheckResult, Figures, Risk, Severity
from kpmath_builder.auditing.significance import share_above

__all__ = ["Influence"]

_LEVEL = 0.01
"""Over all topics together (Bonferroni)."""
_DOMINATES = 0.9
"""Share of a topic's seed problems from one source."""
_HALF = 0.5
_DRAWN_AT_LEAST = 20
"""Uses of a topic from which the share of one seed problem says something."""


class Influence(RiskCheck):
    """Counts, by topic, of the sources of its seed problems, and of the seed problems behind its rows."""

    def __init__(self) -> None:
        self._sources: Counter[str] = Counter()
        self._of_topic: dict[str, Counter[str]] = defaultdict(Counter)
        self._problems: Counter[str] = Counter()
        self._used: dict[str, Counter[str]] = defaultdict(Counter)

    def seed(self, seed: AuditedSeed) -> None:
        """Count the source of a practice for each of its topics."""
        if seed.topics:
            self._sources[seed.record.source] += 1
        for topic in set(seed.topics):
            self._of_topic[topic][seed.record.source] += 1
            self._problems[topic] += 1

    def row(self, row: AuditedRow) -> None:
        """Count which seed problem a published row was drawn with for each topic."""
        if row.published:
            for topic, seed_id in zip(row.topics, row.seed_ids, strict=True):
                self._used[topic][seed_id] += 1

    def part(self) -> CheckResult:
        """Return the most narrow topics, and those that one source or problem dominates."""
        few = [
            (topic, self._problems[topic], its.total(), its.most_common(1)[0])
            for topic, its in self._used.items()
        ]
        narrow = sorted(few, key=lambda it: (-it[3][1] / it[2], -it[2], it[0]))
        rows = tuple((topic, n, uses, best[0], best[1] / uses) for topic, n, uses, best in narrow[:15])
        columns = ("topic", "seed problems", "uses in rows", "most used problem", "its share")
        figures = Figures(
            "influence", Risk.ROBUSTNESS, "Topics that rest on few seed problems", columns, rows
        )
        return CheckResult(
            (figures,) if rows else (), (*self._sources_that_dominate(), *self._problems_that_dominate())
        )

    def _sources_that_dominate(self) -> Iterator[AuditFinding]:
        total = self._sources.total()
        if len(self._sources) < 2:  # with one source there is nothing to be told apart
            return
        found: dict[str, list[str]] = defaultdict(list)
        for topic, its in sorted(self._of_topic.items()):
            source, count = its.most_common(1)[0]
            usual = self._sources[source] / total
            p = share_above(count, its.total(), usual) * len(self._of_topic)
            if count >= _DOMINATES * its.total() and p <= _LEVEL:
                found[source].append(topic)
        for source, topics in sorted(found.items()):
            yield AuditFinding(
                "source-dominates",
                Risk.ROBUSTNESS,
                Severity.NOTICE,
                len(topics),
                f"The source {source} has {self._sources[source] / total:.0%} of the seed problems, and at least {_DOMINATES:.0%} of those "
                f"of some topics, {len(topics):,}: {'; '.join(topics[:10])}{' …' if len(topics) > 10 else ''}.",
                "If you trust another source more, look at rows of these topics first: nothing else checks what they say.",
            )

    def _problems_that_dominate(self) -> Iterator[AuditFinding]:
        """Yield topics of several problems of which one is behind over half of the uses; a topic of one problem is no news."""
        found = []
        for topic, uses in self._used.items():
            seed_id, count = uses.most_common(1)[0]
            problems = self._problems[topic]
            if problems < 3 or uses.total() < _DRAWN_AT_LEAST or count <= _HALF * uses.total():
                continue
            if share_above(count, uses.total(), 1 / problems) * len(self._used) <= _LEVEL:
                found.append((count, topic, seed_id))
        found.sort(key=lambda it: (-it[0], it[1]))
        if found:
            said = "; ".join(f"{topic} ({seed_id}, {count:,} uses)" for count, topic, seed_id in found[:5])
            yield AuditFinding(
                "problem-dominates",
                Risk.ROBUSTNESS,
                Severity.WARNING,
                len(found),
                f"Topics with several seed problems of which one is behind over half of the published rows, {len(found):,}: {said}.",
                "Its questions pass more easily than those of the others. Read some, and the seed problem.",
                tuple(seed_id for _, _, seed_id in found[:ROWS_NAMED]),
            )
