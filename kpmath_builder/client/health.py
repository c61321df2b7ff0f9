"""Whose fault a failed call is: a server that answers others while one request fails is well."""

import random
import time
from collections.abc import Awaitable, Callable

from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.faults import CallError, Owner, Weight
from kpmath_builder.client.retries import Patience

__all__ = ["Health", "Probe", "Verify"]

Verify = Callable[[Endpoint], Awaitable[None]]
"""Checks the identity of a server that was out of reach; raises `CallError` if it does not answer yet."""
Probe = Callable[[Endpoint], Awaitable[bool]]
"""Whether a server answers something that it answered before."""


_chance = random.SystemRandom()


class Health:
    """Verifies and probes endpoints, once for all who ask at the same time.

    Parameters
    ----------
    verify, probe
        How that is done.
    patience
        Starts anew when a server answers the probe.
    """

    def __init__(self, verify: Verify, probe: Probe, patience: Patience) -> None:
        self._verify, self._probe, self._patience = verify, probe, patience
        self._probed: dict[Endpoint, tuple[float, bool]] = {}
        self._silent: dict[Endpoint, tuple[float, CallError]] = {}

    async def verified(self, endpoint: Endpoint) -> None:
        """Verify an endpoint that was out of reach; raises `CallError` if it does not answer, `InputError` if it is another."""
        if endpoint.verified:
            return
        asked = time.monotonic()
        async with endpoint.lock:
            began, fault = self._silent.get(endpoint, (float("-inf"), None))
            if not endpoint.verified and fault and began >= asked:
                raise fault
            while not endpoint.verified:
                await self._verify_now(endpoint)

    async def _verify_now(self, endpoint: Endpoint) -> None:
        began, absences = time.monotonic(), endpoint.absences
        try:
            await self._verify(endpoint)
        except CallError as fault:
            self._silent[endpoint] = began, fault
            raise
        endpoint.was_verified(absences)

    async def owner(self, endpoint: Endpoint, fault: CallError, call: int, answers_before: int) -> Owner:
        """Find out who causes a fault.

        Parameters
        ----------
        call
            The number of the failed call. That a call which began later was answered shows that the server is well; one that began
            earlier may have been answered just before the server failed.
        answers_before
            How many answers the endpoint had given when the failed call began.
        """
        if fault.away:
            endpoint.was_away()
        if fault.weight is Weight.RATE_LIMITED:  # a probe would only be turned away as well
            return Owner.REQUEST if endpoint.answers > answers_before else Owner.SERVER
        if fault.owner is not Owner.UNCLEAR:
            return fault.owner
        if endpoint.latest_answered > call and not fault.away:
            return Owner.REQUEST
        return Owner.REQUEST if await self._is_well(endpoint) else Owner.SERVER

    async def _is_well(self, endpoint: Endpoint) -> bool:
        """Whether a server answers, as found out after this moment."""
        asked = time.monotonic()
        try:
            await self.verified(endpoint)
        except CallError:
            return False
        async with endpoint.lock:
            probed, well = self._probed.get(endpoint, (float("-inf"), False))
            if probed < asked:
                began = time.monotonic()
                # Not always the same number: behind one address may stand a good and a bad server, asked in turns.
                well = await self._probe(endpoint) and (_chance.random() < 0.5 or await self._probe(endpoint))
                self._probed[endpoint] = began, well
                if well:
                    self._patience.answered()
        return well
