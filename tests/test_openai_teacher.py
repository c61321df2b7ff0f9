"""The OpenAI-compatible teacher and embedder against a real HTTP server that fails in every way."""

import asyncio
import gc
import json
import re
import warnings
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np
import pytest
from aiohttp import web
from dummy_server import (
    LASTING,
    ODD,
    PASSING,
    Body,
    DummyServer,
    Fault,
    body_text,
    choices,
    held,
    is_probe,
    script,
    slow,
    status,
    storm,
)
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.client import connection, endpoints, readiness, retries
from kpmath_builder.client.completions import read_completion
from kpmath_builder.client.embeddings import OpenAIEmbedder
from kpmath_builder.client.teacher import OpenAITeacher
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.protocol import Message, Request, Response, Sampling, Teacher, canonical_json
from kpmath_builder.stopping import Stop, StoppedError

T = TypeVar("T")
LONG = 60.0
"""Seconds after which something counts as never; no test lasts as long unless it fails."""
PATTERN = r"[0-9]+"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Pauses(Stop):
    """Notes how long each pause should be, and ends it when `over` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[float] = []
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.lengths.append(seconds)
        await self.over.wait()
        self.check()


async def turns(count: int = 100) -> None:
    """Let whatever is ready to run do so; no time has to pass."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(retries, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(retries, "LONGEST_OWN_PAUSE", 0.1)
    monkeypatch.setattr(endpoints, "FIRST_COOL_DOWN", 0.05)
    monkeypatch.setattr(readiness, "SECONDS_BETWEEN_LOOKS", 0.1)


def request(text: str = "What is 2 + 2?", **changes: object) -> Request:
    fields: dict[str, Any] = {
        "task": "solve",
        "model": "dummy",
        "messages": (Message("system", "Be brief."), Message("user", text)),
        "sampling": Sampling(temperature=0.75, top_p=0.95, max_tokens=64),
        "seed": 7,
    }
    return Request(**(fields | changes))


def with_teacher(
    use: Callable[[OpenAITeacher, DummyServer], Awaitable[T]],
    server: DummyServer | None = None,
    **options: object,
) -> T:
    """Run `use` with a teacher connected to `server`."""

    async def run() -> T:
        async with server or DummyServer() as running:
            teacher = OpenAITeacher(options.pop("model", "dummy"), [running.address], **options)
            try:
                return await use(teacher, running)
            finally:
                await teacher.close()

    return asyncio.run(run())


def bounded(
    use: Callable[[OpenAITeacher, DummyServer], Awaitable[T]],
) -> Callable[[OpenAITeacher, DummyServer], Awaitable[T]]:
    """Let `use` fail when it takes so long that it would never end."""

    async def run(teacher: OpenAITeacher, server: DummyServer) -> T:
        async with asyncio.timeout(LONG):
            return await use(teacher, server)

    return run


def ask_once(server: DummyServer, n: int = 1, **options: object) -> list[Response]:
    return with_teacher(lambda teacher, _: teacher.answer(request(), range(n)), server, **options)


# What is sent


def test_it_is_a_teacher() -> None:
    teacher: Teacher = OpenAITeacher("dummy", ["http://localhost:1"], samples_per_request=10)
    assert teacher.samples_per_request == 10


def test_every_sampling_field_is_sent_so_that_no_server_default_slips_in() -> None:
    server = DummyServer()
    with_teacher(
        lambda t, _: t.answer(request(pattern=PATTERN, extra={"min_p": 0.0, "top_k": -1}), range(3, 5)),
        server,
    )
    assert server.bodies == [
        {
            "model": "dummy",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "What is 2 + 2?"},
            ],
            "temperature": 0.75,
            "top_p": 0.95,
            "max_tokens": 64,
            "n": 2,
            "seed": 10,
            "top_k": -1,
            "min_p": 0.0,
        }
    ]


def test_a_server_that_was_not_probed_is_sent_no_expression_that_it_may_refuse() -> None:
    server = DummyServer()
    with_teacher(lambda t, _: t.answer(request(pattern=PATTERN), [0]), server)
    assert "structured_outputs" not in server.bodies[0]


