"""What an audit found: tables of figures, and findings with their rows, severity and what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.notebooks import fold, page, paragraphs, table

__all__ = ["ROWS_NAMED", "AuditFinding", "AuditReport", "CheckResult", "Figures", "Risk", "Severity"]

ROWS_NAMED = 20
"""Rows that a finding names; its count gives how many there are."""


class Risk(StrEnum):
    """The three risks of a synthetic set."""

    BIAS = "bias"
    ACCURACY = "accuracy"
    ROBUSTNESS = "robustness"


class Severity(IntEnum):
    """How much a finding weighs; ordered."""

    INFO = 0
    """Worth knowing."""
    NOTICE = 1
    """A difference that may be meant; look at it before you rely on the set."""
    WARNING = 2
    """Probably harms whoever trains on the rows."""
    CRITICAL = 3
    """Something was changed, or acts on readers or models: nothing is published before somebody has looked."""

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> "Severity":
        """Return the severity of that name; raises `InputError` for another word."""
        for severity in cls:
            if str(severity) == word.lower():
                return severity
        raise InputError(f'"{word[:40]}" is no severity: take one of {", ".join(map(str, cls))}.')


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One thing that somebody should look at."""

    id: str
    """What was found, for scripts."""
    risk: Risk
    severity: Severity
    count: int
    """Rows, files or categories that it is about."""
    sentence: str
    advice: str
    rows: tuple[str, ...] = ()
    """Ids of rows, at most `ROWS_NAMED`."""

    def __str__(self) -> str:
        named = (
            f" Rows: {', '.join(self.rows)}{' …' if self.count > len(self.rows) else ''}."
            if self.rows
            else ""
        )
        return f"{self.severity}: {self.sentence} {self.advice}{named}"

    def as_json(self) -> dict[str, Any]:
        """Return the finding as docs/scripting.md describes it."""
        return {
            "id": self.id,
            "risk": self.risk.value,
            "severity": str(self.severity),
            "count": self.count,
            "sentence": self.sentence,
            "advice": self.advice,
            "rows": list(self.rows),
        }


@dataclass(frozen=True, slots=True)
class Figures:
    """One table of figures."""

    id: str
    risk: Risk
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | None, ...], ...]
    note: str = ""
    """How the figures are made, in a sentence."""

    def as_json(self) -> dict[str, Any]:
        """Return the table as docs/scripting.md describes it."""
        return {
            "id": self.id,
            "risk": self.risk.value,
            "title": self.title,
            "note": self.note,
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
        }

    def texts(self) -> Iterator[tuple[str, ...]]:
        """Yield the rows as texts."""
        for row in self.rows:
            yield tuple(_as_text(cell) for cell in row)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check has to say."""

    figures: tuple[Figures, ...] = ()
    findings: tuple[AuditFinding, ...] = ()


@dataclass(frozen=True)
class AuditReport:
    """What an audit of a build folder found."""

    folder: Path
    state: str
    """Whether the folder is finished, unfinished or damaged, in plain words."""
    looked_at: Mapping[str, int]
    """How many seed problems, candidates, published questions and responses were looked at."""
    figures: tuple[Figures, ...]
    findings: tuple[AuditFinding, ...]
    """The most severe first."""
    not_looked_at: tuple[str, ...] = ()
    """What was not looked at, each with the reason."""

    @property
    def worst(self) -> Severity | None:
        """The highest severity; None without a finding."""
        return max((finding.severity for finding in self.findings), default=None)

    def at_least(self, severity: Severity) -> tuple[AuditFinding, ...]:
        """Return the findings of this severity and above."""
        return tuple(finding for finding in self.findings if finding.severity >= severity)

    def counts(self) -> dict[str, int]:
        """Return how many findings there are of each severity, the highest first."""
        return {str(s): sum(f.severity is s for f in self.findings) for s in reversed(Severity)}

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        return {
            "folder": str(self.folder),
            "state": self.state,
            "looked_at": dict(self.looked_at),
            "not_looked_at": list(self.not_looked_at),
            "severities": self.counts(),
            "findings": [finding.as_json() for finding in self.findings],
            "figures": [figures.as_json() for figures in self.figures],
        }

    def lines(self) -> Iterator[str]:
        """Yield what there is to say on a terminal: the state, what was looked at and what was not, and the findings."""
        yield f"{self.folder}: {self.state}"
        yield from self.scope()
        yield from (f"- {finding}" for finding in self.findings)
        yield ", ".join(f"{count:,} {severity}" for severity, count in self.counts().items()) + "."

    def scope(self) -> Iterator[str]:
        """Yield what was looked at, and what was not."""
        looked = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in self.looked_at.items())
        yield f"Looked at {looked or 'nothing'}."
        if self.not_looked_at:
            yield f"Not looked at: {'; '.join(self.not_looked_at)}."

    def _repr_html_(self) -> str:
        folds = [
            fold(figures.title, table(figures.columns, figures.texts()) + paragraphs([figures.note]))
            for figures in self.figures
        ]
        return page([paragraphs(self.lines()), *folds])


def _as_text(cell: str | float | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return f"{cell:,}" if isinstance(cell, int) else cell
