"""How far the draw followed the TCPM, and which combinations of topics no seed has (paper section 2.2; docs/method.md, 4)."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kpmath_builder.auditing.check import AuditedRow, RiskCheck
from kpmath_builder.auditing.report import AuditFinding, CheckResult, Figures, Risk, Severity
from kpmath_builder.auditing.significance import Fit, fit
from kpmath_builder.knowledge.cooccurrence import Tcpm
from kpmath_builder.records import Practice

__all__ = ["Drawing", "pair_probabilities"]

_LEVEL = 0.001
_SMALL = 0.1

Reals = npt.NDArray[np.float64]


def pair_probabilities(tcpm: Tcpm, practices: Sequence[Practice]) -> Reals:
    """Return P(first topic i, second topic j), shape (n, n), exactly as blueprints are drawn.

    The first topic is drawn by the row sums, the second by the first one's row. A topic that brings no problem besides the others' is
    drawn again, which leaves the proportions of the rest as they were: so pairs with one problem have probability 0. The sum is 0
    if no pair has two problems, for then nothing is drawn again.
    """
    place = {topic: i for i, topic in enumerate(tcpm.topics)}
    holders: list[set[str]] = [set() for _ in tcpm.topics]
    for practice in practices:
        for part in practice.topics:
            holders[place[part.topic]].add(practice.seed.id)
    alone = [next(iter(its)) if len(its) == 1 else None for its in holders]
    allowed = np.array([[a is None or a != b for b in alone] for a in alone])
    rows = tcpm.values * allowed
    sums = rows.sum(axis=1, keepdims=True)
    conditional = np.divide(rows, sums, out=np.zeros_like(rows), where=sums > 0)
    first = tcpm.values.sum(axis=1) * (sums[:, 0] > 0)
    if not first.sum():
        return np.zeros_like(rows)
    pairs: Reals = (first / first.sum())[:, None] * conditional
    return pairs


class Drawing(RiskCheck):
    """Counts of the first two topics of each blueprint, and of all its topics."""

    def __init__(self, tcpm: Tcpm, practices: Sequence[Practice]) -> None:
        self._topics = {topic: i for i, topic in enumerate(tcpm.topics)}
        self._probabilities = pair_probabilities(tcpm, practices)
        self._drawn = np.zeros_like(tcpm.counts)
        self._kept = np.zeros_like(tcpm.counts)
        self._unknown = 0
        self._sets: Counter[frozenset[str]] = Counter()
        self._holding = [frozenset(part.topic for part in practice.topics) for practice in practices]

    def row(self, row: AuditedRow) -> None:
        """Count one blueprint, if it has more topics than one."""
        topics = row.topics
        if any(topic not in self._topics for topic in topics):
            self._unknown += 1
            return
        if (
            len(topics) < 2
        ):  # the recipe's `blueprints.one_topic_share`; there is nothing in such a draw to test
            return
        pair = self._topics[topics[0]], self._topics[topics[1]]
        self._drawn[pair] += 1
        if row.published:
            self._kept[pair] += 1
            self._sets[frozenset(topics)] += 1

    def part(self) -> CheckResult:
        """Return the tests of both, and the share of new combinations."""
        drawn, kept = (
            fit(counts.ravel(), self._probabilities.ravel()) for counts in (self._drawn, self._kept)
        )
        rows = tuple(
            (what, it.count, it.statistic, it.freedom, it.p, it.effect, it.pooled, it.smallest_expected)
            for what, it in (("all blueprints", drawn), ("published rows", kept))
        )
        columns = (
            "what",
            "count",
            "chi-squared",
            "degrees of freedom",
            "p",
            "Cohen's w",
            "pairs pooled",
            "smallest expected",
        )
        note = (
            "Pearson's chi-squared of ordered pairs (first and second topic) against the probabilities of the draw, which come from the "
            "seeds alone; pairs with fewer than five expected are pooled into one cell; degrees of freedom are cells less one."
        )
        figures = Figures("drawing", Risk.BIAS, "Drawn pairs of topics against the TCPM", columns, rows, note)
        new = sum(
            count for topics, count in self._sets.items() if not any(topics <= its for its in self._holding)
        )
        total = self._sets.total()
        combined = Figures(
            "combinations",
            Risk.BIAS,
            "Combinations of topics",
            ("what", "count", "share"),
            (
                ("published rows", total, 1.0),
                ("rows whose topics no single seed has together", new, new / max(total, 1)),
                ("different combinations", len(self._sets), None),
            ),
        )
        return CheckResult((figures, combined), (*self._unlike(drawn, kept), *self._strangers()))

    def _unlike(self, drawn: Fit, kept: Fit) -> tuple[AuditFinding, ...]:
        found = []
        if drawn.p <= _LEVEL:
            severity = Severity.WARNING if drawn.effect >= _SMALL else Severity.NOTICE
            found.append(
                AuditFinding(
                    "drawing",
                    Risk.BIAS,
                    severity,
                    drawn.count,
                    f"The drawn pairs of topics do not follow the TCPM (chi-squared {drawn.statistic:.1f}, {drawn.freedom} degrees of freedom, "
                    f"p = {drawn.p:.1g}, Cohen's w {drawn.effect:.2f}).",
                    "A draw by the program follows it but for chance: run `kpmath verify`, which makes each blueprint again. In an unfinished "
                    "folder the shards that are there may end early for some topics.",
                )
            )
        elif kept.p <= _LEVEL and kept.effect >= _SMALL:
            found.append(
                AuditFinding(
                    "selection",
                    Risk.BIAS,
                    Severity.NOTICE,
                    kept.count,
                    f"The draw followed the TCPM; what was published of it does not any more (Cohen's w {kept.effect:.2f}, p = {kept.p:.1g}).",
                    "Questions of some topics are dropped more often than others: compare topics in `scored` by status and reason.",
                )
            )
        return tuple(found)

    def _strangers(self) -> tuple[AuditFinding, ...]:
        if not self._unknown:
            return ()
        return (
            AuditFinding(
                "unknown-topics",
                Risk.ROBUSTNESS,
                Severity.CRITICAL,
                self._unknown,
                f"Candidates with a topic that the knowledge of this folder does not have: {self._unknown:,}.",
                "They were not drawn from it: run `kpmath verify`.",
            ),
        )
