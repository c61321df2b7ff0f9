"""The server that a benchmark of the engine asks: one that runs already, or vLLM, run meanwhile."""

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from kpmath_builder.client.transport import Transport
from kpmath_builder.engine.command import engine_environment, engine_python, serve_command
from kpmath_builder.engine.cpu_build import is_cpu_build
from kpmath_builder.engine.sockets import socket_folder
from kpmath_builder.recipe import VllmSettings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import engine_environment as cpu

__all__ = ["forget_prefixes", "gpu_memory", "options", "running"]


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options that `running` reads."""
    parser.add_argument("--address", help="of a server that runs already")
    parser.add_argument("--model", default="", help="its model")
    parser.add_argument("--python", type=Path, help="of an environment with vLLM; not given: the CPU engine")
    parser.add_argument("--model-folder", type=Path)
    parser.add_argument("--arguments", nargs="*", default=[], help="of the server, each as --flag=value")


@contextlib.contextmanager
def running(wanted: argparse.Namespace) -> Iterator[str]:
    """Give the address of the server: the one given, or one that is run meanwhile."""
    if wanted.address:
        yield wanted.address
        return
    arguments: list[str] = wanted.arguments
    if not wanted.python:
        python = cpu.engine_python()
        wanted.python, wanted.model_folder = python, cpu.engine_model(python)
        arguments = [*cpu.ARGUMENTS, *arguments]
        os.environ.update(cpu.SETTINGS)
    settings = VllmSettings(model=str(wanted.model_folder), python=wanted.python, arguments=tuple(arguments))
    wanted.model, folder = settings.model_name, socket_folder()
    path = Path(folder.name, "0.sock")
    command = serve_command(settings, path, on_cpu=asyncio.run(is_cpu_build(engine_python(settings))))
    environment = {**engine_environment(None), "VLLM_SERVER_DEV_MODE": "1"}  # for /reset_prefix_cache
    with Path(tempfile.mkstemp(suffix=".log")[1]).open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        _wait_until_healthy(f"unix:{path}", process, log.name)
        yield f"unix:{path}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        folder.cleanup()


def _wait_until_healthy(address: str, process: "subprocess.Popen[bytes]", log: str) -> None:
    """Return when the server is ready; end if it is not after half an hour."""
    for _ in range(1800):
        if _status("GET", address, "/health", seconds=2.0) == 200:
            return
        if process.poll() is not None:
            break
        time.sleep(1)
    sys.exit(f"the server did not start: see {log}")


def forget_prefixes(address: str) -> None:
    """Empty the prefix cache; a server other than vLLM has none."""
    _status("POST", address, "/reset_prefix_cache", seconds=30.0)


def _status(method: str, address: str, path: str, *, seconds: float) -> int | None:
    """Ask a server behind a port or a socket; None if it does not answer."""

    async def ask() -> int:
        transport, timeout = Transport.to(address), aiohttp.ClientTimeout(total=seconds)
        async with (
            aiohttp.ClientSession(connector=transport.connector(), timeout=timeout) as session,
            session.request(method, f"{transport.base}{path}") as reply,
        ):
            return reply.status

    try:
        return asyncio.run(ask())
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None


def gpu_memory() -> str:
    """Return what nvidia-smi says is in use."""
    if not shutil.which("nvidia-smi"):
        return "no GPU"
    query = ["nvidia-smi", "--query-gpu=name,memory.used,memory.total", "--format=csv,noheader"]
    return subprocess.run(query, check=False, capture_output=True, text=True).stdout.strip()
