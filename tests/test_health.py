"""Whose fault a failed call is."""

import asyncio

import pytest

from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.faults import CallError, Owner, Weight
from kpmath_builder.client.health import Health
from kpmath_builder.client.retries import Patience

HANGS = CallError("no answer", Owner.UNCLEAR, weight=Weight.NO_ANSWER)


@pytest.mark.parametrize(
    ("answered_later", "well", "owner"),
    [
        (True, False, Owner.REQUEST),  # nobody needs to be asked
        (False, False, Owner.SERVER),
        (False, True, Owner.REQUEST),
    ],
    ids=[
        "a later call was answered",
        "only an earlier one, and the probe is not",
        "only an earlier one, and the probe is",
    ],
)
def test_an_answer_to_a_later_call_shows_that_the_server_is_well(
    *, answered_later: bool, well: bool, owner: Owner
) -> None:
    """An earlier call may have been answered just before the server failed: then a probe decides."""
    probes = 0

    async def probe(_: Endpoint) -> bool:
        nonlocal probes
        probes += 1
        return well

    async def verify(_: Endpoint) -> None:
        raise AssertionError("it was never out of reach")

    endpoint = Endpoint("http://a", limit=4)
    earlier, failed, later = endpoint.begin(), endpoint.begin(), endpoint.begin()
    endpoint.answered(earlier)
    if answered_later:
        endpoint.answered(later)
    health = Health(verify, probe, Patience(60.0))
    assert asyncio.run(health.owner(endpoint, HANGS, failed, 0)) is owner
    assert (probes == 0) == answered_later
