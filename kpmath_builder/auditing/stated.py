"""Whether the answer of a row is the one that its own solution ends with."""

from kpmath_builder.answers import Reason, equivalent, final_answer
from kpmath_builder.auditing.check import AuditedRow, Hits, RiskCheck
from kpmath_builder.auditing.report import CheckResult, Risk, Severity

__all__ = ["StatedAnswers", "contradicts"]

_PROVED = frozenset({Reason.VALUES, Reason.LABELS})
"""What proves that two answers differ. Other spellings, units and words do not."""


class StatedAnswers(RiskCheck):
    """Published rows whose answer is proved to be another one than the final answer of the solution.

    Parameters
    ----------
    whose
        What the rows are called, e.g. "Published rows".
    advice
        What to do about them.
    """

    def __init__(
        self,
        whose: str = "Published rows",
        advice: str = "Something changed them after the vote: `kpmath verify FOLDER` names each place, and what mends it.",
    ) -> None:
        self._whose, self._advice = whose, advice
        self._hits = Hits()

    def row(self, row: AuditedRow) -> None:
        """Look at the solutions that stand behind the answer."""
        if not row.published:
            return
        for solution in row.solutions:
            if solution["agreed"] and (found := contradicts(solution["text"], solution["answer"])):
                self._hits.add(row.id, found)
                return

    def part(self) -> CheckResult:
        """Return the rows that contradict themselves."""
        sentence = f"{self._whose} whose answer is not the final answer of their own solution: {{count}}, e.g. {{example}}."
        findings = self._hits.finding(
            "answer-contradicts-solution", Risk.ACCURACY, Severity.CRITICAL, sentence, self._advice
        )
        return CheckResult((), findings)


def contradicts(solution: str | None, answer: str | None) -> str:
    """Return both answers if they are proved to differ; "" if they agree, one is missing, or nothing is proved."""
    if not solution or not answer:
        return ""
    stated = final_answer(solution)
    if stated is None or str(stated) == answer.strip():
        return ""
    verdict = equivalent(stated, answer, rule="published")
    if verdict.kind != "different" or verdict.reason not in _PROVED:
        return ""
    return f"{answer.strip()[:40]} and {str(stated)[:40]}"
