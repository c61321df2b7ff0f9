"""What the card says of repeats: of test sets, of seeds, of earlier rows."""

from collections.abc import Iterator

from kpmath_builder.curation.policy import ALWAYS_DROPPED, DRAWN
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.dataset.markdown import table

__all__ = ["contamination", "repeats"]

_HOW_COMPARED = (
    "Rows are all questions that a vote agreed upon; those that stay carry their hits in `flags`, and a row that is dropped for one hit is "
    "counted as dropped by each check that finds it. The last column is the baseline: how "
    "many of the seed problems repeat the set in the same way. verbatim to near compare whole problems by tokens that keep signs, "
    "operators and numbers; the 20- and 30-grams are the check of the KPMath paper, the 13-gram is what others print. Column `repeats` "
    "of `scored` names the test problem of each hit."
)
_NO_COPY = (
    "No question stands here that is, or contains, a problem of a compared set word for word or in other formatting: `scored` keeps such rows without "
    "their text, whatever step they ended at."
)


def contamination(report: CurationReport) -> str:
    """Return the section about test sets."""
    parts = ["## Contamination"]
    if not report.sets:
        parts.append("No row was compared with a test set: the recipe names none.")
    parts += _seeds_in_tests(report)
    for one in report.sets:
        if one.fault:
            parts.append(
                f"**{one.name} was not checked**: it could not be read when the tables were written."
            )
            continue
        rows = [
            (line.check, f"{line.found:,}", f"{line.dropped:,}", f"{line.problems:,}", f"{line.baseline:,}")
            for line in report.test_lines(one.name)
        ]
        header = (
            "check",
            f"rows, of {report.compared:,}",
            "of these, dropped",
            f"test problems, of {one.problems:,}",
            f"seed problems, of {report.seeds:,}",
        )
        parts += [f"{one.name} (`{one.digest[:19]}`):", table(header, rows)]
    if report.sets:
        parts.append(_HOW_COMPARED)
    if not all(one.fault for one in report.sets):
        parts += list(_copies(report)) or [_NO_COPY]
    return "\n\n".join(parts)


def repeats(report: CurationReport) -> str:
    """Return the section about seeds and earlier rows."""
    rows = [
        (what, line.check, f"{line.found:,}", f"{line.dropped:,}")
        for what, check in (("an earlier row", "row"), ("a seed problem", "seed"))
        for line in report.lines(check)
    ]
    if not rows:
        return "## Repeats\n\nNo question repeats an earlier one, or a seed problem."
    header = ("what is repeated", "how", f"questions, of {report.compared:,}", "of these, dropped")
    return f"## Repeats\n\n{table(header, rows)}"


def _seeds_in_tests(report: CurationReport) -> Iterator[str]:
    for name, count in report.seeds_in_tests().items():
        (line,) = (line for line in report.test_lines(name) if line.check == DRAWN)
        yield (
            f"**{count:,} of {report.seeds:,} seed problems are problems of {name}.** {line.found:,} rows were drawn from them, and "
            f"{line.dropped:,} of these are dropped. The text of these seed problems is not published."
        )


def _copies(report: CurationReport) -> Iterator[str]:
    """Yield a sentence for each test set of which the recipe keeps copies."""
    for one in report.sets:
        lines = report.test_lines(one.name)
        kept = sum(line.found - line.dropped for line in lines if line.check in ALWAYS_DROPPED)
        if kept:
            yield (
                f"**The text of test problems stands in this dataset**: the recipe keeps {kept:,} questions that are, or contain, a problem of "
                f"{one.name} word for word or in other formatting; `flags` marks them."
            )
