"""The command line of `vllm serve`, and the GPUs and settings of its environment."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.recipe import VllmSettings

__all__ = ["engine_environment", "engine_python", "file_name", "gpu_groups", "serve_command"]

GUIDANCE = json.dumps({"backend": "guidance", "disable_any_whitespace": True})
"""The default backend (xgrammar) forbids backslashes in strings with length bounds, and a weak model fills a reply with white
space until it is cut off."""

RESERVED = (
    "--api-key",
    "--data-parallel-multi-port-external-lb",
    "--headless",
    "--host",
    "--port",
    "--served-model-name",
    "--uds",
)
"""They decide how a server is reached; with another choice the builder would wait for it in vain."""


def serve_command(settings: VllmSettings, socket_path: Path, *, on_cpu: bool = False) -> list[str]:
    """Return the command of a server that listens at a socket.

    The recipe's `arguments` take the place of our own choice. With data parallelism too, all front ends of vLLM share one socket.

    Raises
    ------
    InputError
        If `arguments` set what the builder has to set, or there is no Python at `python`.
    """
    given = {_flag(argument) for argument in settings.arguments if argument.startswith("--")}
    if reserved := given.intersection(RESERVED):
        raise InputError(
            f"teacher.arguments sets {', '.join(sorted(reserved))}, which the builder sets itself: leave it out, or run the server "
            'yourself and set teacher.kind = "openai".'
        )
    own: dict[str, object] = {
        "--served-model-name": settings.model_name,
        "--uds": socket_path,
        "--generation-config": "vllm",  # no sampling defaults from the model's files: every field is sent
        "--structured-outputs-config": GUIDANCE,
        "--revision": settings.revision,
        "--tensor-parallel-size": settings.tensor_parallel if settings.tensor_parallel > 1 else None,
        "--data-parallel-size": settings.data_parallel if settings.data_parallel > 1 else None,
    }
    words = ["-m", "vllm.entrypoints.cli.main", "serve", settings.model, "--enable-prompt-tokens-details"]
    if on_cpu and "--enable-chunked-prefill" not in given:
        # A request with a seed that is prefilled in pieces ends the engine: "CPU Generator does not use offset".
        words.append("--no-enable-chunked-prefill")
    for flag, value in own.items():
        if value is not None and flag not in given:
            words += [flag, str(value)]
    return [*engine_python(settings), *words, *settings.arguments]


def engine_python(settings: VllmSettings) -> list[str]:
    """Return the Python that has vLLM; raises `InputError` if there is none at the path given."""
    if settings.python is None:
        return [sys.executable]
    if not os.access(settings.python, os.X_OK):
        raise InputError(f"There is no Python at {settings.python}: correct teacher.python.")
    return [str(settings.python)]


def engine_environment(
    gpus: Sequence[int | str] | None, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment of an engine that may see these GPUs; None: those that the builder sees.

    Python may keep its compiled files: vLLM is imported by several processes one after the other, in 27 s each time instead of 5.
    A key is not needed, because only the builder's user can open the socket. Torch's process groups open ports between the
    engine's own processes; they stay on this machine.
    """
    defaults = {"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}
    own = {"VLLM_NO_USAGE_STATS": "1", "PYTHONUNBUFFERED": "1"}
    if gpus is not None:
        own["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, gpus))
    unwanted = {"PYTHONDONTWRITEBYTECODE", "VLLM_API_KEY"}
    return {**defaults, **{k: v for k, v in inherited.items() if k not in unwanted}, **own}


def gpu_groups(
    settings: VllmSettings, environment: Mapping[str, str] = os.environ
) -> list[list[int | str] | None]:
    """Divide the GPUs among the servers; one server without GPUs of its own sees all that the builder sees (None).

    Raises
    ------
    InputError
        If there are fewer GPUs than the servers need.
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


def _flag(argument: str) -> str:
    """Return the flag of `--flag`, `--flag=value`, `--flag.key=value` or `--no-flag`, with dashes, as vLLM reads it."""
    name = argument.partition("=")[0].partition(".")[0].replace("_", "-")
    return f"--{name.removeprefix('--').removeprefix('no-')}"
