"""What the user sees: a live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kpmath_builder.controls.report import LabelReport
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.findings import Finding
from kpmath_builder.funnel import Funnel
from kpmath_builder.inspection.status import ShardStatus, Status
from kpmath_builder.losses import Loss
from kpmath_builder.pipeline import BuildResult
from kpmath_builder.previewing.result import PreviewResult, PreviewRow
from kpmath_builder.progress import Progress
from kpmath_builder.records import Stage
from kpmath_builder.text import cut, cut_list, shown

__all__ = ["Display"]

_PLAIN_EVERY = 10.0
_WITHOUT_FUNNEL = frozenset({"evaluation", "grading"})
"""Stages in which there are no blueprints."""


class Display:
    """Listens to a build; `with Display() as display: build(recipe, progress=display)`.

    Parameters
    ----------
    console
        Where to print; standard output by default.
    quiet
        Whether only notes are printed: neither progress nor results.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._live = (
            Live(console=self._console, transient=True, auto_refresh=False)
            if self._console.is_terminal and not quiet
            else None
        )
        self._told = ("", 0.0)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Show a moment of the build."""
        if progress.note:
            self.say(progress.note)
        elif self._quiet:
            return
        elif self._live:
            engine = Text(shown(progress.engine))
            funnel = () if progress.stage in _WITHOUT_FUNNEL else (_funnel(progress.funnel),)
            self._live.update(Group(_bar(progress), engine, *funnel), refresh=True)
        elif self._due(progress):
            self.say(_line(progress))

    def say(self, sentence: str) -> None:
        """Print a sentence; what would act on the terminal is shown as an escape."""
        self._console.print(_plain(cut(sentence)))

    def result(self, result: BuildResult) -> None:
        """Print what a build made."""
        if self._quiet:
            return
        if result.already_built:
            self.say(f"{result.folder} is already built: nothing to do.")
        else:
            funnel = Funnel.from_json(result.funnel)
            self._console.print(_funnel(funnel))
            self._replies(funnel)
        self._outcome(result.findings, result.losses)
        self._curation(result.curation)
        self._labels(result.labels)
        if result.missing:
            left = cut_list([str(number) for number in result.missing])
            self.say(f"Not yet there: shards {left}; the tables are written with the last of them.")
            return
        rows = ", ".join(f"{rows:,} rows in {config}" for config, rows in result.rows.items())
        self.say(f"{result.dataset}: {rows}")
        if result.shortfall:
            self.say(result.shortfall)
        if result.nothing_kept:
            return
        self.say(f'Load it with: load_dataset("{result.dataset}", "qa-pairs")')

    def preview_row(self, row: PreviewRow, *, show_prompts: bool) -> None:
        """Print one blueprint's way through the method."""
        lines = [_plain(line) for line in row.lines(show_prompts=show_prompts)]
        self._console.print("\n".join([*lines, ""]))

    def preview(self, result: PreviewResult) -> None:
        """Print what is to be said after the rows of a preview."""
        for line in result.closing_lines():
            self.say(line)

    def status(self, status: Status) -> None:
        """Print how far a build is."""
        if self._quiet:
            return
        table = Table("shard", "state", "draws", "agreed", "answers", "tokens", "last", "who", box=None)
        for shard in status.shards:
            table.add_row(*_shard(shard))
        self._console.print(table)
        self._console.print(_funnel(status.funnel))
        self._replies(status.funnel)
        self._outcome(status.outcome.findings, status.outcome.losses)
        self._curation(status.curation)
        self._labels(status.labels)
        self.say(status.sentence)

    def _replies(self, funnel: Funnel) -> None:
        for role, counts in funnel.repaired().items():
            what = ", ".join(f"{count:,} × {repair}" for repair, count in counts.items())
            self.say(f"Replies of the {role} that were repaired before they could be read: {what}")
        for role, count in sorted(funnel.loops.items()):
            self.say(f"Replies of the {role} that ran in a loop until they were cut off: {count:,}")
        if funnel.identical and funnel.sampled_questions:
            repeated = f"{funnel.identical:,} of {funnel.solutions:,}"
            self.say(f"Solutions whose text repeats that of another one of their question: {repeated}.")
        for said in funnel.difficulty():
            self.say(said)

    def _curation(self, report: CurationReport | None) -> None:
        """Print what the questions repeat of one another, of the seeds and of each test set."""
        if report is None:
            return
        self.say("What the questions repeat:")
        for sentence in report.sentences():
            self.say(f"- {sentence}")

    def _labels(self, report: LabelReport | None) -> None:
        """Print what the controls say of labels and judge."""
        if report is None:
            return
        self.say("How true the labels are:")
        for sentence in report.sentences():
            self.say(f"- {sentence}")

    def _outcome(self, findings: Sequence[Finding], losses: Sequence[Loss]) -> None:
        """Print where the rest went, and what is found about teachers and seeds."""
        for title, lines in (("Where the rest went:", losses), ("About teachers and seeds:", findings)):
            if lines:
                self.say(title)
            for line in lines:
                self.say(f"- {line}")

    def _due(self, progress: Progress) -> bool:
        stage, when = self._told
        now = time.monotonic()
        if progress.stage == stage and now - when < _PLAIN_EVERY and progress.done < progress.total:
            return False
        self._told = (progress.stage, now)
        return True


