"""`Run`: what all questions of one run share, and the one place where a request meets the log and the teachers."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kpmath_builder.answers import stop_strings
from kpmath_builder.errors import BuildError, KpmathError
from kpmath_builder.execution.reply_quality import ReplyQuality
from kpmath_builder.execution.spending import Spending
from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.protocol import (
    ROLE_OF,
    UNANSWERED,
    Message,
    Request,
    Response,
    Task,
    Teacher,
    canonical_json,
    player_name,
)
from kpmath_builder.randomness import seed_of
from kpmath_builder.recipe import Recipe, TeacherSettings
from kpmath_builder.records import Tokens
from kpmath_builder.stopping import Stop, StoppedError

__all__ = ["Material", "NotAskedError", "Run", "cost_of"]

Material = Mapping[str, Any]
MOST_STOPS = 4
"""What OpenAI's own server takes."""


class NotAskedError(KpmathError):
    """An answer is not in the log and no teacher may be asked for it (`rescore`, `explain`)."""


class Run:
    """The recipe, the prompts, the teachers by role, and the account of this run.

    Without teachers it answers from the log alone and raises `NotAskedError` for what is not there. Once `stop` is asked for,
    it raises `StoppedError` instead of sending a request.

    Parameters
    ----------
    spending
        The limit of what all answers of the folder may cost; None: there is none.
    retry_given_up
        Whether requests that were refused or given up in an earlier run are sent again.
    needs_all
        Whether, without teachers, the run ends with a `BuildError` at the first answer that the log lacks.
    """

    def __init__(
        self,
        recipe: Recipe,
        prompts: Prompts,
        report: Reporter,
        teachers: Teachers | None = None,
        stop: Stop | None = None,
        *,
        spending: Spending | None = None,
        retry_given_up: bool = False,
        needs_all: bool = False,
    ) -> None:
        self.recipe = recipe
        self.prompts = prompts
        self.stop = stop or Stop()
        self.report = report
        self.quality = ReplyQuality(report.note)
        self.lacking: Counter[Task] = Counter()
        """Answers that the log lacks and no teacher was there to give."""
        self._teachers = teachers
        self._spending = spending
        self._retry_given_up = retry_given_up
        self._needs_all = needs_all

    @property
    def asks(self) -> bool:
        """Whether teachers are there to be asked."""
        return self._teachers is not None

    def request(
        self,
        task: Task,
        material: Material,
        address: int | str,
        attempt: int,
        generation: int = 0,
        *,
        after_loop: bool = False,
        solver: str = "",
    ) -> Request:
        """Return the request for a task; address, attempt and generation decide its seed. `solver` is one of several."""
        settings = self.recipe.teacher_for(ROLE_OF[task], solver)
        prompted = settings.uses_prompts
        sampling = self.recipe.sampled_by(ROLE_OF[task], solver).request_sampling
        extra = settings.fields(task)
        if prompted and task == "judge":
            extra = {**extra, **self.recipe.judging.request_fields}
        purpose = f"{task}, generation {generation}" if generation else task
        return Request(
            task=task,
            model=settings.model_name,
            messages=self.prompts.render(task, material, solver) if prompted else _as_json(task, material),
            sampling=sampling.after_loop() if after_loop else sampling,
            seed=seed_of(self.recipe.build.seed, address, purpose, attempt),
            extra=extra,
            stop=self._stop_strings(task) if prompted and "stop" not in extra else (),
            pattern=self.prompts.patterns.get(task, "") if prompted else "",
        )

    def _stop_strings(self, task: Task) -> tuple[str, ...]:
        """Return where a solution has run on into another problem; more would be read as part of it, and paid for."""
        return stop_strings(self.prompts.headings)[:MOST_STOPS] if task in {"solve", "attempt"} else ()

    async def responses(
        self, request: Request, samples: Iterable[int], log: ResponseLog, address: str, solver: str = ""
    ) -> tuple[list[Response], int]:
        """Return some samples of a request, in their order, and how many of them were asked for now; `solver` is one of several.

        What the log does not hold comes from the teacher and is then logged. If a call fails the others still end and are
        logged, for they are paid for.

        Raises
        ------
        BuildError
            When the folder's answers have cost all that they may cost.
        StoppedError
            When a call failed, or was not made because the build is stopping.
        """
        found = {sample: log.get(request.key(sample)) for sample in samples}
        missing = [sample for sample, response in found.items() if self._is_missing(response)]
        if missing:
            player = player_name(ROLE_OF[request.task], solver)
            teacher = await self._teacher(request.task, player)

            async def call(samples: Sequence[int]) -> None:
                responses = await teacher.answer(request, samples)
                for sample, response in zip(samples, responses, strict=True):
                    log.put(request.key(sample), request.task, address, response)
                    found[sample] = response
                    self.quality.answered(request, response)
                self._account(player, self.recipe.teacher_for(ROLE_OF[request.task], solver), responses)

            for sample in missing:
                found[sample] = None
            runs = _runs(missing, teacher.samples_per_request)
            await asyncio.gather(*(self._guarded(call(run)) for run in runs))
        there = [response for response in found.values() if response is not None]
        if len(there) < len(found):
            raise StoppedError
        return there, len(missing)

    def _is_missing(self, response: Response | None) -> bool:
        if response is None:
            return True
        return self._retry_given_up and self._teachers is not None and response.finish_reason in UNANSWERED

    async def _teacher(self, task: Task, player: str) -> Teacher:
        if self._teachers is None:
            self.lacking[task] += 1
            lacks = f"the log holds no answer to this {task} request: run `kpmath build` to ask for it"
            raise BuildError(lacks.capitalize()) if self._needs_all else NotAskedError(lacks)
        self.stop.check()
        if self._spending is not None:
            self._spending.check()
        return await self._teachers.teacher(player)

    def _account(self, player: str, settings: TeacherSettings, responses: Sequence[Response]) -> None:
        spent = sum(map(cost_of, responses), Tokens())
        self.report.spend(spent, settings.cost(spent))
        if self._teachers is not None:
            self._teachers.spend(player, spent)
        if self._spending is not None:
            self._spending.add(responses)  # once over the limit, nothing that waits is sent any more

    async def _guarded(self, call: Coroutine[object, object, None]) -> None:
        try:
            await call
        except StoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - it ends the build, but only after what is under way
            self.stop.ask(error)


def cost_of(response: Response) -> Tokens:
    """Return the tokens of one response."""
    return Tokens(
        requests=1,
        prompt=response.prompt_tokens,
        completion=response.completion_tokens,
        given_up=int(response.finish_reason == "given_up"),
        refused=int(response.finish_reason == "refused"),
    )


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
