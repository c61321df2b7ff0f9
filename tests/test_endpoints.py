"""Which request goes to which server, how many at once, and what the servers' own numbers change about it."""

import asyncio
import itertools
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any

import pytest
from dummy_server import DummyServer, held, status
from hypothesis import given
from hypothesis import strategies as st
from test_openai_teacher import LONG, request

from kpmath_builder.client import monitor
from kpmath_builder.client.endpoints import Endpoint, EndpointPool
from kpmath_builder.client.metrics import Metrics, read_metrics
from kpmath_builder.client.monitor import fitting_limit
from kpmath_builder.client.teacher import OpenAITeacher
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.protocol import Task

METRICS = """# HELP vllm:num_requests_running Number of requests
vllm:num_requests_running{engine="0",model_name="m"} 12.0
vllm:num_requests_running{engine="1",model_name="m"} 8.0
vllm:num_requests_waiting{engine="0",model_name="m"} 3.0
vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 99.0
vllm:kv_cache_usage_perc{engine="0"} 0.25
vllm:kv_cache_usage_perc{engine="1"} 0.75
vllm:prefix_cache_queries_total{engine="0"} 1000.0
vllm:prefix_cache_queries_created{engine="0"} 1.7e+09
vllm:prefix_cache_hits_total{engine="0"} 600.0
vllm:prompt_tokens_total{engine="0"} 1.5e+03
vllm:generation_tokens_total{engine="0"} 44.0
vllm:num_preemptions_total{engine="0"} 2.0
"""


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "SECONDS_BETWEEN_LOOKS", 0.05)


def test_the_numbers_are_summed_over_engines() -> None:
    assert read_metrics(METRICS) == Metrics(20, 3, 0.75, 1500, 44, 1000, 600, 2)


@pytest.mark.parametrize(
    "text", ["", "<html>", "process_cpu_seconds_total 1.0", "vllm:num_requests_running nonsense"]
)
def test_what_is_not_vllm_s_is_none(text: str) -> None:
    assert read_metrics(text) is None


def test_growth_is_counted_from_the_start_of_a_server_that_began_anew() -> None:
    before, after = (
        Metrics(prompt_tokens=100, generated_tokens=50),
        Metrics(prompt_tokens=30, generated_tokens=20),
    )
    assert after.since(before) == after
    assert before.since(after) == Metrics(prompt_tokens=70, generated_tokens=30)


def in_pool(use: Callable[[EndpointPool], Awaitable[None]], *limits: int) -> None:
    async def run() -> None:
        pool = EndpointPool([f"http://{n}" for n in range(len(limits))], 1)
        for endpoint, limit in zip(pool.all, limits, strict=True):
            endpoint.limit = limit
        async with asyncio.timeout(LONG):
            await use(pool)

    asyncio.run(run())


async def home(pool: EndpointPool, key: str) -> str:
    endpoint = await pool.enter(key)
    pool.leave(endpoint)
    return endpoint.url


def test_equal_keys_go_to_one_server_and_different_ones_to_all() -> None:
    async def use(pool: EndpointPool) -> None:
        homes = {key: {await home(pool, key) for _ in range(4)} for key in map(str, range(12))}
        assert all(len(home) == 1 for home in homes.values())
        assert len(set.union(*homes.values())) == 3

    in_pool(use, 100, 100, 100)


def test_a_server_far_less_busy_is_taken_instead() -> None:
    async def use(pool: EndpointPool) -> None:
        taken = [await pool.enter("same") for _ in range(60)]
        assert len(set(map(id, taken))) == 2

    in_pool(use, 100, 100)


def test_a_home_may_be_eight_requests_and_a_quarter_busier_than_the_least_busy() -> None:
    async def use(pool: EndpointPool) -> None:
        home = await pool.enter("same")
        other = next(endpoint for endpoint in pool.all if endpoint is not home)
        for busy, least, taken in [(8, 0, home), (9, 0, other), (13, 4, home), (14, 4, other)]:
            home.in_flight, other.in_flight = busy, least
            assert await pool.enter("same") is taken

    in_pool(use, 100, 100)


def test_a_server_with_room_takes_from_the_longest_queue() -> None:
    async def use(pool: EndpointPool) -> None:
        first = await pool.enter("same")
        other = next(endpoint for endpoint in pool.all if endpoint is not first)
        assert await pool.enter("same") is other
        waiting = asyncio.create_task(pool.enter("same"))
        await asyncio.sleep(0)
        pool.leave(other)
        assert await waiting is other

    in_pool(use, 1, 1)


def test_of_those_who_wait_the_one_with_most_steps_behind_it_goes_first_and_of_equals_who_came_first() -> (
    None
):
    async def use(pool: EndpointPool) -> None:
        entered: list[str] = []

        async def visit(name: str, steps: int) -> None:
            endpoint = await pool.enter("", steps)
            entered.append(name)
            await asyncio.sleep(0)
            pool.leave(endpoint)

        steps = {"solve 1": 0, "solve 2": 0, "judge": 1, "write 1": 2, "solve 3": 0, "write 2": 2}
        await asyncio.gather(*(visit(name, behind) for name, behind in steps.items()))
        assert entered == ["solve 1", "write 1", "write 2", "judge", "solve 2", "solve 3"]

    in_pool(use, 1)


