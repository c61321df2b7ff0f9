"""A request that ends its server each time it is asked must end alone: the others are answered, and the build goes on."""

import asyncio

import pytest
from aiohttp import web
from dummy_server import Body, DummyServer, Fault
from test_openai_teacher import request

from kpmath_builder.client import endpoints, readiness, retries
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.teacher import OpenAITeacher


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(retries, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(endpoints, "FIRST_COOL_DOWN", 0.05)
    monkeypatch.setattr(endpoints, "LONGEST_COOL_DOWN", 0.1)
    monkeypatch.setattr(readiness, "SECONDS_BETWEEN_LOOKS", 0.05)


class Mortal(DummyServer):
    """Dies of any request that speaks of poison, with all that is under way, and is started again a moment later."""

    deaths = 0
    endpoint: Endpoint
    """What the client knows of this server."""

    def __init__(self) -> None:
        super().__init__(faults=self._fault, seconds=0.05)
        self._end: asyncio.Task[None] | None = None
        self._held = 0
        """Requests that get no answer any more."""

    def _fault(self, body: Body, number: int) -> Fault | None:
        is_poison = "poison" in body["messages"][-1]["content"]
        if is_poison and self._end is None:
            self.deaths += 1
            self._end = asyncio.create_task(self._die())
        return self._hold if self._end else None

    async def _hold(self, http: web.Request, answer: Body) -> web.StreamResponse:
        self._held += 1
        await asyncio.sleep(60.0)
        return web.Response()

    async def _die(self) -> None:
        # An answer that comes at the moment of the end would wait for the server to come back, and it for this answer.
        while self.endpoint.in_flight > self._held:  # noqa: ASYNC110 - until all that is under way is held
            await asyncio.sleep(0.01)
        await self.__aexit__()
        while self.endpoint.in_flight:  # noqa: ASYNC110 - until all that broke off know that it was the server
            await asyncio.sleep(0.01)
        self._held, self._end = 0, None
        await self.__aenter__()


def test_one_request_that_ends_its_server_is_given_up_and_all_others_are_answered() -> None:
    async def run() -> None:
        async with Mortal() as server:
            teacher = OpenAITeacher("dummy", [server.address], in_flight=8, patience=30.0)
            (server.endpoint,) = teacher.connection.pool.all
            await teacher.check()
            texts = ["poison", *(f"good {n}" for n in range(40))]
            async with asyncio.timeout(60.0):
                answers = await asyncio.gather(*(teacher.answer(request(text), [0]) for text in texts))
            await teacher.close()
            ends = [response.finish_reason for (response,) in answers]
            assert ends == ["given_up"] + ["stop"] * 40
            assert "the server ended 4 times while it worked on this request" in answers[0][0].text
            assert server.deaths == 4

    asyncio.run(run())
