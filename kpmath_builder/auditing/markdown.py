"""The report of an audit as a page of Markdown."""

from collections.abc import Iterator

from kpmath_builder.auditing.report import AuditFinding, AuditReport, Risk, Severity
from kpmath_builder.dataset.markdown import table

__all__ = ["as_markdown"]

_TITLES = {
    Risk.BIAS: "Bias",
    Risk.ACCURACY: "Accuracy",
    Risk.ROBUSTNESS: "Robustness",
}


def as_markdown(report: AuditReport) -> str:
    """Return the report as one page: the state, the findings, and the figures of each risk."""
    return "\n\n".join(_parts(report)) + "\n"


def _parts(report: AuditReport) -> Iterator[str]:
    yield f"# Audit of {report.folder.name}"
    yield " ".join([report.state, *report.scope()])
    yield table(("severity", "findings"), [(name, f"{count:,}") for name, count in report.counts().items()])
    for risk, title in _TITLES.items():
        yield f"## {title}"
        found = [finding for finding in report.findings if finding.risk is risk]
        if not found:
            yield "Nothing was found."
        for severity in reversed(Severity):
            its = [finding for finding in found if finding.severity is severity]
            if its:
                yield table(("severity", "finding", "what to do", "rows"), [_row(finding) for finding in its])
        for figures in report.figures:
            if figures.risk is risk:
                yield f"### {figures.title}"
                yield table(figures.columns, list(figures.texts()))
                if figures.note:
                    yield figures.note


def _row(finding: AuditFinding) -> tuple[str, str, str, str]:
    more = " …" if finding.rows and finding.count > len(finding.rows) else ""
    return (
        str(finding.severity),
        f"`{finding.id}`: {finding.sentence}",
        finding.advice,
        ", ".join(finding.rows) + more,
    )
