"""The teacher that runs vLLM in a child process, for nodes where no port may be opened. Each answer comes as soon as it is finished."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kpmath_builder.client.chat import chat_body
from kpmath_builder.client.completions import read_completion
from kpmath_builder.client.metrics import Metrics
from kpmath_builder.client.monitor import Load
from kpmath_builder.client.refusals import Refusals
from kpmath_builder.client.schema_probe import fault_of_reply, probe_body
from kpmath_builder.client.statuses import server_words
from kpmath_builder.engine.child import Child
from kpmath_builder.engine.command import (
    engine_arguments,
    engine_environment,
    engine_python,
    file_name,
    gpu_groups,
)
from kpmath_builder.engine.commits import commit_of
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.errors import BuildError, InputError, KpmathError
from kpmath_builder.protocol import Request, Response
from kpmath_builder.recipe import VllmSettings

__all__ = ["OfflineTeacher"]

WORKER = Path(__file__).with_name("worker.py")
FIRST_PAUSE = 1.0
DEATHS = 5
"""Deaths of the child after which the build ends."""


class OfflineTeacher:
    """A `Teacher` without a server; the parameters are those of `VllmTeacher`.

    Requests that were under way when the child died are sent again to the next one.
    """

    def __init__(
        self,
        settings: VllmSettings,
        *,
        folder: Path,
        registry: EngineRegistry,
        longest_reply: int = 0,
        extras: Sequence[Mapping[str, Any]] = (),
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.model = settings.model_name
        self.samples_per_request = settings.samples_per_request
        self._settings, self._longest_reply, self._extras = settings, longest_reply, extras or ({},)
        self._log = folder / f"{file_name(self.model)}.log"
        self._ledger, self._notify = registry, notify or (lambda _: None)
        self._places = asyncio.Semaphore(settings.in_flight)
        self._refusals = Refusals()
        self._pending: dict[int, tuple[dict[str, Any], asyncio.Future[dict[str, Any]]]] = {}
        self._revision = ""
        self._asked = 0
        self._deaths = 0
        self._total = Metrics()
        self._began = time.monotonic()
        self._lost: KpmathError | None = None
        self._child: Child | None = None
        self._reader: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Load the model and make sure that it obeys a JSON schema.

        Raises
        ------
        InputError
            When it does not load, has too short a context, or does not obey.
        """
        ready = await self._start()
        self._revision = commit_of(self._settings)
        if self._longest_reply >= ready["context"]:
            raise InputError(
                f"{self.model} runs with {ready['context']} tokens for prompt and reply together, and the recipe asks for "
                f"replies of up to {self._longest_reply}: lower max_tokens, or raise --max-model-len in teacher.arguments."
            )
        self._reader = asyncio.create_task(self._read_all())
        for extra in self._extras:
            answer = await self._ask(probe_body(self.model, extra))
            body = json.dumps(answer["body"]).encode()
            fault = (
                fault_of_reply(self.model, body)
                if answer["status"] == 200
                else f"{self.model} refuses a request with a JSON schema ({server_words(body)})"
            )
            if fault:
                raise InputError(f"{fault}: correct teacher.arguments or teacher.extra.")

    async def answer(self, request: Request, samples: Sequence[int]) -> list[Response]:
        """Answer consecutive samples of one request, in their order, however long it takes.

        Raises
        ------
        BuildError
            When the child has died too often.
        InputError
            When it refuses one request after the other.
        """
        async with self._places:
            answer = await self._ask(chat_body(request, samples[0], len(samples)))
        body = json.dumps(answer["body"]).encode()
        if answer["status"] != 200:
            words = server_words(body)
            self._refusals.refused(request, words)
            return [Response(text=words, finish_reason="refused", model=request.model)] * len(samples)
        self._refusals.answered(request.task)
        responses = read_completion(body, len(samples), self._revision)
        self._total += Metrics(
            prompt_tokens=responses[0].prompt_tokens,
            generated_tokens=sum(response.completion_tokens for response in responses),
            cache_queries=responses[0].prompt_tokens,
            cache_hits=responses[0].cached_tokens,
        )
        return responses

    async def close(self) -> None:
        """End the child."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader
        if self._child is not None:
            await self._child.end()

    def load(self) -> str:
        """Return what the child does."""
        return str(self._load)

    @property
    def _load(self) -> Load:
        """What the child does, as far as it is seen from here."""
        speed = self._total.generated_tokens / (time.monotonic() - self._began)
        return Load(1, Metrics(running=len(self._pending)), self._total, speed)

    def record(self) -> dict[str, Any]:
        """Return what the child did in this run, for the build's record."""
        load = self._load
        return {
            "model": self.model,
            "restarts": self._deaths,
            "seconds": round(time.monotonic() - self._began, 1),
            "prompt_tokens": round(load.total.prompt_tokens),
            "generated_tokens": round(load.total.generated_tokens),
            "generated_tokens_per_second": round(load.tokens_per_second, 1),
            "prefix_cache_hit_rate": round(load.hit_rate, 4),
        }

    async def _start(self) -> dict[str, Any]:
        (gpus,) = gpu_groups(self._settings)
        self._child = Child(
            f"vLLM for {self.model}, without a port",
            [
                *engine_python(self._settings),
                str(WORKER),
                self._settings.model,
                *engine_arguments(self._settings),
            ],
            engine_environment(gpus),
            log=self._log,
            registry=self._ledger,
            notify=self._notify,
        )
        return await self._child.start(self._settings.start_patience)

    async def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        if self._lost is not None:
            raise self._lost
        number, self._asked = self._asked, self._asked + 1
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pending[number] = body, future
        try:
            await self._send(number)
            return await future
        finally:
            self._pending.pop(number, None)

    async def _send(self, number: int) -> None:
        assert self._child is not None
        with contextlib.suppress(OSError, AssertionError):  # what is pending is sent again to the next child
            await self._child.send({"id": number, "body": self._pending[number][0]})

    async def _read_all(self) -> None:
        assert self._child is not None
        try:
            while True:
                answer = await self._child.receive()
                if answer is None:
                    await self._start_again()
                elif answer["id"] in self._pending and not self._pending[answer["id"]][1].done():
                    self._pending[answer["id"]][1].set_result(answer)
        except KpmathError as error:
            self._lost = error
            for _, future in self._pending.values():
                if not future.done():
                    future.set_exception(error)

    async def _start_again(self) -> None:
        assert self._child is not None
        self._deaths += 1
        why = f" ({self._child.fault})" if self._child.fault else ""
        if self._deaths >= DEATHS:
            raise BuildError(f"vLLM for {self.model} has ended {DEATHS} times{why}: see {self._log}.")
        self._notify(f"vLLM for {self.model} has ended{why}: starting it again")
        await self._child.end()
        await asyncio.sleep(FIRST_PAUSE * 2.0**self._deaths)
        await self._start()
        for number in list(self._pending):
            await self._send(number)
