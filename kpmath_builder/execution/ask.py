"""`Ask`, the only way out of a stage: behind it stand the prompts, the log, the re-asking and the teachers."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from kpmath_builder.errors import KpmathError
from kpmath_builder.execution.log import ResponseLog
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.prompts.schemas import SCHEMAS
from kpmath_builder.randomness import seed_of
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Tokens
from kpmath_builder.stopping import Stop, StoppedError
from kpmath_builder.teachers.protocol import (
    ROLE_OF,
    Message,
    Request,
    Response,
    Role,
    Task,
    Teacher,
    canonical_json,
)
from kpmath_builder.teachers.staff import Staff

__all__ = ["Ask", "Asked", "Client", "NotAskedError", "Reply"]

T = TypeVar("T", bound=BaseModel)
Material = Mapping[str, Any]


class NotAskedError(KpmathError):
    """An answer is not in the log and no teacher may be asked for it (`rescore`, `explain`)."""


class Asked(NamedTuple):
    """One request with the number of the sample and its response."""

    request: Request
    sample: int
    response: Response


class Reply(NamedTuple, Generic[T]):
    """A validated reply, or None with the reason why there is none."""

    value: T | None
    reason: str = ""


class Client:
    """What all questions of a build share: the recipe, the prompts, the teachers by role, and the account of this run.

    Without staff it answers from the log alone and raises `NotAskedError` for what is not there. Once `stop` is asked, it
    raises `StoppedError` instead of sending a request.
    """

    def __init__(
        self,
        recipe: Recipe,
        prompts: Prompts,
        report: Reporter,
        staff: Staff | None = None,
        stop: Stop | None = None,
    ) -> None:
        self.recipe = recipe
        self.prompts = prompts
        self.stop = stop or Stop()
        self.report = report
        self._staff = staff

    def request(
        self, task: Task, material: Material, address: int | str, attempt: int, generation: int = 0
    ) -> Request:
        """Return the request for a task; address, attempt and generation decide its seed."""
        settings = self.recipe.teacher_for(ROLE_OF[task])
        symbolic = settings.kind == "symbolic"
        purpose = f"{task}, generation {generation}" if generation else task
        return Request(
            task=task,
            model=settings.model_name,
            messages=_as_json(task, material) if symbolic else self.prompts.render(task, material),
            sampling=self.recipe.sampled_by(ROLE_OF[task]).sampling,
            seed=seed_of(self.recipe.build.seed, address, purpose, attempt),
            schema=None if symbolic else SCHEMAS[task],
            extra=settings.fields(task),
        )

    async def responses(
        self, request: Request, count: int, log: ResponseLog, address: str
    ) -> tuple[list[Response], int]:
        """Return samples 0…count-1 of a request, and how many of them were asked for now.

        What the log does not hold comes from the teacher and is then logged. Where a call fails the others still end and
        are logged, for they are paid for.

        Raises
        ------
        StoppedError
            When a call failed, or was not made because the build is stopping.
        """
        found = {sample: log.get(request.key(sample)) for sample in range(count)}
        missing = [sample for sample, response in found.items() if response is None]
        if missing:
            teacher = await self._teacher(request.task)

            async def call(samples: Sequence[int]) -> None:
                for sample, response in zip(samples, await teacher.answer(request, samples), strict=True):
                    log.put(request.key(sample), request.task, address, response)
                    self.report.spend(cost_of(response))
                    found[sample] = response

            runs = _runs(missing, teacher.samples_per_request)
            await asyncio.gather(*(self._guarded(call(run)) for run in runs))
        there = [response for response in found.values() if response is not None]
        if len(there) < count:
            raise StoppedError
        return there, len(missing)

    async def _teacher(self, task: Task) -> Teacher:
        if self._staff is None:
            raise NotAskedError(
                f"the log holds no answer to this {task} request: run `kpmath build` to ask for it"
            )
        self.stop.check()
        return await self._staff.teacher(ROLE_OF[task])

    async def _guarded(self, call: Coroutine[object, object, None]) -> None:
        try:
            await call
        except StoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - it ends the build, but only after what is under way
            self.stop.ask(error)


class Ask:
    """The questions of one blueprint (or seed problem): what is asked, what it cost, and what came.

    Parameters
    ----------
    client, log
        Who asks, and where the answers are kept.
    address
        The blueprint's number or the seed's id; decides the seeds of all requests.
    generation
        How often the blueprint's shard was begun anew by `--regenerate`; each generation has seeds of its own.
    """

    def __init__(self, client: Client, log: ResponseLog, address: int | str, generation: int = 0) -> None:
        self.spent: dict[str, Tokens] = defaultdict(Tokens)
        self.asked: list[Asked] = []
        self.resumed = True
        """Whether all answers so far were in the log."""
        self._client = client
        self._log = log
        self._address = address
        self._generation = generation

    def model(self, role: Role) -> str:
        """Return the name of the model that plays a role."""
        return self._client.recipe.teacher_for(role).model_name

    @property
    def headings(self) -> tuple[str, ...]:
        """What stands before a problem in the prompts that are sent."""
        return self._client.prompts.headings

    async def reply(self, task: Task, material: Material, kind: type[T]) -> Reply[T]:
        """Ask until a reply validates, at most `build.attempts` times; each attempt has a seed of its own."""
        reason = ""
        for attempt in range(self._client.recipe.build.attempts):
            (response,) = await self._ask(task, material, 1, attempt)
            value, reason = _validated(response, kind)
            if value is not None or response.finish_reason == "refused":
                return Reply(value, reason)
        return Reply(None, reason)

    async def samples(self, task: Task, material: Material, count: int) -> list[Response]:
        """Ask for several samples of free text."""
        return await self._ask(task, material, count, 0)

    async def _ask(self, task: Task, material: Material, count: int, attempt: int) -> list[Response]:
        request = self._client.request(task, material, self._address, attempt, self._generation)
        responses, fresh = await self._client.responses(request, count, self._log, str(self._address))
        self.resumed = self.resumed and not fresh
        for sample, response in enumerate(responses):
            self.spent[task] += cost_of(response)
            self.asked.append(Asked(request, sample, response))
        return responses


def cost_of(response: Response) -> Tokens:
    """Return the tokens of one response."""
    return Tokens(requests=1, prompt=response.prompt_tokens, completion=response.completion_tokens)


def _validated(response: Response, kind: type[T]) -> tuple[T | None, str]:
    if response.finish_reason == "refused":
        return None, response.text
    if response.finish_reason != "stop":
        return None, f"cut off ({response.finish_reason})"
    try:
        return kind.model_validate_json(response.text), ""
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return None, f"reply does not validate: {place + ': ' if place else ''}{first['msg']}"


def _as_json(task: Task, material: Material) -> tuple[Message, ...]:
    return (Message("user", canonical_json({"task": task, **material})),)


def _runs(samples: Sequence[int], longest: int) -> Iterator[list[int]]:
    """Cut ascending numbers into runs without gaps, none longer than `longest`."""
    run: list[int] = []
    for sample in samples:
        if run and (sample != run[-1] + 1 or len(run) == longest):
            yield run
            run = []
        run.append(sample)
    yield run
