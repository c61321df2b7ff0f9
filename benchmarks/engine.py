"""How busy a build keeps an engine: the same requests through the builder, and bare, by a client that does nothing else.

    python benchmarks/engine.py --seeds ../shared/data/gsm8k/train.jsonl                     a small model on the CPU engine
    python benchmarks/engine.py --seeds … --address http://127.0.0.1:9000 --model simulated  a server that runs already
    python benchmarks/engine.py --seeds … --python ENGINE/bin/python --model-folder FOLDER   on a GPU, with any model

For a GPU without weights at hand: `ENGINE/bin/python tests/tiny_model.py FOLDER --hidden 4096 --layers 32 --head-dim 128 --vocab 32000`
has the size and speed of an 8B model. The prefix cache is emptied before each run. The ratio is the build's output tokens per second,
from its first request to its last answer, over the best of the bare runs.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import aiohttp

from kpmath_builder import Recipe, build
from kpmath_builder.recipe import TeacherSettings
from kpmath_builder.teachers.chat import chat_body
from kpmath_builder.teachers.engine.command import free_port, serve_command
from kpmath_builder.teachers.openai import OpenAITeacher
from kpmath_builder.teachers.protocol import Request, Response

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import engine_environment as cpu


class Recorder(OpenAITeacher):
    """The builder's teacher, which notes each request, when it was begun and when it was answered."""

    calls: ClassVar[list[tuple[str, dict[str, Any], float, float, list[Response]]]] = []

    async def answer(self, request: Request, samples: Sequence[int]) -> list[Response]:
        """Answer as ever."""
        began = time.perf_counter()
        responses = await super().answer(request, samples)
        body = chat_body(request, samples[0], len(samples))
        self.calls.append((request.task, body, began, time.perf_counter(), responses))
        return responses


def through_the_builder(wanted: argparse.Namespace, address: str, folder: Path) -> dict[str, int]:
    """Build; what was asked is in `Recorder.calls` then."""
    import kpmath_builder.teachers.openai as module

    module.OpenAITeacher = Recorder  # type: ignore[misc] - what the staff hires
    recipe = {
        "seeds": {"path": wanted.seeds, "source": "openai/gsm8k", "limit": wanted.limit},
        "teacher": {
            "kind": "openai",
            "model": wanted.model,
            "addresses": [address],
            "in_flight": wanted.in_flight,
            "extra": json.loads(wanted.extra),
        },
        "extraction": {"temperature": 1.5, "max_tokens": 1024},
        "topics": {"ask_above": 0.9},
        "questions": {"max_tokens": wanted.max_tokens},
        "judging": {"temperature": 1.5, "max_tokens": 768, "threshold": 0.0, "max_sub_questions": 10**12},
        "solutions": {"samples": wanted.samples, "max_tokens": wanted.max_tokens},
        "consensus": {"min_share": 0.0},
        "build": {"folder": str(folder), "questions": wanted.questions, "window": wanted.window, "shards": 4},
    }
    result = build(
        Recipe.of(recipe), progress=lambda progress: progress.note and print(progress.note, flush=True)
    )
    return dict(result.rows)


async def bare(address: str, bodies: Sequence[dict[str, Any]], in_flight: int) -> tuple[float, int]:
    """Send all bodies, so many at once; return seconds and output tokens."""
    left, tokens = iter([json.dumps(body).encode() for body in bodies]), 0
    headers = {"Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:

        async def work() -> None:
            nonlocal tokens
            for data in left:
                async with session.post(
                    f"{address}/v1/chat/completions", data=data, headers=headers
                ) as reply:
                    tokens += (await reply.json())["usage"]["completion_tokens"]

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(in_flight)))
        return time.perf_counter() - began, tokens


