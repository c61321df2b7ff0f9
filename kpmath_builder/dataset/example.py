"""The row that the card shows: of the first ones the best judged, then the most agreed on, then the shortest."""

from typing import Any

__all__ = ["Example"]

_CONSIDERED = 200


class Example:
    """Chooses among the first rows of `qa-pairs` while they go by."""

    def __init__(self) -> None:
        self.row: dict[str, Any] | None = None
        self._seen = 0

    def add(self, row: dict[str, Any]) -> None:
        """Consider a row."""
        self._seen += 1
        if self._seen <= _CONSIDERED and (self.row is None or _rank(row) < _rank(self.row)):
            self.row = row


def _rank(row: dict[str, Any]) -> tuple[float, float, int]:
    return -(row["quality"] or 0), -(row["consensus"] or 0), len(row["question"] or "") + len(row["solution"])