def test_questions_are_written_before_others_are_judged_and_solved() -> None:
    """So that no blueprint has its whole chain before it when the last one has been begun."""
    server = DummyServer(seconds=0.01)

    async def use(teacher: OpenAITeacher) -> None:
        tasks: list[Task] = ["solve", "solve", "judge", "write"]
        await asyncio.gather(*(teacher.answer(request(task, task=task), [0]) for task in tasks))
        asked = [body["messages"][-1]["content"] for body in server.bodies]
        assert asked == ["solve", "write", "judge", "solve"]

    watched(use, server, in_flight=1)


def test_nobody_enters_an_endpoint_that_is_down_and_all_who_waited_enter_when_it_is_up() -> None:
    async def use(pool: EndpointPool) -> None:
        pool.all[0].set_running(running=False)
        waiting = [asyncio.create_task(pool.enter(str(n))) for n in range(3)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in waiting)
        pool.all[0].set_running(running=True)
        pool.refill()
        assert [await task for task in waiting] == pool.all * 3

    in_pool(use, 3)


def test_giving_up_is_raised_to_all_who_wait_or_come() -> None:
    async def use(pool: EndpointPool) -> None:
        await pool.enter("a")
        waiting = asyncio.create_task(pool.enter("b"))
        await asyncio.sleep(0)
        pool.give_up(BuildError("gone"))
        for task in (waiting, asyncio.create_task(pool.enter("c"))):
            with pytest.raises(BuildError, match="gone"):
                await task

    in_pool(use, 1)


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40),
)
def test_no_limit_is_passed_and_no_place_lost_whoever_comes_goes_or_gives_up(
    limits: list[int], visits: list[tuple[int, bool]]
) -> None:
    async def use(pool: EndpointPool) -> None:
        async def visit(key: int) -> None:
            endpoint = await pool.enter(str(key), steps=key % 3)
            assert endpoint.in_flight <= endpoint.limit
            try:
                await asyncio.sleep(0)
            finally:
                pool.leave(endpoint)

        tasks = []
        for key, cancelled in visits:
            tasks.append(asyncio.create_task(visit(key)))
            await asyncio.sleep(0)
            if cancelled and tasks[-1].cancel():
                await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(endpoint.in_flight == 0 for endpoint in pool.all)

    in_pool(use, *limits)


# The window


@pytest.mark.parametrize(
    ("given", "fitting"),
    [
        ((64, Metrics(running=64), 0, 0, 64), 128),  # all is taken at once: more
        ((64, Metrics(running=30), 0, 0, 30), 64),  # the build itself asks for no more
        ((256, Metrics(running=64, waiting=192), 0, 1, 256), 256),  # a queue at the start is none
        ((256, Metrics(running=64, waiting=192), 0, 5, 256), 72),  # a lasting one is
        ((256, Metrics(running=100, waiting=20), 3, 0, 256), 90),  # too small a cache
    ],
)
def test_a_server_is_given_what_it_can_run_at_once_and_a_little_more(
    given: tuple[int, Metrics, float, int, int], fitting: float
) -> None:
    assert fitting_limit(*given) == fitting


def watched(use: Callable[[OpenAITeacher], Awaitable[None]], server: DummyServer, **options: Any) -> None:
    async def run() -> None:
        async with server as running, asyncio.timeout(LONG):
            teacher = OpenAITeacher("dummy", [running.address], **options)
            try:
                await teacher.check()
                await use(teacher)
            finally:
                await teacher.close()

    asyncio.run(run())


def text(running: float, waiting: float, generated: float = 0) -> str:
    return (
        f"vllm:num_requests_running {running}\nvllm:num_requests_waiting {waiting}\n"
        f"vllm:generation_tokens_total {generated}\nvllm:prompt_tokens_total {generated}\n"
    )


@pytest.mark.parametrize(("least", "limit"), [(6, 12), (16, 16)])
def test_a_server_with_a_lasting_queue_is_sent_fewer_requests_but_not_below_the_bound(
    least: int, limit: int
) -> None:
    gate = asyncio.Event()
    server = DummyServer(faults=lambda body, number: held(gate))
    server.metrics = lambda: text(4, 60, server.requests)

    async def use(teacher: OpenAITeacher) -> None:
        (endpoint,) = teacher.connection.pool.all
        asked = asyncio.gather(*(teacher.answer(request(str(n)), [0]) for n in range(400)))
        await until(lambda: endpoint.limit == limit)
        gate.set()
        await asked
        await until(lambda: teacher.monitor.load.total.generated_tokens > 0)
        assert endpoint.limit == limit, "it stays there"
        assert teacher.monitor.load.total.generated_tokens <= 400
        assert "4 running, 60 waiting" in teacher.load()

    watched(use, server, in_flight=64, least_in_flight=least)


