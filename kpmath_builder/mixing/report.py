"""What came in of each source, what stayed, and why the rest went: counted while the rows are written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kpmath_builder.curation.policy import flag_of
from kpmath_builder.mixing.collecting import Spool
from kpmath_builder.mixing.judging import Fate
from kpmath_builder.mixing.rows import LeftOut, MixRow
from kpmath_builder.seeds.benchmarks import Benchmark

__all__ = ["MixReport", "SourceCounts"]

_FOR_THEIR_LICENCE = (LeftOut.LICENCE, LeftOut.MATH, LeftOut.MAY_BE_MATH)


@dataclass
class SourceCounts:
    """The rows of one source."""

    source: str
    came: int = 0
    stayed: int = 0
    left: Counter[LeftOut] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    """Of the rows that stayed."""
    flagged: Counter[str] = field(default_factory=Counter)
    """How rows that stayed repeat others."""
    unshared: Counter[tuple[str, str, LeftOut]] = field(default_factory=Counter)
    """Part, licence and reason of rows that stay out because their text may not be shared."""

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        return {
            "source": self.source,
            "came": self.came,
            "stayed": self.stayed,
            "left_out": {reason.value: self.left[reason] for reason in LeftOut if self.left[reason]},
            "licences": dict(sorted(self.licences.items())),
            "flagged": dict(sorted(self.flagged.items())),
        }


class MixReport:
    """The counts of all sources, in the order of preference, and the overlaps with the test sets.

    Parameters
    ----------
    spools
        The sources, the preferred first.
    tests
        The test sets, also those that could not be read.
    """

    def __init__(self, spools: Sequence[Spool], tests: Sequence[Benchmark]) -> None:
        self.sources = {spool.name: SourceCounts(spool.source) for spool in spools}
        self.tests = tests
        self.overlaps: Counter[tuple[str, str, str]] = Counter()
        """Test set, check and source to rows, dropped or flagged."""

    def add(self, name: str, row: MixRow, fate: Fate) -> None:
        """Count a row of a source."""
        counts = self.sources[name]
        counts.came += 1
        for mark in fate.marks:
            if mark.check == "test":
                self.overlaps[mark.set, mark.kind, name] += 1
        if fate.reason is None:
            counts.stayed += 1
            counts.licences[row.licence] += 1
            counts.flagged.update(map(flag_of, fate.marks))
            return
        counts.left[fate.reason] += 1
        if fate.reason in _FOR_THEIR_LICENCE:
            counts.unshared[row.subset, row.licence, fate.reason] += 1

    @property
    def licences(self) -> set[str]:
        """The licences of the rows that stayed."""
        return {licence for counts in self.sources.values() for licence in counts.licences}

    @property
    def rows(self) -> int:
        """The rows that stayed."""
        return sum(counts.stayed for counts in self.sources.values())

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Return a header and a line per source: what came in, what stayed, and each reason for which a row went."""
        reasons = [
            reason for reason in LeftOut if any(counts.left[reason] for counts in self.sources.values())
        ]
        header = ("source", "set", "came in", "stayed", *(reason.value for reason in reasons))
        lines = [
            (
                name,
                counts.source,
                f"{counts.came:,}",
                f"{counts.stayed:,}",
                *(f"{counts.left[reason]:,}" for reason in reasons),
            )
            for name, counts in self.sources.items()
        ]
        total = ["all", ""]
        total += [
            f"{sum(getattr(counts, each) for counts in self.sources.values()):,}"
            for each in ("came", "stayed")
        ]
        total += [f"{sum(counts.left[reason] for counts in self.sources.values()):,}" for reason in reasons]
        return header, [*lines, tuple(total)]

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        overlaps = [
            {"test": test, "check": check, "source": name, "rows": rows}
            for (test, check, name), rows in sorted(self.overlaps.items())
        ]
        return {
            "sources": {name: counts.as_json() for name, counts in self.sources.items()},
            "tests": [
                {
                    "name": one.name,
                    "problems": len(one.problems),
                    "digest": one.digest,
                    "not_checked": one.fault,
                }
                for one in self.tests
            ],
            "overlaps": overlaps,
        }