@pytest.mark.parametrize("seed", [2**63 - 1, 2**64 - 1, 2**200])
def test_a_seed_of_any_size_fits_the_servers_signed_64_bits(seed: int) -> None:
    server = DummyServer()
    with_teacher(lambda t, _: t.answer(request(seed=seed), [5]), server)
    assert 0 <= server.bodies[0]["seed"] < 2**63


def test_one_call_with_n_samples_gives_what_n_calls_give() -> None:
    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        together = await teacher.answer(request(), range(2, 6))
        apart = [(await teacher.answer(request(), [sample]))[0] for sample in range(2, 6)]
        assert [r.text for r in together] == [r.text for r in apart]
        assert len({r.text for r in together}) == 4
        assert server.requests == 5

    with_teacher(use)


def test_samples_that_are_not_consecutive_are_a_fault_of_the_caller() -> None:
    with pytest.raises(AssertionError, match="consecutive"):
        with_teacher(lambda t, _: t.answer(request(), [0, 2]))


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_an_address_may_end_in_v1_or_not(suffix: str) -> None:
    async def run() -> None:
        async with DummyServer() as server:
            teacher = OpenAITeacher("dummy", [server.address + suffix])
            assert (await teacher.answer(request(), [0]))[0].finish_reason == "stop"
            await teacher.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "address", ["localhost:8000", "", "ftp://host", "http://", "http://host:port", "http://host:99999"]
)
def test_what_is_no_address_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(InputError, match="is not the address of a server"):
        OpenAITeacher("dummy", [address])


def test_no_address_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="No address of a server is given"):
        OpenAITeacher("dummy", [])


def test_further_fields_cannot_make_the_request_s_key_a_lie() -> None:
    with pytest.raises(InputError, match="may not set seed, temperature"):
        with_teacher(lambda t, _: t.answer(request(extra={"temperature": 0, "seed": 1}), [0]))


def test_the_key_is_sent() -> None:
    server = DummyServer(key="secret")
    assert ask_once(server, api_key="secret\n")[0].finish_reason == "stop"


# What comes back


def test_usage_of_a_call_is_shared_out_exactly() -> None:
    replies = {7: "one two three", 8: "four", 9: "five"}
    responses = ask_once(DummyServer(lambda body: replies[body["seed"]]), 3)
    assert [r.completion_tokens for r in responses] == [2, 2, 1]
    assert [r.prompt_tokens for r in responses] == [7, 0, 0]
    assert [r.cached_tokens for r in responses] == [3, 0, 0]
    assert {(r.model, r.fingerprint) for r in responses} == {("dummy", "dummy-1")}


def to_json(value: object) -> bytes:
    return canonical_json(value).encode()


def completion(*messages: dict[str, Any], tokens: int = 0) -> bytes:
    parts = [{"index": i, "message": message, "finish_reason": "stop"} for i, message in enumerate(messages)]
    return to_json({"choices": parts, "usage": {"completion_tokens": tokens}})


@given(st.integers(0, 10**6), st.integers(1, 20))
def test_no_completion_token_is_lost_or_made_up(tokens: int, samples: int) -> None:
    shares = [
        r.completion_tokens
        for r in read_completion(completion(*[{"content": "x"}] * samples, tokens=tokens), samples)
    ]
    assert sum(shares) == tokens
    assert max(shares) - min(shares) <= 1


@pytest.mark.parametrize(
    ("message", "text", "reasoning"),
    [
        ({"content": "4"}, "4", ""),
        ({"content": " 4\n"}, " 4\n", ""),
        ({"content": "4", "reasoning": "2 + 2"}, "4", "2 + 2"),
        ({"content": "4", "reasoning_content": "2 + 2"}, "4", "2 + 2"),
        ({"content": None, "reasoning": "2 + 2"}, "", "2 + 2"),
        ({"content": "<think>\n2 + 2\n</think>\n\n4"}, "4", "2 + 2"),
        ({"content": "2 + 2\n</think>\n\n4"}, "4", "2 + 2"),
        ({"content": "<think>\n2 + 2 is"}, "", "2 + 2 is"),
        ({"content": "<think></think>4"}, "4", ""),
        ({"content": "if 1 < 2 then"}, "if 1 < 2 then", ""),
        ({"content": "x </think> y", "reasoning": "given"}, "x </think> y", "given"),
    ],
)
def test_reasoning_is_kept_apart_from_the_answer(message: dict[str, Any], text: str, reasoning: str) -> None:
    (response,) = read_completion(completion(message), 1)
    assert (response.text, response.reasoning) == (text, reasoning)


