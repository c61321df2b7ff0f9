"""Calls in processes of their own, some of them at a time."""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from kpmath_builder.errors import InputError

__all__ = ["side_by_side"]


def side_by_side(calls: Sequence[Callable[[], object]], jobs: int) -> None:
    """Run calls that can be pickled, `jobs` of them at a time, each in a process of its own.

    Once one fails, none that waits is begun, and those under way come to their end. An interruption ends them all.

    Raises
    ------
    InputError
        If a process was killed.
    Exception
        What a call raises.
    """
    # An interruption on a terminal reaches all processes; the parent alone says so.
    silent = (signal.SIGINT, signal.SIG_DFL)
    spawn = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(jobs, spawn, initializer=signal.signal, initargs=silent) as pool:
            waiting = iter(calls)
            running = {pool.submit(call) for call in islice(waiting, jobs)}
            try:
                while running:
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    for each in ended:
                        each.result()
                    running |= {pool.submit(call) for call in islice(waiting, len(ended))}
            except BrokenProcessPool:  # all are gone, and the sentence below says why
                raise
            except Exception as error:
                print(
                    f"Begins nothing new, and ends once what runs has ended: {error}",
                    file=sys.stderr,
                    flush=True,
                )
                raise
            except BaseException:
                for process in multiprocessing.active_children():
                    process.terminate()
                raise
    except BrokenProcessPool as error:
        raise InputError(
            "A process of the experiment was killed, as it happens when memory is full: run the command again with fewer --jobs or a "
            "smaller --generation-batch, and it goes on."
        ) from error
