"""Whether an engine could be started: its Python, vLLM in it, its arguments, its GPUs. Starts nothing."""

from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from kpmath_builder.engine.command import engine_environment, engine_python, gpu_groups, serve_command
from kpmath_builder.engine.interpreter import prints_true
from kpmath_builder.errors import InputError
from kpmath_builder.recipe import VllmSettings

__all__ = ["check_installed"]

_LACKS_VLLM = 'from importlib.util import find_spec; print(find_spec("vllm") is None)'


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
    if await prints_true(python, _LACKS_VLLM, engine_environment(None)):
        raise InputError(
            f"{python[0]} has no vLLM: install it with `python3 -m venv vllm-env && vllm-env/bin/pip install '{_wanted()}'`, then add "
            '--set teacher.python=vllm-env/bin/python; for a server that runs already, set teacher.kind = "openai".'
        )


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