@pytest.mark.parametrize(
    ("usage", "samples", "tokens"),
    [
        ({"completion_tokens_details": {"reasoning_tokens": 7}}, 1, 7),
        ({"reasoning_tokens": 7}, 1, 7),
        ({"completion_tokens_details": {"reasoning_tokens": 7}}, 2, 0),
        ({"completion_tokens_details": {"reasoning_tokens": "many"}}, 1, 0),
        ({}, 1, 0),
    ],
)
def test_tokens_of_the_reasoning_are_known_if_the_server_counts_those_of_one_reply(
    usage: dict[str, Any], samples: int, tokens: int
) -> None:
    """A sum over several replies says nothing about one of them."""
    body = json.loads(completion(*[{"content": "4", "reasoning": "2 + 2"}] * samples))
    responses = read_completion(to_json({**body, "usage": usage}), samples)
    assert {response.reasoning_tokens for response in responses} == {tokens}


@given(st.binary(max_size=60) | st.recursive(st.none() | st.integers(), st.lists, max_leaves=5).map(to_json))
def test_a_body_that_is_no_completion_is_a_value_error_and_nothing_else(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_completion(body, 1)


@pytest.mark.parametrize(
    ("kind", "text", "finish_reason"),
    [
        ("slow", "text 7: What is 2 + 2?", "stop"),
        ("refusal in words", "I'm sorry, but I can't help with that.", "stop"),
        ("endless repetition", "and so on " * 400, "length"),
    ],
)
def test_an_odd_answer_is_passed_on_as_it_is(kind: str, text: str, finish_reason: str) -> None:
    server = DummyServer(faults=script(ODD[kind]))
    (response,) = ask_once(server)
    assert (response.text, response.finish_reason) == (text, finish_reason)
    assert server.requests == 1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("context overflow", "This model's maximum context length is 1024 tokens"),
        ("unprocessable", "Unprocessable"),
        ("content filter", ""),
        ("refusal field", "I cannot help with that."),
    ],
)
def test_what_the_server_will_never_answer_is_refused_for_each_sample_and_not_asked_again(
    kind: str, words: str
) -> None:
    server = DummyServer(faults=script(LASTING[kind]))
    responses = ask_once(server, 3)
    assert [(r.finish_reason, r.text) for r in responses] == [("refused", words)] * 3
    assert server.requests == 1


# Faults that pass


@pytest.mark.parametrize("kind", PASSING)
def test_a_passing_fault_is_followed_by_the_answer(kind: str) -> None:
    server = DummyServer(faults=script(PASSING[kind], PASSING[kind]))
    responses = ask_once(server, 2)
    assert [r.text for r in responses] == ["text 7: What is 2 + 2?", "text 8: What is 2 + 2?"]
    assert server.requests == 3
    assert server.bodies[0] == server.bodies[2]


def test_a_storm_of_mixed_faults_leaves_no_request_without_its_answer() -> None:
    server = DummyServer(faults=storm(5, 0.25, [*PASSING.values(), slow(0.1)]), seconds=0.005)

    async def use(teacher: OpenAITeacher, _: DummyServer) -> None:
        requests = [request(f"problem {i}", seed=1000 * i) for i in range(300)]
        answers = await asyncio.gather(*(teacher.answer(r, range(2)) for r in requests))
        for i, responses in enumerate(answers):
            assert [r.text for r in responses] == [f"text {1000 * i + j}: problem {i}" for j in range(2)]
        assert teacher.stats.calls == server.requests == 300 + teacher.stats.retries
        assert teacher.stats.in_flight == 0
        assert 1 < server.peak <= 20

    with_teacher(use, server, in_flight=20)


