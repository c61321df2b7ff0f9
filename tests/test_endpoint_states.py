"""The states of an endpoint and what each lets through, on a clock that is set by hand."""

import asyncio
from collections.abc import Callable

import pytest

from kpmath_builder.client.endpoints import (
    FAULTS_TO_OPEN,
    LONGEST_COOL_DOWN,
    Endpoint,
    EndpointPool,
    State,
)
from kpmath_builder.client.faults import CallError

BUSY = CallError("503")
AWAY = CallError("reset", away=True)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def endpoint(clock: Clock) -> Endpoint:
    return Endpoint("http://x/v1", 2, clock=clock)


def test_a_new_endpoint_is_ready_up_to_its_limit(endpoint: Endpoint) -> None:
    assert endpoint.state is State.READY
    endpoint.in_flight = 1
    assert endpoint.has_room
    endpoint.in_flight = 2
    assert not endpoint.has_room


def test_a_fault_cools_it_down_for_twice_as_long_each_time_up_to_a_bound(
    endpoint: Endpoint, clock: Clock
) -> None:
    lengths = []
    for _ in range(6):
        endpoint.failed(BUSY)
        assert endpoint.state is State.COOLING_DOWN
        lengths.append(endpoint.cooling)
        clock.now += endpoint.cooling
        assert endpoint.state is State.READY
    assert lengths == [1.0, 2.0, 4.0, 8.0, LONGEST_COOL_DOWN, LONGEST_COOL_DOWN]


def test_requests_that_fail_together_are_one_fault(endpoint: Endpoint) -> None:
    for _ in range(5):
        endpoint.failed(BUSY)
    assert endpoint.cooling == 1.0


@pytest.mark.parametrize("wish", [999_999_999.0, float("inf")])
def test_a_server_s_wish_cools_it_down_no_longer_than_the_bound(endpoint: Endpoint, wish: float) -> None:
    endpoint.failed(CallError("429", retry_after=wish))
    assert endpoint.cooling == LONGEST_COOL_DOWN


def test_an_answer_forgets_the_faults(endpoint: Endpoint) -> None:
    for _ in range(20):
        for _ in range(FAULTS_TO_OPEN - 1):
            endpoint.failed(BUSY)
        assert endpoint.state is State.COOLING_DOWN
        endpoint.answered()
        assert endpoint.state is State.READY
        assert endpoint.cooling <= 0
    assert endpoint.answers == 20


def test_many_faults_open_the_circuit_which_lets_one_request_through_after_each_cool_down(
    endpoint: Endpoint, clock: Clock
) -> None:
    for _ in range(FAULTS_TO_OPEN):
        endpoint.failed(BUSY)
    assert endpoint.state is State.OPEN
    assert not endpoint.has_room
    clock.now += endpoint.cooling
    assert endpoint.state is State.OPEN
    assert endpoint.has_room
    endpoint.in_flight = 1
    assert not endpoint.has_room
    endpoint.in_flight = 0
    endpoint.answered()
    assert endpoint.state is State.READY


def test_after_an_absence_it_is_unverified_until_its_identity_is_checked(
    endpoint: Endpoint, clock: Clock
) -> None:
    endpoint.failed(AWAY)
    assert endpoint.state is State.COOLING_DOWN
    clock.now += endpoint.cooling
    assert endpoint.state is State.UNVERIFIED
    endpoint.answered()
    assert endpoint.state is State.UNVERIFIED, "an answer of somebody unknown proves nothing"
    endpoint.was_verified(endpoint.absences)
    assert endpoint.state is State.READY


def test_a_check_of_the_server_before_says_nothing_of_the_one_that_came_while_it_ran(
    endpoint: Endpoint,
) -> None:
    endpoint.was_away()
    checked = endpoint.absences
    endpoint.was_away()
    endpoint.was_verified(checked)
    assert endpoint.state is State.UNVERIFIED


def test_a_broken_connection_alone_asks_for_a_check_and_not_for_a_rest(endpoint: Endpoint) -> None:
    endpoint.was_away()
    assert endpoint.state is State.UNVERIFIED
    assert endpoint.has_room


def test_nothing_is_sent_to_one_that_is_down_and_faults_do_not_bring_it_back(
    endpoint: Endpoint, clock: Clock
) -> None:
    endpoint.set_running(running=False)
    endpoint.failed(AWAY)
    clock.now += 100.0
    assert endpoint.state is State.DOWN
    assert not endpoint.has_room
    endpoint.answered()
    assert endpoint.state is State.DOWN
    endpoint.set_running(running=True)
    assert endpoint.state is State.UNVERIFIED, "it was away"


def test_a_timer_that_fires_a_hair_early_leaves_nobody_waiting(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Event loops fire a timer up to their clock's resolution before its time."""
    timers: list[tuple[float, Callable[[], None]]] = []

    async def use() -> None:
        pool = EndpointPool(["http://x"], 1)
        (endpoint,) = pool.all
        endpoint.clock = clock
        await pool.enter("a")
        waiting = asyncio.create_task(pool.enter("b"))
        await asyncio.sleep(0)
        for _ in range(FAULTS_TO_OPEN):
            endpoint.failed(BUSY)
        monkeypatch.setattr(
            asyncio.get_running_loop(),
            "call_later",
            lambda delay, do, *given: timers.append((delay, lambda: do(*given))),
        )
        pool.leave(endpoint)
        for early in (1e-9, 0.0):
            delay, fire = timers.pop()
            clock.now += delay - early
            assert not waiting.done()
            fire()
        await waiting

    asyncio.run(use())
