"""Keeping Python's garbage collector from walking through what stays for the whole run."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["long_lived_objects_set_aside"]


@contextmanager
def long_lived_objects_set_aside() -> Iterator[None]:
    """Take all objects that exist now out of the garbage collector's rounds.

    Thousands of requests in flight make it run often, and each full round walks through modules, seeds and knowledge, none of
    which is garbage (`benchmarks/client.py`). A process that has set its own objects aside is left as it is.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