def test_no_more_than_in_flight_calls_are_under_way_and_all_slots_are_used() -> None:
    gate = asyncio.Event()

    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        asking = asyncio.gather(*(teacher.answer(request(str(i)), [0]) for i in range(60)))
        await server.received(8)
        await turns()
        assert (server.requests, server.in_flight) == (8, 8)
        gate.set()
        await asking
        assert (server.requests, server.peak) == (60, 8)

    with_teacher(use, DummyServer(faults=lambda body, number: held(gate)), in_flight=8)


def test_a_request_that_waits_leaves_its_slot_to_others() -> None:
    pauses = Pauses()

    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        waiting = asyncio.create_task(teacher.answer(request("first"), [0]))
        await server.received(1)
        async with asyncio.timeout(LONG):
            await teacher.answer(request("second"), [0])
        assert not waiting.done()
        pauses.over.set()
        await waiting
        assert [body["messages"][1]["content"] for body in server.bodies] == ["first", "second", "first"]

    with_teacher(use, DummyServer(faults=script(status(429, Retry_After="1"))), in_flight=1, stop=pauses)


def test_a_cancelled_request_frees_its_slot() -> None:
    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        task = asyncio.create_task(teacher.answer(request("stuck"), [0]))
        await server.received(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert teacher.stats.in_flight == 0
        async with asyncio.timeout(LONG):
            await teacher.answer(request("next"), [0])

    with_teacher(use, DummyServer(faults=script(held(asyncio.Event()))), in_flight=1)


def test_a_slow_answer_is_not_dropped_even_where_it_takes_longer_than_the_patience() -> None:
    server = DummyServer(faults=script(slow(0.6)))
    assert ask_once(server, patience=0.3)[0].finish_reason == "stop"
    assert server.requests == 1


def test_a_server_that_breaks_off_slow_work_has_not_been_away_for_all_that_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retries, "LONGEST_CONNECT", 0.1)

    async def late_500(http: web.Request, answer: Body) -> web.StreamResponse:
        await asyncio.sleep(0.5)
        return await status(500)(http, answer)

    server = DummyServer(faults=script(late_500, late_500))
    assert ask_once(server, patience=0.4)[0].finish_reason == "stop"


# Waiting


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured(*, as_date: bool) -> None:
    """A date may be an hour ahead: a wish is followed for no longer than a minute."""
    due = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    pauses = Pauses()
    pauses.over.set()
    ask_once(
        DummyServer(faults=script(status(429, Retry_After=due if as_date else "7"))),
        stop=pauses,
    )
    (length,) = pauses.lengths
    wish = retries.LONGEST_RETRY_AFTER if as_date else 7.0
    assert wish <= length <= wish + retries.FIRST_PAUSE


def test_a_long_retry_after_does_not_hold_up_a_request_to_a_server_that_is_well() -> None:
    said: list[str] = []
    server = DummyServer(faults=script(status(503, Retry_After="3600")))
    assert ask_once(server, notify=said.append)[0].finish_reason == "stop"
    assert "waiting 0" in said[0]


def test_a_server_that_stays_away_ends_the_build_with_one_sentence() -> None:
    server = DummyServer(faults=lambda body, number: status(503, "overloaded"), spoils_probe=True)
    with pytest.raises(BuildError) as caught:
        ask_once(server, patience=0.5)
    assert server.address in str(caught.value)
    assert re.search(r"has not answered for \d+(\.\d)? s \(last fault: 503", str(caught.value))
    assert "overloaded" in str(caught.value)
    assert "run the same command again to go on" in str(caught.value)


def test_nobody_at_the_address_ends_the_build_too() -> None:
    async def run() -> None:
        async with DummyServer() as server:
            pass
        teacher = OpenAITeacher("dummy", [server.address], patience=0.3)
        with pytest.raises(BuildError, match="no answer from http://127"):
            await teacher.answer(request(), [0])
        await teacher.close()

    asyncio.run(run())


