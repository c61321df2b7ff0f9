"""Asking an engine's Python something about its packages, without importing vLLM: that would import torch, in seconds instead of a tenth."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence

__all__ = ["prints_true"]

LONGEST_ANSWER = 60.0
"""Seconds; it may have to be read from a slow network file system."""


async def prints_true(python: Sequence[str], program: str, environment: Mapping[str, str]) -> bool:
    """Return whether a program prints True; False if it cannot be run or does not end."""
    try:
        process = await asyncio.create_subprocess_exec(
            *python, "-c", program, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=environment
        )
    except OSError:
        return False  # the start of the server will give the reason
    try:
        async with asyncio.timeout(LONGEST_ANSWER):
            answer, _ = await process.communicate()
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return answer.strip() == b"True"