def test_a_server_without_metrics_is_given_the_most() -> None:
    async def use(teacher: OpenAITeacher) -> None:
        await asyncio.gather(*(teacher.answer(request(str(n)), [0]) for n in range(100)))
        assert [endpoint.limit for endpoint in teacher.connection.pool.all] == [64]
        assert teacher.load() == ""

    watched(use, DummyServer(seconds=0.02), in_flight=64)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what nothing tells of; `watched` bounds it."""
    while not condition():  # noqa: ASYNC110 - there is no event
        await asyncio.sleep(0.01)


def without_metrics(server: DummyServer, endpoint: Endpoint) -> None:
    """Let another server come to the address, which publishes no numbers."""
    server.metrics = None


def down(server: DummyServer, endpoint: Endpoint) -> None:
    """Let the server be known to have ended, whatever still answers at its address."""
    endpoint.set_running(running=False)


@pytest.mark.parametrize("ending", [without_metrics, down])
def test_the_figures_of_a_dead_server_are_not_shown(ending: Callable[[DummyServer, Endpoint], None]) -> None:
    """What it did in all still counts; what it does now is gone from the live table."""
    server = DummyServer()
    server.metrics = lambda: text(4, 60, 7)

    async def use(teacher: OpenAITeacher) -> None:
        (endpoint,) = teacher.connection.pool.all
        await until(lambda: teacher.load().startswith("4 running, 60 waiting"))
        total = teacher.monitor.load.total
        ending(server, endpoint)
        await until(lambda: not teacher.load())
        load = teacher.monitor.load
        assert (load.now, load.tokens_per_second, load.servers) == (Metrics(), 0.0, 0)
        assert load.total == total

    watched(use, server)


def test_a_server_that_makes_no_token_for_too_long_ends_the_build() -> None:
    """The user hears of it before."""
    ahead, said, heard = 0.0, list[str](), asyncio.Event()
    looks = itertools.count(time.monotonic(), 1e-6)
    server = DummyServer(faults=lambda body, number: held(asyncio.Event()))
    server.metrics = lambda: text(1, 0, 7)

    def note(sentence: str) -> None:
        said.append(sentence)
        heard.set()

    async def use(teacher: OpenAITeacher) -> None:
        nonlocal ahead
        teacher.monitor._clock = lambda: next(looks) + ahead
        asking = asyncio.create_task(teacher.answer(request(), [0]))
        await server.received(1)
        (endpoint,) = teacher.connection.pool.all
        observed = teacher.monitor._observed[endpoint.url]
        while observed.answers != endpoint.answers:  # noqa: ASYNC110 - the last sign of life has been seen
            await asyncio.sleep(0.01)
        ahead += monitor.SILENT_SECONDS
        await heard.wait()
        ahead += 60.0
        with pytest.raises(BuildError, match="has not made a token for 60 s although requests are under way"):
            await asking

    watched(use, server, patience=60.0, notify=note)
    assert re.search(r"has not made a token for 3\d s, waiting", said[0])


# What the server will not do


def test_a_server_that_ignores_regular_expressions_is_told_of_once() -> None:
    said: list[str] = []
    watched(lambda teacher: asyncio.sleep(0), DummyServer(obeys=False), notify=said.append)
    ignored = "ignores the regular expression of a request (it said 'hello'): replies have their form from the prompts"
    assert sum(ignored in sentence for sentence in said) == 1


@pytest.mark.parametrize("must_fit", [False, True])
def test_a_fault_of_a_server_ends_the_build_where_the_builder_started_it(must_fit: bool) -> None:  # noqa: FBT001
    said: list[str] = []
    wanted = {"structured_outputs": "vllm", "notify": said.append, "must_fit": must_fit}
    with pytest.raises(InputError, match="ignores the regular") if must_fit else nullcontext():
        watched(lambda teacher: asyncio.sleep(0), DummyServer(obeys=False), **wanted)
    assert len([sentence for sentence in said if "ignores the regular expression" in sentence]) == (
        not must_fit
    )


def test_replies_longer_than_the_context_are_noticed_before_anything_is_asked() -> None:
    with pytest.raises(InputError, match="with 4096 tokens for prompt and reply together"):
        watched(lambda teacher: asyncio.sleep(0), DummyServer(context=4096), longest_reply=4096)


def test_twenty_refusals_in_a_row_end_the_build_but_not_one_answer_between_them() -> None:
    def faults(body: dict[str, Any], number: int) -> Any:
        return None if body["messages"][1]["content"] == "short" else status(400, "too long")

    async def use(teacher: OpenAITeacher) -> None:
        for n in range(39):
            (response,) = await teacher.answer(request("short" if n == 19 else f"long {n}"), [0])
            assert (response.finish_reason == "refused") == (n != 19)
        await teacher.answer(request("long 38"), [1])  # another sample is no other request
        with pytest.raises(
            InputError,
            match=r"has refused 20 solve requests in a row \(too long\): change the recipe's max_tokens",
        ):
            await teacher.answer(request("long 39"), [0])

    watched(use, DummyServer(faults=faults))
