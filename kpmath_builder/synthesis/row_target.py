"""The candidates of a build with `build.rows`: draws on, in the order of the draws, until so many rows are kept.

What is kept is known only once repeats are found among all candidates. So blueprints are led through the method until the agreed
questions of all draws without a gap would give enough rows; then these are counted as they will be kept, and drawing goes on for the
shortfall. A question gives no more rows than its agreed solutions, so that every draw up to there is needed, and what is answered beyond
the last one is what was in flight: draws that begin less than two windows behind the first unfinished one.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from heapq import merge
from typing import NamedTuple

from kpmath_builder.curation.selection import Selection
from kpmath_builder.errors import InputError
from kpmath_builder.execution.run import Run
from kpmath_builder.execution.window import run_window
from kpmath_builder.files.lock import HeldError
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.log_costs import draws_asked
from kpmath_builder.folder.log_scan import lines_of
from kpmath_builder.folder.shards import shard_header
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.records import Candidate
from kpmath_builder.synthesis.leading import Leader, OpenShard, most_open_shards
from kpmath_builder.synthesis.weighing import any_outcome

__all__ = ["CountKept", "DrawnPrefix", "synthesise_rows"]

CountKept = Callable[[Callable[[], Iterable[Candidate]]], int]
"""Returns how many rows are kept of some candidates, which come in their order and can be read again."""
WINDOWS_AHEAD = 2
"""How far, in windows, a draw may begin beyond the first unfinished one, so that one slow question does not empty the servers."""
SECONDS_BETWEEN_LOOKS = 0.05


class _Ended(NamedTuple):
    """What a draw that ended gives."""

    rows: int
    resumed: bool


class DrawnPrefix:
    """The draws that ended without a gap before them, up to the one with which enough rows are agreed upon.

    Draws end in any order; what they give counts in the order of their numbers, so that the prefix does not depend on the speed.
    """

    def __init__(self, target: int) -> None:
        self.length = 0
        """Draws in the prefix."""
        self.rows = 0
        """What their agreed questions would give."""
        self._target = target
        self._ended: dict[int, _Ended] = {}

    @property
    def is_enough(self) -> bool:
        """Whether the prefix gives as many rows as are aimed at."""
        return self.rows >= self._target

    def has(self, index: int) -> bool:
        """Whether a draw has ended."""
        return index < self.length or index in self._ended

    def add(self, index: int, rows: int, *, resumed: bool = False) -> list[_Ended]:
        """Note that a draw ended and what it gives; return the draws that joined the prefix."""
        self._ended[index] = _Ended(rows, resumed)
        return self._grow()

    def aim(self, target: int) -> list[_Ended]:
        """Aim at more rows; return the draws that joined the prefix."""
        self._target = target
        return self._grow()

    def _grow(self) -> list[_Ended]:
        joined = []
        while not self.is_enough and self.length in self._ended:
            ended = self._ended.pop(self.length)
            joined.append(ended)
            self.length += 1
            self.rows += ended.rows
        return joined


async def synthesise_rows(
    knowledge: Knowledge, run: Run, workspace: Workspace, spec: BuildSpec, count_kept: CountKept
) -> list[str]:
    """Make all shards with the draws that `build.rows` needs, `build.questions` at most; return who is at work in the folder.

    Without teachers no draw is made beyond those that were asked for.

    Raises
    ------
    InputError
        When the system allows fewer open files than the shards need.
    """
    wanted = run.recipe.build.rows
    assert wanted is not None, "else all questions are drawn"
    run.report.begin("synthesis", wanted)
    if workspace.all_sealed(spec):
        for number in range(run.recipe.build.shards):
            if header := shard_header(workspace.shard(number)):
                run.report.funnel += Funnel.from_json(header["funnel"])
        return []
    drawing = _Drawing(knowledge, run, workspace, spec, wanted)
    try:
        await drawing.open()
        await drawing.draw(count_kept)
        await drawing.seal()
    except HeldError as held:
        return [held.who]
    finally:
        drawing.close()
    return []


class _Drawing:
    """The shards of a folder, all of which are open: consecutive draws belong to different ones."""

    def __init__(
        self, knowledge: Knowledge, run: Run, workspace: Workspace, spec: BuildSpec, wanted: int
    ) -> None:
        self._run, self._workspace, self._report = run, workspace, run.report
        self._wanted = wanted
        self._leader = Leader(knowledge, run)
        self._selection = Selection(run.recipe.selection)
        draw = knowledge.fingerprint
        self._shards = [
            OpenShard(number, 0, workspace, spec, draw) for number in range(run.recipe.build.shards)
        ]
        self._prefix = DrawnPrefix(wanted)
        self._window = run.recipe.window if run.asks else 1  # nothing is looked up that is not needed
        self._most = run.recipe.build.questions
        self._turn = asyncio.Lock()
        """Held by the one draw that looks whether it may begin, while those behind it wait."""

    async def open(self) -> None:
        """Take all shards; raises `HeldError` if another process has one."""
        if len(self._shards) > (most := most_open_shards(self._run.recipe)):
            raise InputError(
                f"build.rows draws from all {len(self._shards):,} shards at once, and this process may open the files of {most:,}: raise "
                "the limit with `ulimit -n`, or build in another folder with fewer build.shards."
            )
        for shard in self._shards:
            await shard.open(self._report.note, anew=True)
        # A kill while they are sealed must not leave some of two different numbers of draws.
        self._workspace.reopen(shard.number for shard in self._shards)
        if not self._run.asks:
            self._most = min(self._most, await asyncio.to_thread(self._asked_before))

    def _asked_before(self) -> int:
        return max(draws_asked(lines_of(self._workspace.log("synthesis", it.number))) for it in self._shards)

    async def draw(self, count_kept: CountKept) -> None:
        """Draw on until enough rows are kept, or no more draws are allowed."""
        while True:
            await run_window(self._window, self._jobs(), self._run.stop)
            kept = await asyncio.to_thread(count_kept, self._candidates)
            self._report.correct(min(kept, self._wanted))
            if kept >= self._wanted or self._prefix.length >= self._most:
                return
            self._joined(self._prefix.aim(self._prefix.rows + self._wanted - kept))

    def _jobs(self) -> Iterator[Callable[[], Coroutine[object, object, None]]]:
        for index in range(self._prefix.length, self._most):
            if self._prefix.is_enough:
                return
            if not self._prefix.has(index):
                yield partial(self._one, index)

    async def _one(self, index: int) -> None:
        if self._is_far(index):
            async with self._turn:
                while self._is_far(index):
                    await self._run.stop.sleep(SECONDS_BETWEEN_LOOKS)
        if self._prefix.is_enough:
            return
        led = await self._leader.lead(self._shards[index % len(self._shards)], index)
        self._joined(self._prefix.add(index, sum(map(self._rows_of, led.candidates)), resumed=led.resumed))

    def _is_far(self, index: int) -> bool:
        """Whether a draw must wait for one before it, which takes long."""
        return not self._prefix.is_enough and index >= self._prefix.length + WINDOWS_AHEAD * self._window

    def _rows_of(self, candidate: Candidate) -> int:
        """Return how many rows a candidate gives at most; its difficulty is known already, what it repeats is not."""
        if not self._run.recipe.selection.allows(candidate.pass_rate):
            return 0
        if self._run.recipe.weighs_solvers:
            return max(map(self._selection.count, any_outcome(candidate)), default=0)
        return self._selection.count(candidate) if candidate.is_agreed else 0

    def _joined(self, ended: Iterable[_Ended]) -> None:
        for one in ended:
            self._report.step(min(one.rows, self._wanted - self._report.done), resumed=one.resumed)

    def _candidates(self) -> Iterator[Candidate]:
        """Yield the candidates of the prefix, in their order."""
        length = self._prefix.length
        shards = (shard.writer.candidates(length) for shard in self._shards)
        return merge(*shards, key=lambda candidate: candidate.blueprint.index)

    async def seal(self) -> None:
        """Seal all shards with the draws of the prefix."""
        self._report.funnel = Funnel()
        while self._shards:
            shard = self._shards.pop(0)
            await asyncio.to_thread(shard.seal, self._prefix.length)
            self._report.funnel += shard.writer.funnel

    def close(self) -> None:
        """Close what an interruption left open."""
        with ExitStack() as stack:
            for shard in self._shards:
                if shard.is_open:
                    stack.callback(shard.discard)
