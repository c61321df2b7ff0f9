"""How many files this process may have open, and how many of them are left for shards."""

import resource

from kpmath_builder.errors import InputError

__all__ = ["shards_at_once"]

_OWN = 96
"""Files that Python, its libraries and the pipeline itself have open."""
_PER_SHARD = 4
"""Log, lock, unsealed candidates, and the sealed file while it is written."""
_ENOUGH = 1 << 16


def shards_at_once(connections: int) -> int:
    """Return how many shards may be open at once beside so many connections; raises the soft limit first (`ulimit -n`).

    Raises
    ------
    InputError
        When not even one may.
    """
    limit = _raised()
    room = (limit - _OWN - connections) // _PER_SHARD
    if room < 1:
        raise InputError(
            f"This process may open {limit:,} files, too few for {connections:,} requests under way: raise the limit with `ulimit -n`, or "
            "lower in_flight."
        )
    return room


def _raised() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return _ENOUGH if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        return soft
    return wanted
