"""A plan in lines of text."""

from collections.abc import Iterator, Sequence

from kpmath_builder.estimation.assumptions import ASSUMPTIONS, ASSUMPTIONS_OF_PROGRAM
from kpmath_builder.estimation.plan import BuildPlan, Pace, SizePlan, TaskPlan
from kpmath_builder.estimation.profile import Known
from kpmath_builder.protocol import PROGRAM

__all__ = ["lines_of_plan"]

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def lines_of_plan(plan: BuildPlan) -> Iterator[str]:
    """Yield the tables and what they rest on."""
    own = plan.sizes[0]
    yield f"Plan of {plan.name}: {own.questions:,} questions"
    if plan.rows_wanted is not None:
        yield _wanted(plan.rows_wanted, own)
    if plan.controls is not None:
        yield plan.controls.sentence
    yield ""
    head = ("task", "model", "requests", "tokens read", "tokens written", "GPU hours", "cost", "lengths")
    yield from _aligned([head, *(_task(task) for task in own.tasks)], text_columns={0, 1, 7})
    yield ""
    yield from _aligned(
        list(zip(*(_COLUMN, *(_size(size) for size in plan.sizes)), strict=True)), text_columns={0}
    )
    yield ""
    if plan.done:
        yield f"{plan.done:,} of {own.questions:,} questions are there already; {_hours(plan.hours_left)} are left."
    for model, pace in plan.paces.items():
        yield f"{model}: {_pace(pace)}."
    if any(task.known == Known.MEASURED for task in own.tasks):
        yield f'"measured": from the answers in the build folder ({plan.measured_questions:,} questions).'
    if any(task.known == Known.ASSUMED for task in own.tasks):
        yield '"assumed": prompts are counted as they will be sent; the rest is measured by a small build. It is assumed that'
        by_program = all(task.model == PROGRAM for task in own.tasks)
        yield from (f"  - {said}" for said in (ASSUMPTIONS_OF_PROGRAM if by_program else ASSUMPTIONS))


_COLUMN = (
    "questions",
    "requests",
    "tokens read",
    "tokens written",
    "hours",
    "GPU hours",
    "cost",
    "questions kept",
    "rows in qa-pairs",
    "disk",
    "files",
    "upload",
    "files uploaded",
)


def _wanted(rows: int, own: SizePlan) -> str:
    if own.rows < 0.999 * rows:
        return (
            f"build.rows wants {rows:,} rows, and {own.rows:,} are expected of {own.questions:,} questions, the most that may be drawn: "
            "raise build.questions."
        )
    return f"build.rows wants {rows:,} rows: {own.questions:,} questions are expected to give them."


def _task(task: TaskPlan) -> tuple[str, ...]:
    return (
        task.task,
        task.model,
        f"{task.requests:,}",
        f"{task.prompt_tokens:,}",
        f"{task.completion_tokens:,}",
        _number(task.gpu_hours),
        _number(task.cost),
        task.known,
    )


def _size(size: SizePlan) -> tuple[str, ...]:
    return (
        f"{size.questions:,}",
        f"{size.requests:,}",
        f"{size.prompt_tokens:,}",
        f"{size.completion_tokens:,}",
        f"{size.hours:,.1f}",
        _number(size.gpu_hours),
        _number(size.cost),
        f"{size.kept:,}",
        f"{size.rows:,}",
        _bytes(size.disk_bytes),
        f"{size.files:,}",
        _bytes(size.upload_bytes),
        f"{size.upload_files:,}",
    )


def _pace(pace: Pace) -> str:
    told = f"{pace.tokens_per_second:,.0f} tokens a second and GPU"
    match pace.source:
        case "stated":
            return f"{told}, as stated"
        case "measured":
            return f"{told}, measured in this folder; runs too short to fill the servers make it too low"
        case _:
            return f"{told} are assumed; state yours with --tokens-per-second"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}" if value < 10 else f"{value:,.0f}"


def _hours(hours: float) -> str:
    return f"{hours * 60:,.0f} minutes" if hours < 1 else f"{hours:,.1f} hours"


def _bytes(size: float) -> str:
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:,.0f} {_UNITS[unit]}" if unit == 0 or size >= 100 else f"{size:.1f} {_UNITS[unit]}"


def _aligned(rows: Sequence[Sequence[str]], text_columns: set[int]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.ljust(width) if number in text_columns else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
