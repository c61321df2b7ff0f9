"""What every check of the pass is given: the seeds, then each candidate once, in the order of their numbers."""

from dataclasses import dataclass, field
from typing import Any

from kpmath_builder.auditing.report import ROWS_NAMED, AuditFinding, CheckResult, Risk, Severity
from kpmath_builder.records import SeedProblem

__all__ = ["AuditedRow", "AuditedSeed", "Hits", "RiskCheck"]


@dataclass(frozen=True, slots=True)
class AuditedSeed:
    """One seed problem."""

    record: SeedProblem
    topics: tuple[str, ...]
    """Its clustered topics; none if it is no practice."""


@dataclass(frozen=True, slots=True)
class AuditedRow:
    """One candidate, as a row of `scored` has it."""

    values: dict[str, Any]
    published: bool
    """Whether it is kept, or may be: agreed upon in a build that is not finished."""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.values["id"])

    @property
    def question(self) -> str:
        """The question; empty where none was written, or it is withheld."""
        return self.values["question"] or ""

    @property
    def topics(self) -> list[str]:
        """The drawn topics in the order of the draw."""
        return [part["topic"] for part in self.values["key_points"]]

    @property
    def seed_ids(self) -> list[str]:
        """The seed problem of each drawn topic."""
        return [part["seed_id"] for part in self.values["key_points"]]

    @property
    def solutions(self) -> list[dict[str, Any]]:
        """All solutions."""
        return self.values["solutions"] or []

    @property
    def solution(self) -> dict[str, Any] | None:
        """The first solution that the consensus retains."""
        return next((solution for solution in self.solutions if solution["agreed"]), None)


class RiskCheck:
    """One check: sees the seeds, then the rows, and then says what it found. It holds counts, never the rows themselves."""

    def seed(self, seed: AuditedSeed) -> None:
        """See one seed problem."""

    def row(self, row: AuditedRow) -> None:
        """See one candidate."""

    def part(self) -> CheckResult:
        """Return figures and findings."""
        return CheckResult()


@dataclass
class Hits:
    """Rows that one rule found: how many, and the first ids, with an example of what was found."""

    count: int = 0
    rows: list[str] = field(default_factory=list)
    example: str = ""

    def add(self, row: str, example: str = "") -> None:
        """Note one row."""
        self.count += 1
        self.example = self.example or example
        if len(self.rows) < ROWS_NAMED:
            self.rows.append(row)

    def finding(
        self, name: str, risk: Risk, severity: Severity, sentence: str, advice: str
    ) -> tuple[AuditFinding, ...]:
        """Return the finding, none without a row; `{count}` and `{example}` in the sentence are filled in."""
        if not self.count:
            return ()
        said = sentence.replace("{count}", f"{self.count:,}").replace("{example}", self.example)
        return (AuditFinding(name, risk, severity, self.count, said, advice, tuple(self.rows)),)
