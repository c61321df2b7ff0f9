"""What a build reports while it runs."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kpmath_builder.funnel import Funnel
from kpmath_builder.records import Tokens

__all__ = ["Listener", "Progress", "Reporter"]


@dataclass(frozen=True)
class Progress:
    """A moment of a build. Rates follow from `done - resumed` or `fresh` over `seconds`."""

    stage: str
    """"seeds", "extraction", "topics", "synthesis" or "tables"; "evaluation" or "grading" where a model is evaluated."""
    done: int
    """Steps; in the synthesis questions, or with `build.rows` the rows that they give."""
    total: int
    resumed: int
    """How many of `done` were there before this run."""
    seconds: float
    """Since the stage began."""
    fresh: Tokens
    """Asked in this run and stage, as against read from the log."""
    funnel: Funnel
    engine: str = ""
    """What the servers do at this moment, if they say it."""
    cost: float | None = None
    """What the answers of this run have cost at the recipe's prices; None without prices."""
    note: str = ""
    """A sentence for the user; empty for a mere step."""

    @property
    def given_up(self) -> int:
        """Requests that were given up, in this run and stage or of the candidates that are counted."""
        counted = sum(tokens.given_up for tokens in self.funnel.spent.values())
        return max(self.fresh.given_up, counted)

    def __str__(self) -> str:
        steps = f"{self.stage} {self.done:,}/{self.total:,}" if self.total else self.stage
        tokens = self.fresh.prompt + self.fresh.completion
        parts = [
            steps,
            f"{self.seconds:.0f} s",
            f"{tokens:,} tokens" if tokens else "",
            f"{self.given_up:,} given up" if self.given_up else "",
            self.engine,
            self.note,
        ]
        return "  ".join(filter(None, parts))


Listener = Callable[[Progress], None]


@dataclass
class Reporter:
    """Keeps the counts and reports them to a listener, at most every `interval` seconds but for notes and new stages."""

    listener: Listener | None
    interval: float = 0.5
    engine: Callable[[], str] = str
    """Returns what the servers do at this moment."""
    stage: str = ""
    done: int = 0
    total: int = 0
    resumed: int = 0
    fresh: Tokens = field(default_factory=Tokens)
    funnel: Funnel = field(default_factory=Funnel)
    cost: float | None = None
    _began: float = 0.0
    _told: float = 0.0

    def begin(self, stage: str, total: int) -> None:
        """Enter a stage of `total` steps."""
        self.stage, self.total, self.done, self.resumed, self.fresh = stage, total, 0, 0, Tokens()
        self._began = time.monotonic()
        self._notify()

    def step(self, count: int = 1, *, resumed: bool = False) -> None:
        """Note that steps were done; `resumed` says that all their answers were in the log."""
        self.done += count
        self.resumed += count * resumed
        if time.monotonic() - self._told > self.interval or self.done == self.total:
            self._notify()

    def correct(self, done: int) -> None:
        """Note that fewer steps are done than was thought."""
        self.done, self.resumed = done, min(self.resumed, done)
        self._notify()

    def spend(self, tokens: Tokens, cost: float | None = None) -> None:
        """Note what was asked just now, and its price if that is known."""
        self.fresh += tokens
        if cost is not None:
            self.cost = (self.cost or 0.0) + cost

    def note(self, sentence: str) -> None:
        """Say something to the user."""
        self._notify(sentence)

    def _notify(self, note: str = "") -> None:
        if self.listener is None:
            return
        now = time.monotonic()
        self._told = now
        self.listener(
            Progress(
                stage=self.stage,
                done=self.done,
                total=self.total,
                resumed=self.resumed,
                seconds=now - self._began,
                fresh=self.fresh,
                funnel=self.funnel,
                engine=self.engine(),
                cost=self.cost,
                note=note,
            )
        )
