"""How far the labels can be trusted by what stands in the rows: votes, abstentions, arithmetic, contradictions, the working."""

import re
from collections import Counter
from decimal import Decimal, InvalidOperation

from kpmath_builder.auditing.check import AuditedRow, Hits, RiskCheck
from kpmath_builder.auditing.report import CheckResult, Figures, Risk, Severity

__all__ = ["Votes", "is_reached", "plain_number"]

_BANDS = 10
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?|-?\.\d+")
_PLAIN = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?")
_ENDING = re.compile(
    r"\\boxed\s*\{[^{}]*\}|####.*|\b(?:final )?answers?\b(?: is| are)?\s*:?.*", re.IGNORECASE
)
_STATED = re.compile(r"=")


class Votes(RiskCheck):
    """Counts over all candidates that were voted on, and the published rows whose label contradicts something."""

    def __init__(self) -> None:
        self._bands: Counter[tuple[int, bool]] = Counter()
        self._solutions = Counter[str]()
        self._weak, self._wrong, self._contradicting = Hits(), Hits(), Hits()
        self._unreached, self._judged = Hits(), Hits()
        self._judge_compared = 0

    def row(self, row: AuditedRow) -> None:
        """Look at one candidate."""
        share = row.values["consensus_share"]
        if share is None:
            return
        self._bands[min(int(share * _BANDS), _BANDS - 1), row.published] += 1
        self._solutions["all"] += len(row.solutions)
        self._solutions["without an answer"] += sum(it["answer"] is None for it in row.solutions)
        self._solutions["with wrong arithmetic"] += sum(bool(it["wrong_arithmetic"]) for it in row.solutions)
        if row.published:
            self._published(row, share)

    def _published(self, row: AuditedRow, share: float) -> None:
        agreed = [solution for solution in row.solutions if solution["agreed"]]
        if share < 0.5:
            self._weak.add(row.id)
        if faulty := next((it for it in agreed if it["wrong_arithmetic"]), None):
            self._wrong.add(row.id, faulty["wrong_arithmetic"][0])
        if len({it["answer_class"] for it in agreed}) > 1:
            answers = list(dict.fromkeys(str(it["answer"]) for it in agreed))
            self._contradicting.add(row.id, " and ".join(answers[:2]))
        if any(not is_reached(it["text"], it["answer"] or "") for it in agreed):
            self._unreached.add(row.id)
        judge, winner = plain_number(row.values["judge_answer"]), plain_number(row.values["consensus_winner"])
        if judge is not None and winner is not None:
            self._judge_compared += 1
            if judge != winner:
                self._judged.add(row.id, f"{judge:f} and {winner:f}")

    def part(self) -> CheckResult:
        """Return bands and shares, and the rows whose label contradicts something."""
        bands = tuple(
            (f"{n / _BANDS:.1f} to {(n + 1) / _BANDS:.1f}", self._bands[n, True], self._bands[n, False])
            for n in range(_BANDS)
        )
        total = self._solutions["all"]
        solutions = tuple((what, n, n / total if total else 0.0) for what, n in self._solutions.items())
        figures = (
            Figures(
                "consensus",
                Risk.ACCURACY,
                "Share of the vote behind the winner",
                ("share", "published", "dropped"),
                bands,
            ),
            Figures("solutions", Risk.ACCURACY, "Solutions", ("solutions", "count", "share"), solutions),
        )
        accuracy = Risk.ACCURACY
        findings = (
            *self._contradicting.finding(
                "contradiction",
                accuracy,
                Severity.WARNING,
                "Published questions whose retained solutions have different answers: {count}, e.g. {example}.",
                "The paper's rule keeps both sides of a tie: `kpmath rescore FOLDER --set consensus.mode=strict` leaves them out.",
            ),
            *self._wrong.finding(
                "arithmetic",
                accuracy,
                Severity.CRITICAL,
                "Published questions with wrong arithmetic in a retained solution: {count}, e.g. {example}.",
                "Such a solution does not vote, so something changed the rows after the vote: run `kpmath verify`.",
            ),
            *self._weak.finding(
                "weak-consensus",
                accuracy,
                Severity.NOTICE,
                "Published questions with under half of the vote behind their answer: {count}.",
                "`kpmath rescore FOLDER --set consensus.min_share=0.5` leaves them out (docs/trust.md gives what a share is worth).",
            ),
            *self._unreached.finding(
                "answer-apart",
                accuracy,
                Severity.WARNING,
                "Published questions with a retained solution whose answer its own working never reaches: {count}.",
                "Read them with `kpmath explain`: the answer was exchanged, or the last step is left out.",
            ),
            *self._judged.finding(
                "judge-disagrees",
                accuracy,
                Severity.NOTICE,
                f"Published questions in which the judge's own number is not the consensus: {{count}} of {self._judge_compared:,}, e.g. {{example}}.",
                "One of both is wrong: read these rows first, or leave them out (column `judge_answer`).",
            ),
        )
        return CheckResult(figures if self._bands else (), findings)


def plain_number(text: str | None) -> Decimal | None:
    """Return the number that a text is, or None if it is anything else."""
    if not text or not _PLAIN.fullmatch(text.strip()):
        return None
    try:
        return Decimal(text.strip().replace("$", "").replace(",", "")).normalize()
    except InvalidOperation:
        return None


def is_reached(solution: str, answer: str) -> bool:
    """Whether a solution's working holds its answer, but for the sentence that states it.

    False only for a plain number that a solution with stated results (`3 + 4 = 7`) names nowhere else; other answers pass, because
    they have many spellings.
    """
    number = plain_number(answer)
    if number is None or not _STATED.search(solution):
        return True
    lines = solution.rstrip().splitlines()
    working = _ENDING.sub(" ", solution if len(lines) < 2 else "\n".join(lines))
    if not _STATED.search(working):
        return True
    if re.search(rf"(?<![\d.,]){re.escape(answer.strip())}(?![\d])", working):
        return True
    values = {
        abs(value)
        for found in _NUMBER.findall(working)
        if (value := plain_number(found.rstrip(","))) is not None
    }
    return abs(number) in values
