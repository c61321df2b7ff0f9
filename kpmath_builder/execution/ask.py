"""`Ask`, the only way out of a stage: behind it stand the prompts, the log, the re-asking and the teachers."""

from collections import Counter, defaultdict
from collections.abc import Callable
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


class Reply(NamedTuple, Generic[T]):
    """A validated reply, or None with the reason why there is none."""

    value: T | None
    reason: str = ""


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

    def model(self, role: Role) -> str:
        """Return the name of the model that plays a role."""
        return self._run.recipe.teacher_for(role).public_name

    @property
    def headings(self) -> tuple[str, ...]:
        """What stands before a problem in the prompts that are sent."""
        return self._run.prompts.headings

    def instructions(self, task: Task) -> str:
        """Return what the prompt of a task says whatever the material."""
        return self._run.prompts.instructions(task)

    async def reply(
        self, task: Task, material: Material, kind: type[T], refuse: Callable[[T], str] = _accept
    ) -> Reply[T]:
        """Ask until a reply is readable, at most `build.attempts` times; each attempt has a seed of its own.

        After a reply that ran in a loop there is one more attempt, with half the tokens. `refuse` returns why a reply that can be
        read does not fit the material, or "".
        """
        reason, looped = "", False
        for attempt in range(self._run.recipe.build.attempts):
            (response,) = await self._ask(task, material, range(1), attempt, after_loop=looped)
            read = _read(response, kind, refuse)
            self._note(task, response, read)
            value, reason = read.value, read.reason
            if value is not None or response.finish_reason in FINAL or looped:
                return Reply(value, reason)
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

    async def _ask(
        self, task: Task, material: Material, samples: range, attempt: int, *, after_loop: bool = False
    ) -> list[Response]:
        request = self._run.request(
            task, material, self._address, attempt, self._generation, after_loop=after_loop
        )
        responses, fresh = await self._run.responses(request, samples, self._log, str(self._address))
        self.resumed = self.resumed and not fresh
        for sample, response in zip(samples, responses, strict=True):
            self.spent[task] += cost_of(response)
            self.asked.append(AskedSample(request, sample, response))
        return responses


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