def test_a_request_that_fails_while_others_are_answered_does_not_use_up_patience() -> None:
    clock = Clock()

    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        teacher.connection.patience._clock = clock
        unlucky = asyncio.create_task(teacher.answer(request("unlucky"), [0]))
        for _ in range(20):
            await teacher.answer(request("lucky"), [0])
            await server.received(server.requests + 1)  # another try of the unlucky one
            clock.now += 0.3
        assert not unlucky.done()
        server.faults = None
        assert (await unlucky)[0].finish_reason == "stop"

    def faults(body: Body, number: int) -> Fault | None:
        return status(429) if body["messages"][1]["content"] == "unlucky" else None

    with_teacher(use, DummyServer(faults=faults), patience=0.4)


@pytest.mark.parametrize("fault", [status(500, "grammar"), body_text(lambda text: "{}")])
def test_a_request_that_alone_fails_again_and_again_is_given_up_and_does_not_hold_up_the_build(
    fault: Fault,
) -> None:
    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        poison = asyncio.create_task(teacher.answer(request("poison"), range(2)))
        while not poison.done():
            await teacher.answer(request("good"), [0])
            await asyncio.sleep(0.001)
        assert {r.finish_reason for r in await poison} == {"given_up"}
        assert "given up: it failed" in (await poison)[0].text

    def faults(body: Body, number: int) -> Fault | None:
        return fault if body["messages"][1]["content"] == "poison" else None

    with_teacher(use, DummyServer(faults=faults))


def test_a_sample_that_can_never_be_read_takes_no_others_along() -> None:
    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        poison = asyncio.create_task(teacher.answer(request("poison"), range(3)))
        while not poison.done():
            await teacher.answer(request("good"), [0])
            await asyncio.sleep(0.001)
        assert [r.finish_reason for r in await poison] == ["stop", "given_up", "stop"]

    def faults(body: Body, number: int) -> Fault | None:
        spoilt = body["seed"] <= request().seed + 1 < body["seed"] + body["n"]
        return choices("unheard of") if spoilt and body["messages"][1]["content"] == "poison" else None

    with_teacher(use, DummyServer(faults=faults), samples_per_request=3)


def test_on_wait_is_told_once_in_a_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SECONDS_BETWEEN_MESSAGES", 1e9)
    said: list[str] = []
    server = DummyServer(faults=lambda body, number: status(429, Retry_After="0") if number < 12 else None)
    with_teacher(
        lambda t, _: asyncio.gather(*(t.answer(request(str(i)), [0]) for i in range(10))),
        server,
        notify=said.append,
    )
    assert len(said) == 1
    assert said[0].startswith(f"429 from {server.address}/v1")
    assert ", waiting 0" in said[0]


# Several addresses


def test_requests_go_where_the_fewest_are_in_flight() -> None:
    """One server answers nothing until the other has answered all that it has no room for."""
    gate = asyncio.Event()

    async def run() -> None:
        async with DummyServer(faults=lambda body, number: held(gate)) as slower, DummyServer() as faster:
            teacher = OpenAITeacher("dummy", [slower.address, faster.address], in_flight=10)
            asking = asyncio.gather(*(teacher.answer(request(str(i)), [0]) for i in range(100)))
            async with asyncio.timeout(LONG):
                await faster.received(90)
            assert slower.requests == 10
            gate.set()
            await asking
            await teacher.close()
            assert (slower.requests, faster.requests) == (10, 90)

    asyncio.run(run())


def test_an_address_that_dies_and_comes_back_is_survived() -> None:
    clock = Clock()

    async def run() -> None:
        async with DummyServer() as stays:
            async with DummyServer(faults=lambda body, number: held(asyncio.Event())) as dies:
                teacher = OpenAITeacher("dummy", [stays.address, dies.address], in_flight=8)
                for endpoint in teacher.connection.pool.all:
                    endpoint.clock = clock
                answers = [asyncio.create_task(teacher.answer(request(str(i)), [0])) for i in range(80)]
                await dies.received(8)
            responses = await asyncio.gather(*answers)
            assert all(r[0].text == f"text 7: {i}" for i, r in enumerate(responses))
            # without a rest for the dead address, most calls would be instant failures there
            assert 8 <= teacher.stats.retries < 20
            async with DummyServer(port=dies.port) as back:
                clock.now += endpoints.LONGEST_COOL_DOWN
                await asyncio.gather(*(teacher.answer(request(str(i)), [0]) for i in range(20)))
                assert back.requests > 0
                await teacher.close()

    asyncio.run(run())


