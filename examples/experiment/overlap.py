"""The contamination check of the package, run for the rows of an arm against all problems of the test sets, not only those drawn."""

from collections import defaultdict
from collections.abc import Iterable

from rows import TrainingRow

from kpmath_builder.curation.row_checks import RowChecks

__all__ = ["count_overlaps"]


def count_overlaps(checks: RowChecks, rows: Iterable[TrainingRow]) -> list[dict[str, object]]:
    """Return how many rows repeat a test set in which way, and how many of its problems are hit."""
    hits: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: {"rows": set(), "problems": set()})
    for row in rows:
        for hit in checks.find(row.question, [row.solution]):
            its = hits[hit.mark.set, hit.mark.kind]
            its["rows"].add(row.id)
            its["problems"].update(hit.problems)
    return [
        {"set": name, "kind": kind, **{what: len(ids) for what, ids in its.items()}}
        for (name, kind), its in sorted(hits.items())
    ]
