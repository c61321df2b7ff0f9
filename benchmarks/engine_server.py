"""The server that a benchmark of the engine asks: one that runs already, or vLLM, run meanwhile."""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from kpmath_builder.engine.command import free_port, serve_command
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
        wanted.python, wanted.model_folder = python, cpu.tiny_model(python)
        arguments = [*cpu.ARGUMENTS, *arguments]
        os.environ.update(cpu.SETTINGS)
    settings = VllmSettings(
        kind="vllm", model=str(wanted.model_folder), python=wanted.python, arguments=tuple(arguments)
    )
    wanted.model, port = settings.model_name, free_port()
    environment = {**os.environ, "VLLM_SERVER_DEV_MODE": "1"}  # for /reset_prefix_cache
    with Path(tempfile.mkstemp(suffix=".log")[1]).open("wb") as log:
        process = subprocess.Popen(
            serve_command(settings, port), stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", process, log.name)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _wait_until_healthy(address: str, process: "subprocess.Popen[bytes]", log: str) -> None:
    """Return when the server is ready; end where it is not after half an hour."""
    for _ in range(1800):
        with contextlib.suppress(OSError):
            if urllib.request.urlopen(f"{address}/health", timeout=2).status == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(1)
    sys.exit(f"the server did not start: see {log}")


def forget_prefixes(address: str) -> None:
    """Empty the prefix cache; a server that is no vLLM has none."""
    with contextlib.suppress(OSError):
        urllib.request.urlopen(
            urllib.request.Request(f"{address}/reset_prefix_cache", method="POST"), timeout=30
        )


def gpu_memory() -> str:
    """Return what nvidia-smi says is in use."""
    if not shutil.which("nvidia-smi"):
        return "no GPU"
    query = ["nvidia-smi", "--query-gpu=name,memory.used,memory.total", "--format=csv,noheader"]
    return subprocess.run(query, check=False, capture_output=True, text=True).stdout.strip()
