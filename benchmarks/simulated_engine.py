"""A server that takes as long as a GPU would: requests run in one batch, whose steps take a fixed time and a little more for each of them.

    python benchmarks/simulated_engine.py --port 9000 --slots 512 --lengths ../shared/data/model_outputs/gsm8k_multi_model.jsonl.gz

It plays all roles (tests/roleplay.py) and obeys regular expressions. The length of each answer in tokens is drawn, by the request alone, from the
lengths of real model outputs (a file with `outputs: [{"text": …}]` per line), four characters to a token.
"""

import argparse
import asyncio
import gzip
import hashlib
import heapq
import json
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from dummy_server import Body, DummyServer, is_probe, probed
from roleplay import play


class Engine(Protocol):
    """What makes tokens at a pace of its own."""

    async def generate(self, tokens: int) -> None:
        """Return when so many tokens have been generated."""

    def load(self) -> tuple[int, int, int, int]:
        """Return the requests that run and that wait, and the steps made and tokens generated so far."""


class Batch:
    """The engine: every step gives each running request one token."""

    def __init__(self, fixed: float, each: float, slots: int) -> None:
        self.fixed, self.each, self.slots = fixed, each, slots
        self.waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.running: list[tuple[int, int, asyncio.Future[None]]] = []
        self.step = self.number = self.generated = 0
        self.busy = asyncio.Event()

    async def generate(self, tokens: int) -> None:
        """Return when so many tokens have been generated."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((tokens, done))
        self.busy.set()
        await done

    def load(self) -> tuple[int, int, int, int]:
        """Return the requests that run and that wait, and the steps made and tokens generated so far."""
        return len(self.running), len(self.waiting), self.step, self.generated

    async def run(self) -> None:
        """Step for ever; a step that comes late is followed by the next at once, so that the pace is kept."""
        due = time.perf_counter()
        while True:
            if not (self.running or self.waiting):
                self.busy.clear()
                await self.busy.wait()
                due = time.perf_counter()
            while self.waiting and len(self.running) < self.slots:
                tokens, done = self.waiting.popleft()
                heapq.heappush(self.running, (self.step + tokens, self.number, done))
                self.number += 1
            due += self.fixed + self.each * len(self.running)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.step += 1
            self.generated += len(self.running)
            while self.running and self.running[0][0] <= self.step:
                done = heapq.heappop(self.running)[2]
                if not done.done():
                    done.set_result(None)


class SimulatedEngine(DummyServer):
    """Serves chat completions at an engine's pace; `options` are those of `DummyServer`."""

    def __init__(
        self,
        engine: Engine,
        lengths: list[int],
        reply: Callable[[Body], str] = play,
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(reply, models=["simulated"], metrics=self._text, **options)
        self.engine, self.lengths = engine, lengths

    async def _complete(self, http: web.Request) -> web.StreamResponse:
        body = await http.json()
        if is_probe(body):
            return web.json_response(self._completion(body, probed))
        tokens = self._length(body)
        await self._generate(body, tokens)
        answer = self._completion(body)
        answer["usage"]["completion_tokens"] = tokens
        return web.json_response(answer)

    async def _generate(self, body: Body, tokens: int) -> None:  # noqa: ARG002 - others note what it was
        await self.engine.generate(tokens)

    def _length(self, body: Body) -> int:
        tag = hashlib.sha256(f"{body['seed']} {body['messages'][-1]['content']}".encode()).digest()
        return min(self.lengths[int.from_bytes(tag[:8], "big") % len(self.lengths)], body["max_tokens"])

    def _text(self) -> str:
        running, waiting, steps, generated = self.engine.load()
        return (
            f"vllm:num_requests_running {running}\nvllm:num_requests_waiting {waiting}\n"
            f"vllm:prompt_tokens_total {steps}\nvllm:generation_tokens_total {generated}\n"
        )


def real_lengths(path: Path | None) -> list[int]:
    """Return lengths in tokens; without a file, a log-normal distribution about 190."""
    if path is None:
        chance = random.Random(0)
        return [max(8, round(chance.lognormvariate(5.1, 0.5))) for _ in range(10_000)]
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "rt", encoding="utf-8") as lines:
        return [max(8, len(output["text"]) // 4) for line in lines for output in json.loads(line)["outputs"]]


async def serve(wanted: argparse.Namespace) -> None:
    """Serve until killed."""
    batch = Batch(wanted.fixed, wanted.each, wanted.slots)
    async with SimulatedEngine(batch, real_lengths(wanted.lengths), port=wanted.port) as server:
        print(server.address, flush=True)
        await batch.run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fixed", type=float, default=0.010, help="seconds of a step")
    parser.add_argument(
        "--each", type=float, default=0.00003, help="seconds more for each request in the batch"
    )
    parser.add_argument("--slots", type=int, default=512)
    parser.add_argument("--lengths", type=Path)
    asyncio.run(serve(parser.parse_args()))
