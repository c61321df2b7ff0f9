"""Which seeds are held back, and beside which blueprints something known is asked; decided by ids and numbers alone."""

import hashlib
from fractions import Fraction
from math import ceil, floor

from kpmath_builder.randomness import rng

__all__ = ["is_held_back", "number_beside", "place_of"]


def is_held_back(seed_id: str, share: float) -> bool:
    """Return whether a seed problem is kept out of the practices; a larger share holds back the same ones and more."""
    return place_of("held back", seed_id) < share


def number_beside(build_seed: int, index: int, share: float, purpose: str) -> int | None:
    """Return the number of what is asked beside blueprint `index`, or None if nothing is.

    The blueprints are cut into runs of 1/`share`, and one of each run is drawn; its number is that of the run. So numbers are used once
    each, and more questions change nothing for those that are there.
    """
    if not share:
        return None
    exact = Fraction(str(share))
    run = floor(index * exact)
    first, following = ceil(run / exact), ceil((run + 1) / exact)
    drawn = first + int(rng(build_seed, run, purpose).random() * (following - first))
    return run if index == drawn else None


def place_of(*parts: str | int) -> float:
    """Return a number of 0 … 1 that is always the same for the same parts, to choose and to order by."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
