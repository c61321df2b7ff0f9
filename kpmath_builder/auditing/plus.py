"""The rows of `plus`: those of other sets, of which no more is known than their texts."""

from collections.abc import Iterable
from typing import Any

from kpmath_builder.auditing.check import AuditedRow, Hits, RiskCheck
from kpmath_builder.auditing.report import CheckResult, Risk, Severity
from kpmath_builder.auditing.stated import StatedAnswers
from kpmath_builder.auditing.texts import MIXED, HiddenText, Outliers

__all__ = ["COLUMNS", "NOT_LOOKED_AT", "PlusRows"]

COLUMNS = (
    "id",
    "question",
    "solution",
    "answer",
    "messages",
    "source",
    "source_id",
    "subset",
    "licence",
)
NOT_LOOKED_AT = (
    "bias and trigger phrases of plus (its rows have no seed problems to be compared with)",
    "the working and the votes of plus (its rows have one solution each)",
)
_ADVICE = "Mend the row in its source, or leave the source out, and mix again."


class PlusRows:
    """Looks at hidden text, answers, messages and outliers, among these rows alone."""

    def __init__(self) -> None:
        self.count = 0
        """Rows that were looked at."""
        self._checks: tuple[RiskCheck, ...] = (
            HiddenText(MIXED),
            StatedAnswers("Rows of plus", _ADVICE),
            Outliers(" of plus"),
        )
        self._unlike = Hits()

    def look(self, rows: Iterable[dict[str, Any]]) -> None:
        """Look at every row."""
        for values in rows:
            self.count += 1
            row = AuditedRow(_as_scored(values), published=True)
            for check in self._checks:
                check.row(row)
            if _says_something_else(values):
                self._unlike.add(row.id)

    def parts(self) -> Iterable[CheckResult]:
        """Yield what was found, nothing if there was no row."""
        if not self.count:
            return
        yield from (check.part() for check in self._checks)
        sentence = "Rows of plus whose messages are not their question and solution: {count}."
        advice = "Mix again: a mix writes both from one text."
        yield CheckResult(
            (), self._unlike.finding("row-changed", Risk.ACCURACY, Severity.CRITICAL, sentence, advice)
        )


def _as_scored(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of `plus` in the form of the others: one solution, drawn from no topic, and no vote."""
    solution = {"text": row["solution"] or "", "answer": row["answer"], "agreed": True}
    others = [str(row[name]) for name in ("source", "source_id", "subset", "licence") if row.get(name)]
    others += [str(turn["content"]) for turn in row.get("messages") or () if turn["content"]]
    return {
        "id": row["id"],
        "question": row["question"],
        "key_points": [],
        "solutions": [solution],
        "others": list(dict.fromkeys(others)),
    }


def _says_something_else(row: dict[str, Any]) -> bool:
    """Whether the messages of a row, if it has any, are not its question and solution."""
    messages = row.get("messages")
    if messages is None:
        return False
    return [(turn["role"], turn["content"]) for turn in messages] != [
        ("user", row["question"]),
        ("assistant", row["solution"]),
    ]
