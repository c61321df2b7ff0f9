"""Whether an engine could be started: its Python, vLLM in it, its arguments, its GPUs. Starts nothing."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from kpmath_builder.engine.command import engine_environment, engine_python, gpu_groups, serve_command
from kpmath_builder.errors import InputError
from kpmath_builder.recipe import VllmSettings

__all__ = ["check_installed"]

LONGEST_ANSWER = 60.0
"""Seconds; it may have to be read from a slow network file system."""
_QUESTION = 'from importlib.util import find_spec; print(find_spec("vllm") is None)'
"""To import vLLM would import torch, in seconds instead of a tenth."""


async def check_installed(settings: VllmSettings) -> None:
    """Check what can be known of an engine without starting it.

    Raises
    ------
    InputError
        If its Python or vLLM is not there, its arguments cannot be, or there are fewer GPUs than it needs.
    """
    serve_command(settings, Path("unused.sock"))
    gpu_groups(settings)
    python = engine_python(settings)
    if await _lacks_vllm(python):
        raise InputError(
            f"{python[0]} has no vLLM: install it with `python3 -m venv vllm-env && vllm-env/bin/pip install '{_wanted()}'`, then add "
            '--set teacher.python=vllm-env/bin/python; for a server that runs already, set teacher.kind = "openai".'
        )


async def _lacks_vllm(python: Sequence[str]) -> bool:
    """Ask the engine's Python; False if it does not say."""
    try:
        process = await asyncio.create_subprocess_exec(
            *python, "-c", _QUESTION, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=engine_environment(None)
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


def _wanted() -> str:
    """Return vLLM with the versions that the builder is made for, as pip takes it."""
    try:
        needed = requires("kpmath-builder") or []
    except PackageNotFoundError:
        needed = []
    return next(
        (need.partition(";")[0].strip() for need in needed if 'extra == "vllm"' in need.replace("'", '"')),
        "vllm",
    )