# The circuit breaker


def test_a_dead_server_gets_one_request_after_each_rest_until_it_answers() -> None:
    """Not one failing request after the other from each that waits; when it is back all go on at once."""
    dead, clock, gate = True, Clock(), asyncio.Event()

    def faults(body: Body, number: int) -> Fault | None:
        if dead:
            return status(503)
        return None if is_probe(body) else held(gate)

    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        nonlocal dead
        (endpoint,) = teacher.connection.pool.all
        endpoint.clock = clock

        async def at_rest() -> None:
            while endpoint.cooling <= 0 or endpoint.in_flight:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.001)

        asking = [asyncio.create_task(teacher.answer(request(str(i)), [0])) for i in range(100)]
        await server.received(40)
        await at_rest()
        assert endpoint.state is endpoints.State.OPEN
        for _ in range(5):
            faults, sent = endpoint._faults, server.requests
            clock.now += endpoint.cooling + 0.001
            teacher.connection.pool.refill()
            await at_rest()
            assert endpoint._faults == faults + 1
            assert server.requests <= sent + 1
        dead, sent = False, server.requests
        clock.now += endpoint.cooling + 0.001
        teacher.connection.pool.refill()
        await server.received(sent + 40)
        assert server.in_flight == 40
        gate.set()
        assert len(await asyncio.gather(*asking)) == 100
        assert server.requests == sent + 100

    with_teacher(bounded(use), DummyServer(faults=faults, spoils_probe=True), in_flight=40)


def test_who_waits_behind_a_broken_circuit_has_patience_too() -> None:
    """Every probe is another request; the time without an answer is that of them all."""

    async def use(teacher: OpenAITeacher, _: DummyServer) -> None:
        await asyncio.gather(*(teacher.answer(request(str(i)), [0]) for i in range(60)))

    with pytest.raises(BuildError, match=r"has not answered for \d+(\.\d)? s \(last fault: 503 from"):
        with_teacher(
            bounded(use),
            DummyServer(faults=lambda body, n: status(503), spoils_probe=True),
            patience=1.0,
            in_flight=60,
        )


def test_after_a_stop_nothing_is_sent_and_what_is_under_way_ends() -> None:
    gate = asyncio.Event()

    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        asking = [asyncio.create_task(teacher.answer(request(str(i)), [0])) for i in range(20)]
        await server.received(4)
        teacher.connection.stop.ask(BuildError("enough"))
        gate.set()
        ended = await asyncio.gather(*asking, return_exceptions=True)
        assert [isinstance(end, list) for end in ended] == [True] * 4 + [False] * 16
        assert all(isinstance(end, StoppedError) for end in ended[4:])
        assert server.requests == 4

    with_teacher(use, DummyServer(faults=lambda body, number: held(gate)), in_flight=4)


def test_a_stop_wakes_those_that_wait_to_be_sent_again() -> None:
    waits = asyncio.Event()

    async def use(teacher: OpenAITeacher, server: DummyServer) -> None:
        asking = asyncio.create_task(teacher.answer(request(), [0]))
        await waits.wait()
        await turns()
        teacher.connection.stop.ask(BuildError("enough"))
        async with asyncio.timeout(0.9 * retries.LONGEST_RETRY_AFTER):
            with pytest.raises(StoppedError):
                await asking

    with_teacher(
        use,
        DummyServer(faults=lambda body, n: status(429, Retry_After="3600")),
        notify=lambda _: waits.set(),
    )


# The check at the start


def check(server: DummyServer, patience: float = 0.3, **options: object) -> None:
    with_teacher(lambda teacher, _: teacher.check(patience), server, **options)


def test_check_passes_where_the_model_is_served() -> None:
    server = DummyServer()
    check(server)
    assert (server.looks, server.requests) == (1, 0)


