"""What a preview shows: rows with everything on the way, as text for a terminal and as HTML for a notebook."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from kpmath_builder.execution.ask import AskedSample
from kpmath_builder.findings import Finding
from kpmath_builder.funnel import Funnel
from kpmath_builder.losses import Loss
from kpmath_builder.notebooks import page, paragraphs
from kpmath_builder.previewing import rendering
from kpmath_builder.protocol import ROLE_OF
from kpmath_builder.records import Candidate, SeedProblem, Tokens

__all__ = ["PreviewResult", "PreviewRow"]


@dataclass(frozen=True)
class PreviewRow:
    """One blueprint's way through the method."""

    candidate: Candidate
    """Decided: kept, or dropped with its reason."""
    seeds: Mapping[str, SeedProblem]
    """The practices' seed problems by id."""
    asked: tuple[AskedSample, ...]
    """What was asked and what came, in its order."""
    hide: Callable[[str], str] = field(default=str, compare=False, repr=False)
    """Hides the recipe's private words in what a server said, where a row may be published."""
    public: Candidate | None = field(default=None, compare=False, repr=False)
    """The candidate as it may be published; None if nothing of it is withheld."""

    @property
    def judge_words(self) -> str:
        """What the judge worked out and then replied, as it came; "" if nobody judged."""
        said = {
            (sample.request.task, sample.number): sample.response.text
            for sample in self.asked
            if ROLE_OF[sample.request.task] == "judge"
        }
        return "\n\n".join(said.values())

    def lines(self, *, show_prompts: bool = False) -> Iterator[str]:
        """Yield the row as lines for a terminal: seeds that may not be shared are among them."""
        yield from rendering.row_lines(
            self.candidate, self.seeds, self.judge_words, show_prompts=show_prompts
        )
        if show_prompts:
            yield from rendering.prompt_lines(self.asked)

    def as_json(self) -> dict[str, Any]:
        """Return the row as docs/scripting.md describes it."""
        return {
            "candidate": self.candidate.model_dump(mode="json"),
            "seeds": {name: seed.model_dump(mode="json") for name, seed in self.seeds.items()},
            "judge_words": self.judge_words,
        }

    @property
    def html(self) -> str:
        """The row for a notebook, which is published sooner or later."""
        public = self.public or self.candidate
        judge_words = self.judge_words if public.question == self.candidate.question else ""
        return rendering.row_html(public, self.seeds, judge_words, self.hide)

    def _repr_html_(self) -> str:
        return page([self.html])


@dataclass(frozen=True)
class PreviewResult:
    """What a preview made: `print(result)` shows all of it, and so does a notebook, without the text of seeds that may not be shared."""

    folder: Path
    """The build folder whose log holds what was asked."""
    rows: tuple[PreviewRow, ...]
    findings: tuple[Finding, ...]
    losses: tuple[Loss, ...]
    asked: Mapping[str, Tokens]
    """Stage ("extraction", "topics", "synthesis") to what was asked in this run; the rest was in the log."""
    seeds_read: int
    """Seed problems that were extracted from."""
    seeds: int
    """Seed problems that there are."""
    is_first_of_build: bool
    """Whether the blueprints are the first ones of the build, so that all that was asked counts for it."""
    notes: tuple[str, ...] = ()
    """What the build will do otherwise, or cannot do."""

    @cached_property
    def funnel(self) -> Funnel:
        """The counts of the rows."""
        funnel = Funnel()
        for row in self.rows:
            funnel.add(row.candidate)
        return funnel

    @property
    def what_counts(self) -> str:
        """The sentence about what the build that follows will not ask again."""
        asked = sum(self.asked.values(), Tokens())
        cost = f"{asked.requests:,} replies were asked for, {asked.prompt + asked.completion:,} tokens."
        if not asked.requests:
            cost = "Nothing was asked, for all replies were in the log."
        if self.is_first_of_build:
            these = "blueprint is this" if len(self.rows) == 1 else f"{len(self.rows):,} blueprints are these"
            return f"{cost} All of it counts for the build: its first {these}."
        return (
            f"{cost} The extractions of {self.seeds_read:,} seed problems count for the build. It draws its blueprints from the topics of all "
            f"{self.seeds:,}, so that its questions are others than these."
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it; seeds that may not be shared are among it."""
        return {
            "folder": str(self.folder),
            "rows": [row.as_json() for row in self.rows],
            "findings": [finding.as_json() for finding in self.findings],
            "losses": [loss.as_json() for loss in self.losses],
            "asked": {stage: tokens.model_dump() for stage, tokens in self.asked.items()},
            "seeds": self.seeds,
            "seeds_read": self.seeds_read,
            "is_first_of_build": self.is_first_of_build,
            "notes": list(self.notes),
        }

    def closing_lines(self) -> Iterator[str]:
        """Yield what is to be said after the rows."""
        kept = sum(row.candidate.reason.value == "" for row in self.rows)
        yield f"{kept:,} of {len(self.rows):,} blueprints became pairs."
        yield from self.notes
        for title, lines in (
            ("Where the rest went:", self.losses),
            ("About teachers and seeds:", self.findings),
        ):
            if lines:
                yield title
            for line in lines:
                yield f"- {line}"
        yield self.what_counts

    def text(self, *, show_prompts: bool = False) -> str:
        """Return all rows as text, with every prompt and response if `show_prompts`."""
        lines = [line for row in self.rows for line in (*row.lines(show_prompts=show_prompts), "")]
        return "\n".join([*lines, *self.closing_lines()])

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return page([*(row.html for row in self.rows), paragraphs(self.closing_lines())])
