"""What the card says of the truth of the labels: the estimate, the controls that it rests on, and the judge under control."""

from collections.abc import Iterator

from kpmath_builder.controls.report import LabelReport
from kpmath_builder.dataset.markdown import table
from kpmath_builder.findings import find_in_controls

__all__ = ["label_section"]

_HOW_MEASURED = (
    "Controls are questions whose answers are known. They were solved among the others, with the same prompt and sampling, and are no rows "
    "of any table. They differ from the questions here in difficulty. `p_correct` follows each row's own vote, which makes up for a part of "
    "it: easier controls flatter, harder ones understate, and the interval does not hold that. Errors that all solutions of a question share "
    "and no control shows are not seen."
)


def label_section(report: LabelReport) -> str:
    """Return the section about the truth of the labels."""
    return "\n\n".join(
        [
            "## How true the labels are",
            report.estimate,
            *_controls(report),
            *_solvers(report),
            *_judge(report),
        ]
    )


def _controls(report: LabelReport) -> Iterator[str]:
    if not report.sources:
        return
    header = ("source", "controls", "left out", "with a vote", "right", "undecided", "mean share")
    rows = [
        (
            source,
            f"{its.asked:,}",
            f"{its.left_out:,}",
            f"{its.voted:,}",
            f"{its.right:,}",
            f"{its.undecided:,}",
            f"{its.mean_share:.2f}",
        )
        for source, its in sorted(report.sources.items())
    ]
    yield table(header, rows)
    yield f"{_HOW_MEASURED} Those that repeat a practice or a problem of a test set are left out."
    yield from (finding.sentence for finding in find_in_controls(report.decided))


def _solvers(report: LabelReport) -> Iterator[str]:
    if not report.solvers:
        return
    header = (
        "solver",
        "controls answered",
        "right",
        "wrong",
        "undecided",
        "without a vote",
        "weight of its vote",
    )
    rows = [
        (
            solver,
            f"{its.controls:,}",
            f"{its.right:,}",
            f"{its.wrong:,}",
            f"{its.undecided:,}",
            f"{its.voteless:,}",
            f"{report.weighing.weights[solver]:.3f}" if report.weighing else "1",
        )
        for solver, its in sorted(report.solvers.items())
    ]
    yield table(header, rows)
    yield " ".join(("Solutions of each solver to the controls.", *report.weighing_sentences()))


def _judge(report: LabelReport) -> Iterator[str]:
    if not report.planted:
        return
    header = ("planted question", "judged", *(f"pass at {at:g}" for at in report.thresholds))
    rows = [
        (kind, f"{its.judged:,}", *(f"{its.passed[at]:,}" for at in report.thresholds))
        for kind, its in sorted(report.planted.items())
    ]
    yield table(header, rows)
    yield (
        f"Questions with a fault made by program, and sound ones, were judged among the others (threshold: {report.threshold:g}). All but the "
        "sound ones should have been refused."
    )
