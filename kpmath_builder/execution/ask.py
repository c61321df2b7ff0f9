"""`Ask`, the only way out of a stage: behind it stand the prompts, the log, the re-asking and the teachers."""

from collections import defaultdict
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from kpmath_builder.execution.run import Material, Run, cost_of
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.protocol import Request, Response, Role, Task
from kpmath_builder.records import Tokens

__all__ = ["Ask", "AskedSample", "Reply"]

T = TypeVar("T", bound=BaseModel)
FINAL = frozenset({"refused", "given_up"})
"""Ends of a request that will not be answered, however often it is asked; `text` says why."""


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

    async def reply(self, task: Task, material: Material, kind: type[T]) -> Reply[T]:
        """Ask until a reply validates, at most `build.attempts` times; each attempt has a seed of its own."""
        reason = ""
        for attempt in range(self._run.recipe.build.attempts):
            (response,) = await self._ask(task, material, 1, attempt)
            value, reason = _validated(response, kind)
            if value is not None or response.finish_reason in FINAL:
                return Reply(value, reason)
        return Reply(None, reason)

    async def samples(self, task: Task, material: Material, count: int) -> list[Response]:
        """Ask for several samples of free text."""
        return await self._ask(task, material, count, 0)

    async def _ask(self, task: Task, material: Material, count: int, attempt: int) -> list[Response]:
        request = self._run.request(task, material, self._address, attempt, self._generation)
        responses, fresh = await self._run.responses(request, count, self._log, str(self._address))
        self.resumed = self.resumed and not fresh
        for sample, response in enumerate(responses):
            self.spent[task] += cost_of(response)
            self.asked.append(AskedSample(request, sample, response))
        return responses


def _validated(response: Response, kind: type[T]) -> tuple[T | None, str]:
    if response.finish_reason in FINAL:
        return None, response.text
    if response.finish_reason != "stop":
        return None, f"cut off ({response.finish_reason})"
    try:
        return kind.model_validate_json(response.text), ""
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return None, f"reply does not validate: {place + ': ' if place else ''}{first['msg']}"