def _shard(shard: ShardStatus) -> tuple[str, ...]:
    agreed = next(line.passed for line in shard.funnel.lines() if line.stage is Stage.AGREED)
    return (
        str(shard.number) + (f", generation {shard.generation}" if shard.generation else ""),
        shard.state,
        f"{shard.done:,} of {shard.total:,}",
        f"{agreed:,}",
        f"{shard.tokens.requests:,}"
        + (f", {shard.tokens.given_up:,} given up" if shard.tokens.given_up else ""),
        f"{shard.tokens.prompt + shard.tokens.completion:,}",
        "" if shard.age is None else f"{_duration(shard.age)} ago",
        _plain(shard.owner),
    )


def _plain(text: str) -> str:
    """Return a text as the console shows it: no command to the terminal, and no mark-up of the console's own."""
    return escape(shown(text))


def _rate(progress: Progress) -> tuple[float, float, str]:
    """Return steps per second, tokens per second, and the time to go."""
    seconds = max(progress.seconds, 1e-9)
    steps = (progress.done - progress.resumed) / seconds
    tokens = (progress.fresh.prompt + progress.fresh.completion) / seconds
    left = progress.total - progress.done
    return steps, tokens, _duration(left / steps) if steps and left else "0:00" if not left else "-:--"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _line(progress: Progress) -> str:
    if not progress.total:
        return f"{progress.stage} …"
    steps, tokens, left = _rate(progress)
    funnel = " → ".join(f"{line.stage.value} {line.passed:,}" for line in progress.funnel.decided())
    of = f"{progress.stage} {progress.done:,}/{progress.total:,}"
    parts = [
        f"{of}  {steps:,.1f}/s  {tokens:,.0f} tokens/s  {left} to go",
        _cost(progress),
        _given_up(progress),
        funnel if progress.stage == "synthesis" else "",
    ]
    return "  ".join(filter(None, [*parts, progress.engine and f"({progress.engine})"]))


def _bar(progress: Progress) -> Table:
    steps, tokens, left = _rate(progress)
    grid = Table.grid(padding=(0, 2))
    grid.add_row(
        Text(progress.stage, style="bold"),
        ProgressBar(
            total=progress.total or None, completed=progress.done, width=30, pulse=not progress.total
        ),
        f"{progress.done:,}/{progress.total:,}",
        f"{steps:,.1f}/s",
        f"{tokens:,.0f} tokens/s",
        f"{left} to go",
        _cost(progress),
        _given_up(progress),
    )
    return grid


def _cost(progress: Progress) -> str:
    return "" if progress.cost is None else f"cost {progress.cost:,.2f}"


def _given_up(progress: Progress) -> str:
    return f"{progress.given_up:,} given up" if progress.given_up else ""


def _funnel(funnel: Funnel) -> Table:
    table = Table("stage", "passed", "went no further", "tokens", box=None)
    for line in funnel.decided():
        tokens = f"{line.tokens.prompt + line.tokens.completion:,}"
        table.add_row(line.stage.value, f"{line.passed:,}", line.why, tokens)
    return table
