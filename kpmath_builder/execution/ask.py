"""`Ask`, the only way out of a stage: behind it stand the prompts, the log, the re-asking and the teachers."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from kpmath_builder.execution.run import Material, Run, cost_of
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.prompts.loops import ends_in_loop
from kpmath_builder.prompts.reply_reading import ReadReply, read_reply
from kpmath_builder.protocol import FINAL, ROLE_OF, Request, Response, Role, Task
from kpmath_builder.records import Tokens

__all__ = ["Ask", "AskedSample", "Reply"]

T = TypeVar("T", bound=BaseModel)


def _accept(_: object) -> str:
    return ""


class AskedSample(NamedTuple):
    """One request with the number of the sample and its response."""

    request: Request
    sample: int
    response: Response
    number: int
    """Of a solution, its number among those of all solvers; else the sample's."""


class Reply(NamedTuple, Generic[T]):
    """A validated reply, or None with the reason why there is none; with the response that it was read of."""

    value: T | None
    reason: str = ""
    response: Response | None = None


class Ask:
    """The questions of one blueprint (or seed problem): what is asked, what it cost, and what came.

    Parameters
    ----------
    run, log
        What all questions share, and where the answers are kept.
    address
        The blueprint's number or the seed's id; decides the seeds of all requests.
    generation
        How often the blueprint's shard was begun anew by `--regenerate`; each generation has seeds of its own.
    """

    def __init__(self, run: Run, log: ResponseLog, address: int | str, generation: int = 0) -> None:
        self.spent: dict[str, Tokens] = defaultdict(Tokens)
        self.repairs: dict[Role, Counter[str]] = defaultdict(Counter)
        """Role to what had to be repaired in its replies, and how often."""
        self.loops: Counter[Role] = Counter()
        """Role to how many of its replies ran in a loop until they were cut off."""
        self.asked: list[AskedSample] = []
        self.resumed = True
        """Whether all answers so far were in the log."""
        self._run = run
        self._log = log
        self._address = address
        self._generation = generation

    def models(self, *roles: Role) -> dict[str, str]:
        """Return the names of the models that play some roles, by `Recipe.players`."""
        players = self._run.recipe.players
        return {player.name: player.settings.public_name for player in players if player.role in roles}

    @property
    def headings(self) -> tuple[str, ...]:
        """What stands before a problem in the prompts that are sent."""
        return self._run.prompts.headings

    def instructions(self, task: Task) -> str:
        """Return what the prompt of a task says whatever the material."""
        return self._run.prompts.instructions(task)

    async def reply(
        self,
        task: Task,
        material: Material,
        kind: type[T],
        refuse: Callable[[T], str] = _accept,
        *,
        sample: int = 0,
    ) -> Reply[T]:
        """Ask until a reply is readable, at most `build.attempts` times; each attempt has a seed of its own.

        After a reply that ran in a loop there is one more attempt, with half the tokens. `refuse` returns why a reply that can be
        read does not fit the material, or "". `sample` is the number of the reply, if several are wanted.
        """
        reason, looped = "", False
        for attempt in range(self._run.recipe.build.attempts):
            (response,) = await self._ask(
                task, material, range(sample, sample + 1), attempt, after_loop=looped
            )
            read = _read(response, kind, refuse)
            self._note(task, response, read)
            value, reason = read.value, read.reason
            if value is not None or response.finish_reason in FINAL or looped:
                return Reply(value, reason, response)
            looped = _runs_in_loop(response)
        return Reply(None, reason)

    def _note(self, task: Task, response: Response, read: ReadReply[T]) -> None:
        """Count what had to be repaired, loops, and replies that came in this run and are not readable."""
        if _runs_in_loop(response):
            self.loops[ROLE_OF[task]] += 1
            self._run.quality.looped(task)
        if read.value is not None:
            self._run.quality.readable(task, read.repairs)
            self.repairs[ROLE_OF[task]].update(repair.value for repair in read.repairs)
        elif not self.resumed and response.finish_reason not in FINAL:
            self._run.quality.unreadable(self.asked[-1].request, response, read.reason)

    async def samples(self, task: Task, material: Material, count: int, first: int = 0) -> list[Response]:
        """Ask for several samples of free text, from number `first` on."""
        return await self._ask(task, material, range(first, first + count), 0)

    async def solutions(self, material: Material, count: int, first: int = 0) -> list[tuple[str, Response]]:
        """Ask for several solutions, from number `first` on, each from the solver whose turn it is; return its name with each.

        A solver's samples are numbered by themselves, so that other solvers beside it, and other shares, keep its answers.
        """
        turns = self._run.recipe.turns(first + count)
        numbers: dict[str, list[int]] = {}
        for number in range(first, first + count):
            numbers.setdefault(turns[number].solver, []).append(number)

        async def ask(solver: str) -> list[AskedSample]:
            samples = [turns[number].sample for number in numbers[solver]]
            request = self._run.request("solve", material, self._address, 0, self._generation, solver=solver)
            responses, fresh = await self._run.responses(
                request, samples, self._log, str(self._address), solver
            )
            self.resumed = self.resumed and not fresh
            return [
                AskedSample(request, *its) for its in zip(samples, responses, numbers[solver], strict=True)
            ]

        found = chain.from_iterable(await _all(map(ask, numbers)))
        asked = sorted(found, key=lambda its: its.number)
        self._take(asked)
        return [(turns[its.number].solver, its.response) for its in asked]

    async def _ask(
        self, task: Task, material: Material, samples: range, attempt: int, *, after_loop: bool = False
    ) -> list[Response]:
        request = self._run.request(
            task, material, self._address, attempt, self._generation, after_loop=after_loop
        )
        responses, fresh = await self._run.responses(request, samples, self._log, str(self._address))
        self.resumed = self.resumed and not fresh
        self._take(AskedSample(request, *its, number=its[0]) for its in zip(samples, responses, strict=True))
        return responses

    def _take(self, asked: Iterable[AskedSample]) -> None:
        for its in asked:
            self.spent[its.request.task] += cost_of(its.response)
            self.asked.append(its)


async def _all(calls: Iterable[Coroutine[object, object, list[AskedSample]]]) -> list[list[AskedSample]]:
    """Wait for all calls, so that what is under way is logged even if one of them fails; then raise the first failure."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    for its in found:
        if isinstance(its, BaseException):
            raise its
    return [its for its in found if not isinstance(its, BaseException)]


def _read(response: Response, kind: type[T], refuse: Callable[[T], str] = _accept) -> ReadReply[T]:
    if response.finish_reason in FINAL:
        return ReadReply(None, reason=response.text)
    if _runs_in_loop(response):
        return ReadReply(None, reason=f"ran in a loop until it was cut off ({response.finish_reason})")
    if response.finish_reason != "stop":
        return ReadReply(None, reason=f"cut off ({response.finish_reason})")
    read = read_reply(response.text, kind)
    reason = "" if read.value is None else refuse(read.value)
    return ReadReply(None, reason=reason) if reason else read


def _runs_in_loop(response: Response) -> bool:
    # A model that was cut off before its reply may have thought in a loop.
    return response.finish_reason == "length" and ends_in_loop(response.text or response.reasoning)