def test_check_names_the_models_that_are_served_instead() -> None:
    with pytest.raises(
        InputError, match=r"does not serve 'qwen' but llama, phi: serve it there, or change teacher.model"
    ):
        check(DummyServer(models=["llama", "phi"]), model="qwen")


def test_check_finds_a_wrong_key() -> None:
    with pytest.raises(InputError, match=r"does not accept the API key \(401 Invalid API key\)"):
        check(DummyServer(key="secret"), api_key="wrong")


@pytest.mark.parametrize("code", [404, 405])
def test_check_passes_a_server_without_a_list_of_models(code: int) -> None:
    check(DummyServer(models_fault=script(status(code))))


@pytest.mark.parametrize("text", ["<html>", "3", '{"data": 3}', "null"])
def test_check_finds_what_is_no_such_server(text: str) -> None:
    with pytest.raises(InputError, match="is not an OpenAI-compatible server"):
        check(DummyServer(models_fault=script(body_text(lambda _: text))))


def test_check_waits_for_a_server_that_is_still_starting() -> None:
    server = DummyServer(models_fault=script(status(503), status(503)))
    check(server, patience=LONG)
    assert server.looks == 3


def test_check_does_not_wait_for_ever() -> None:
    with pytest.raises(
        InputError, match=r"is not ready \(503 loading\): start it or change teacher.addresses"
    ):
        check(DummyServer(models_fault=lambda body, number: status(503, "loading")))


