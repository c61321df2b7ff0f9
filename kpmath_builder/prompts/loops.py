"""Replies that end in a loop: a model that says the same again and again until its tokens are spent."""

import re

__all__ = ["ends_in_loop"]

TAIL = 6000
"""Characters at the end that are looked at."""
SHORTEST = 120
"""Characters that a loop has at least: three equal words are none."""
TIMES = 3
"""How often what is repeated stands there at least."""
_NUMBER = re.compile(r"\d+")


def ends_in_loop(text: str) -> bool:
    """Return whether the end of a text says the same at least three times, also if only its numbers differ.

    It is meant for replies that were cut off at their longest: of these, a loop will not be better for more tokens.
    """
    tail = text[-TAIL:].rstrip()
    return _is_periodic(tail) or _is_periodic(_NUMBER.sub("#", tail))


def _is_periodic(tail: str) -> bool:
    for period in range(1, len(tail) // TIMES + 1):
        length = max(period * TIMES, SHORTEST)
        if length > len(tail):
            return False
        if tail[-length:-period] == tail[period - length :]:
            return True
    return False