def forget_prefixes(address: str) -> None:
    """Empty the prefix cache; a server that is no vLLM has none."""
    with contextlib.suppress(OSError):
        urllib.request.urlopen(
            urllib.request.Request(f"{address}/reset_prefix_cache", method="POST"), timeout=30
        )


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
    settings = TeacherSettings(
        kind="vllm", model=str(wanted.model_folder), python=wanted.python, arguments=tuple(arguments)
    )
    wanted.model, port = settings.model_name, free_port()
    environment = {**os.environ, "VLLM_SERVER_DEV_MODE": "1"}  # for /reset_prefix_cache
    with Path(tempfile.mkstemp(suffix=".log")[1]).open("wb") as log:
        process = subprocess.Popen(
            serve_command(settings, port), stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process, log.name)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def wait_until_healthy(address: str, process: "subprocess.Popen[bytes]", log: str) -> None:
    """Return when the server is ready; end where it is not after half an hour."""
    for _ in range(1800):
        with contextlib.suppress(OSError):
            if urllib.request.urlopen(f"{address}/health", timeout=2).status == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(1)
    sys.exit(f"the server did not start: see {log}")


def report_build(rows: dict[str, int]) -> tuple[float, int]:
    """Print what the build asked; return seconds and output tokens."""
    calls = Recorder.calls
    seconds = max(call[3] for call in calls) - min(call[2] for call in calls)
    told: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for task, _, _, _, responses in calls:
        for response in responses:
            sums = told[task]
            told[task] = [
                sums[0] + 1,
                sums[1] + response.prompt_tokens,
                sums[2] + response.cached_tokens,
                sums[3] + response.completion_tokens,
            ]
    print("| task | samples | prompt tokens | of them cached | output tokens |\n|---|---|---|---|---|")
    for task, (samples, prompt, cached, output) in told.items():
        print(f"| {task} | {samples:,} | {prompt:,} | {cached / max(prompt, 1):.1%} | {output:,} |")
    computed = sum(prompt - cached + output for _, prompt, cached, output in told.values())
    kept = rows["qa-pairs"]
    print(
        f"\nrows: {rows}; tokens computed per row of qa-pairs: {computed / kept if kept else float('nan'):,.0f}"
    )
    return seconds, sum(sums[3] for sums in told.values())


def gpu_memory() -> str:
    """Return what nvidia-smi says is in use."""
    if not shutil.which("nvidia-smi"):
        return "no GPU"
    query = ["nvidia-smi", "--query-gpu=name,memory.used,memory.total", "--format=csv,noheader"]
    return subprocess.run(query, check=False, capture_output=True, text=True).stdout.strip()


def main(wanted: argparse.Namespace) -> None:
    """Print tables."""
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with running(wanted) as address, tempfile.TemporaryDirectory() as folder:
        forget_prefixes(address)
        seconds, tokens = report_build(through_the_builder(wanted, address, Path(folder) / "build"))
        print(
            "\n| way | in flight | requests | output tokens | seconds | tokens/s |\n|---|---|---|---|---|---|",
            flush=True,
        )
        print(
            f"| builder | {wanted.in_flight} | {len(Recorder.calls):,} | {tokens:,} | {seconds:.1f} | {tokens / seconds:,.0f} |",
            flush=True,
        )
        bodies, best = [call[1] for call in Recorder.calls], 0.0
        for in_flight in wanted.bare:
            forget_prefixes(address)
            took, bare_tokens = asyncio.run(bare(address, bodies, in_flight))
            best = max(best, bare_tokens / took)
            print(
                f"| bare | {in_flight} | {len(bodies):,} | {bare_tokens:,} | {took:.1f} | {bare_tokens / took:,.0f} |",
                flush=True,
            )
        print(
            f"\nbusy ratio: {tokens / seconds / best:.3f}; GPU: {gpu_memory()}; load at the end: {os.getloadavg()[0]:.1f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", required=True)
    parser.add_argument("--limit", type=int, default=60, help="seed problems")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("--max-tokens", type=int, default=96, help="of questions and solutions")
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--in-flight", type=int, default=128)
    parser.add_argument(
        "--bare", type=int, nargs="+", default=[64, 128, 256], help="requests in flight of the bare client"
    )
    parser.add_argument("--address")
    parser.add_argument("--model", default="")
    parser.add_argument("--extra", default="{}")
    parser.add_argument("--python", type=Path)
    parser.add_argument("--model-folder", type=Path)
    parser.add_argument("--arguments", nargs="*", default=[], help="of the server, each as --flag=value")
    main(parser.parse_args())