def test_check_says_where_no_server_answers_and_survives_it_where_another_does() -> None:
    async def run() -> None:
        async with DummyServer() as gone:
            pass
        alone = OpenAITeacher("dummy", [gone.address])
        with pytest.raises(
            InputError, match=r"No server answers at http://127.*: start it or change teacher.addresses"
        ):
            await alone.check()
        await alone.close()
        said: list[str] = []
        async with DummyServer() as there:
            pair = OpenAITeacher("dummy", [gone.address, there.address], notify=said.append)
            await pair.check()
            await pair.close()
        (sentence,) = said
        assert sentence.startswith(f"No server answers at {gone.address}/v1 (")
        assert sentence.endswith("): going on without it")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("server", "options", "words"),
    [
        (DummyServer(key="secret"), {"api_key": "wrong"}, "does not accept the API key"),
        (DummyServer(models=["llama"]), {}, "The model `dummy` does not exist: correct teacher.model"),
        (
            DummyServer(faults=script(status(402, "Pay first."))),
            {},
            r"wants to be paid first \(402 Pay first\): add credit",
        ),
    ],
)
def test_what_the_user_must_correct_is_not_tried_again(
    server: DummyServer, options: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        ask_once(server, **options)
    assert server.requests == 1


# Life cycle


def test_nothing_is_left_open() -> None:
    gc.collect()  # what other tests left is not counted
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        server = DummyServer(faults=storm(1, 0.5))
        with_teacher(
            lambda t, _: asyncio.gather(*(t.answer(request(str(i)), [0]) for i in range(30))), server
        )
        gc.collect()
    left = [str(warning.message) for warning in caught if warning.category is ResourceWarning]
    assert left == []


def test_a_teacher_can_be_used_in_one_event_loop_after_the_other() -> None:
    with DummyServer(seconds=0.02) as server:
        teacher = OpenAITeacher("dummy", [server.address], in_flight=2)

        async def use() -> list[str]:
            answers = await asyncio.gather(*(teacher.answer(request(str(i)), [0]) for i in range(6)))
            await teacher.close()
            await teacher.close()
            return [response.text for (response,) in answers]

        assert asyncio.run(use()) == asyncio.run(use()) == [f"text 7: {i}" for i in range(6)]


# Embeddings


def embed(server: DummyServer, texts: list[str], **options: object) -> np.ndarray:
    async def run() -> np.ndarray:
        async with server:
            embedder = OpenAIEmbedder("dummy", [server.address], **options)
            try:
                return await embedder.embed(texts)
            finally:
                await embedder.close()

    return asyncio.run(run())


def test_each_row_is_the_unit_vector_of_its_text_whatever_the_batches() -> None:
    texts = [f"key point {i}" for i in range(150)]
    server = DummyServer(
        faults=storm(
            2,
            0.3,
            [v for k, v in PASSING.items() if k not in {"aborted", "number as content", "fewer choices"}],
        )
    )
    rows = embed(server, texts)
    assert rows.shape == (150, 8)
    assert rows.dtype == np.float32
    expected = np.array([server._vector(text) for text in texts])
    assert np.allclose(rows, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert max(len(body["input"]) for body in server.bodies) == 64
    assert np.allclose(rows, embed(DummyServer(), texts, batch=7), atol=1e-6)


def test_no_texts_need_no_server() -> None:
    server = DummyServer()
    assert embed(server, []).shape == (0, 0)
    assert server.requests == 0


def test_a_zero_vector_stays_zero() -> None:
    server = DummyServer()
    server._vector = lambda text: [0.0] * 8  # type: ignore[method-assign]
    assert (embed(server, ["x"]) == 0.0).all()


@pytest.mark.parametrize("spoil", [("embedding", "embeding"), ('"index": 1', '"index": 0'), ("[", "[[")])
def test_a_malformed_embedding_is_asked_for_again(spoil: tuple[str, str]) -> None:
    server = DummyServer(faults=script(body_text(lambda text: text.replace(*spoil))))
    assert embed(server, ["a", "b"]).shape == (2, 8)
    assert server.requests == 2


def test_a_model_that_does_not_embed_is_the_user_s_to_correct() -> None:
    server = DummyServer(faults=lambda body, number: status(400, "The model does not support Embeddings API"))
    with pytest.raises(InputError, match=r"'dummy' does not embed these texts .*: choose another model"):
        embed(server, [f"{i}" for i in range(200)])


def test_vectors_of_different_lengths_are_the_user_s_to_correct() -> None:
    server = DummyServer()
    server._vector = lambda text: [1.0] * (2 if text == "0" else 3)  # type: ignore[method-assign]
    with pytest.raises(InputError, match="same embedding model"):
        embed(server, ["0", "1"], batch=1)


def test_the_embedder_names_and_checks_its_model() -> None:
    async def run() -> None:
        async with DummyServer() as server:
            embedder = OpenAIEmbedder("other", [server.address])
            assert embedder.name == "other"
            with pytest.raises(InputError, match="does not serve 'other' but dummy"):
                await embedder.check()
            await embedder.close()

    asyncio.run(run())


# What a server does that has lost its mind, and what it does not


def test_a_server_that_refuses_what_it_answered_before_is_waited_for_and_its_refusals_are_not_kept() -> None:
    """Out of credit, or another version behind the same address: no request is at fault."""

    def faults(body: Body, number: int) -> Fault | None:
        refuses = number <= 2 if is_probe(body) else number < 2
        return status(400, "credit balance is too low") if refuses else None

    server = DummyServer(faults=faults, spoils_probe=True)
    assert ask_once(server)[0].finish_reason == "stop"
    assert server.requests == 3


def test_a_setting_that_the_server_refuses_ends_the_check_before_anything_is_paid_for() -> None:
    server = DummyServer(
        faults=lambda body, number: status(400, "structured_outputs is not supported"), spoils_probe=True
    )
    with pytest.raises(InputError, match=r"structured_outputs is not supported.*correct that first"):
        check(server, structured_outputs="vllm")
    assert server.requests == 0


def test_a_sentence_that_was_held_back_is_reported_a_little_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SECONDS_BETWEEN_MESSAGES", 0.05)
    monkeypatch.setattr(connection, "time", SimpleNamespace(monotonic=lambda: 100.0))
    said: list[str] = []

    async def use(teacher: OpenAITeacher, _: DummyServer) -> None:
        for word in ("first", "second", "third"):
            teacher.connection.notify(word)
        assert said == ["first"]
        while len(said) < 2:  # noqa: ASYNC110 - the sentence comes by a callback
            await asyncio.sleep(0.01)
        assert said == ["first", "third"]

    with_teacher(use, notify=said.append)
