"""The command line of `vllm serve`, and the GPUs and settings of its environment."""

import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence

from kpmath_builder.errors import InputError
from kpmath_builder.recipe import VllmSettings

__all__ = [
    "HOST",
    "engine_arguments",
    "engine_environment",
    "engine_python",
    "file_name",
    "free_port",
    "gpu_groups",
    "serve_command",
]

GUIDANCE = json.dumps({"backend": "guidance", "disable_any_whitespace": True})
"""The default backend (xgrammar) forbids backslashes in strings with length bounds, and a weak model fills a reply with white
space until it is cut off."""

HOST = "127.0.0.1"


def serve_command(settings: VllmSettings, port: int) -> list[str]:
    """Return the command of a server."""
    serve = ["-m", "vllm.entrypoints.cli.main", "serve", settings.model]
    own = [
        "--served-model-name",
        settings.model_name,
        "--host",
        HOST,
        "--port",
        str(port),
        "--enable-prompt-tokens-details",
    ]
    return [*engine_python(settings), *serve, *own, *engine_arguments(settings)]


def engine_arguments(settings: VllmSettings) -> list[str]:
    """Return what concerns the engine; what the recipe gives in `arguments` takes the place of our own choice."""
    own = {
        "--generation-config": "vllm",  # no sampling defaults from the model's files: every field is sent
        "--structured-outputs-config": GUIDANCE,
        "--revision": settings.revision,
        "--tensor-parallel-size": settings.tensor_parallel if settings.tensor_parallel > 1 else None,
        "--data-parallel-size": settings.data_parallel if settings.data_parallel > 1 else None,
    }
    given = {argument.partition("=")[0].partition(".")[0] for argument in settings.arguments}
    chosen = {flag: value for flag, value in own.items() if value is not None and flag not in given}
    return [*(str(word) for pair in chosen.items() for word in pair), *settings.arguments]


def engine_python(settings: VllmSettings) -> list[str]:
    """Return the Python that has vLLM; raises `InputError` where there is none at the path given."""
    if settings.python is None:
        return [sys.executable]
    if not os.access(settings.python, os.X_OK):
        raise InputError(f"There is no Python at {settings.python}: correct teacher.python.")
    return [str(settings.python)]


def engine_environment(gpus: Sequence[int | str] | None, key: str = "") -> dict[str, str]:
    """Return the environment of an engine that may see these GPUs (None: those that the builder sees) and expects this key.

    Python may keep what it compiles: vLLM is imported in several processes one after the other, in 27 s each time instead of 5.
    """
    own = {"VLLM_NO_USAGE_STATS": "1", "PYTHONUNBUFFERED": "1"}
    if key:
        own["VLLM_API_KEY"] = key
    if gpus is not None:
        own["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, gpus))
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **own}


def gpu_groups(
    settings: VllmSettings, environment: Mapping[str, str] = os.environ
) -> list[list[int | str] | None]:
    """Divide the GPUs among the servers; one server without GPUs of its own sees all that the builder sees (None).

    Raises
    ------
    InputError
        When there are fewer GPUs than the servers need.
    """
    each = settings.tensor_parallel * settings.data_parallel
    visible = [gpu for gpu in environment.get("CUDA_VISIBLE_DEVICES", "").split(",") if gpu]
    if not settings.gpus and settings.servers == 1:
        return [None]
    gpus: list[int | str] = list(settings.gpus or visible or range(each * settings.servers))
    if len(gpus) < each * settings.servers:
        raise InputError(
            f"{settings.servers} servers of {each} GPUs each need {each * settings.servers}, and there are {len(gpus)}: "
            "lower teacher.servers or teacher.tensor_parallel, or name more in teacher.gpus."
        )
    return [gpus[i * each : (i + 1) * each] for i in range(settings.servers)]


def file_name(model: str) -> str:
    """Return a model's name as part of the name of a file."""
    return "".join(c if c.isalnum() or c in "-._" else "-" for c in model)


def free_port() -> int:
    """Return a port of this machine that nobody listens at now."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port
