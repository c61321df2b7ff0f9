"""What the client costs: requests per second that one process drives against a server that answers at once, and memory in flight.

    python benchmarks/client.py            the teacher beside bare aiohttp, and `openai` and datatrove where they are installed
    python benchmarks/client.py --serve    (the server, started by the above in a process of its own)

Each way sends the same bodies, so many at once, and parses each answer. Best of so many rounds, taken in turn, because the machine's
other load comes and goes. The server does next to nothing, so that it is the client that is measured.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import aiohttp

from kpmath_builder.client.chat import chat_body
from kpmath_builder.client.teacher import OpenAITeacher
from kpmath_builder.execution.garbage import long_lived_objects_set_aside
from kpmath_builder.protocol import Message, Request, Sampling

ANSWER = json.dumps(
    {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "word " * 200}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 800, "completion_tokens": 200, "total_tokens": 1000},
    }
).encode()
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)


def request(number: int) -> Request:
    """Return a request of the size of a solve prompt."""
    messages = (
        Message("system", "Reason step by step. " * 60),
        Message("user", f"Problem {number}: " + "apples and pears " * 120),
    )
    return Request(
        task="solve", model="m", messages=messages, sampling=Sampling(0.75, 0.95, 2048), seed=number
    )


async def teacher(address: str, requests: list[Request], in_flight: int) -> None:
    """Ask through the builder's teacher."""
    asked, left = OpenAITeacher("m", [address], in_flight=in_flight), iter(requests)

    async def work() -> None:
        for one in left:
            await asked.answer(one, [0])

    await asyncio.gather(*(work() for _ in range(2 * in_flight)))  # as many wait as are under way
    await asked.close()


async def bare(address: str, requests: list[Request], in_flight: int) -> None:
    """Ask with nothing but aiohttp; bodies are made and answers parsed all the same."""
    left = iter(requests)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work() -> None:
            for one in left:
                async with session.post(f"{address}/v1/chat/completions", json=chat_body(one, 0, 1)) as reply:
                    json.loads(await reply.read())

        await asyncio.gather(*(work() for _ in range(in_flight)))


async def openai(
    address: str, requests: list[Request], in_flight: int, transport: str = "DefaultAsyncHttpxClient"
) -> None:
    """Ask through OpenAI's own client."""
    import openai as package

    left = iter(requests)
    async with package.AsyncOpenAI(
        base_url=f"{address}/v1", api_key="x", timeout=None, http_client=getattr(package, transport)()
    ) as asked:

        async def work() -> None:
            for one in left:
                await asked.chat.completions.create(**chat_body(one, 0, 1))

        await asyncio.gather(*(work() for _ in range(in_flight)))


async def datatrove(address: str, requests: list[Request], in_flight: int) -> None:
    """Ask through datatrove's inference runner, which writes the answers to a file."""
    from datatrove.data import Document
    from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner
    from datatrove.pipeline.writers import JsonlWriter
    from loguru import logger

    logger.disable("datatrove")
    config = InferenceConfig(
        server_type="endpoint",
        model_name_or_path="m",
        endpoint_url=address,
        max_concurrent_generations=in_flight,
    )

    async def rollout(document: Any, generate: Any) -> Any:  # noqa: ANN401 - its types
        return (await generate(chat_body(requests[int(document.id)], 0, 1))).text

    documents = (Document(text="", id=str(n)) for n in range(len(requests)))
    with tempfile.TemporaryDirectory() as folder:
        writer = JsonlWriter(folder, compression=None)
        await InferenceRunner(rollout, config, writer).run_async(documents)


WAYS: dict[str, Callable[[str, list[Request], int], Coroutine[Any, Any, None]]] = {
    "bare aiohttp": bare,
    "teacher": teacher,
}
OTHERS: dict[str, tuple[str, Callable[[str, list[Request], int], Coroutine[Any, Any, None]]]] = {
    "openai": ("openai", openai),
    "openai over aiohttp": ("httpx_aiohttp", partial(openai, transport="DefaultAioHttpClient")),
    "datatrove": ("datatrove", datatrove),
}
WAYS |= {name: way for name, (package, way) in OTHERS.items() if importlib.util.find_spec(package)}


def main(wanted: argparse.Namespace) -> None:
    """Print a table."""
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().strip() if server.stdout else ""
            requests = [request(n) for n in range(wanted.requests)]
            [one.digest for one in requests]  # the log has asked for it before a request comes to the teacher
            asyncio.run(in_flight_memory(address, 64))  # what is paid once
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            asyncio.run(in_flight_memory(address, wanted.held))
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            print(
                f"memory of a request in flight: {grown / wanted.held:.1f} KiB ({wanted.held:,} held at once)\n"
            )
            rates: dict[str, list[float]] = {name: [] for name in WAYS}
            costs: dict[str, list[float]] = {name: [] for name in WAYS}
            with long_lived_objects_set_aside():  # as a build does; here they are the requests of all ways
                for _ in range(wanted.rounds):
                    for name, way in WAYS.items():
                        began, used = time.perf_counter(), time.process_time()
                        asyncio.run(way(address, requests, wanted.in_flight))
                        rates[name].append(len(requests) / (time.perf_counter() - began))
                        costs[name].append((time.process_time() - used) / len(requests) * 1e6)
            for name in OTHERS.keys() - WAYS.keys():
                print(f"{name} is not installed here")
            print("| way | requests/s | of bare | CPU µs a request | of bare |\n|---|---|---|---|---|")
            for name in WAYS:
                rate, cost = max(rates[name]), min(costs[name])
                base, least = max(rates["bare aiohttp"]), min(costs["bare aiohttp"])
                print(f"| {name} | {rate:,.0f} | {rate / base:.0%} | {cost:,.0f} | {cost / least:.2f} |")
            print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        finally:
            server.kill()


async def in_flight_memory(address: str, count: int) -> None:
    """Hold so many requests, which the server answers after some seconds (their temperature says so)."""
    asked = OpenAITeacher("m", [address], in_flight=count)
    slow = [Request(**{**vars(request(n)), "sampling": Sampling(2.0, 0.95, 2048)}) for n in range(count)]
    await asyncio.gather(*(asked.answer(one, [0]) for one in slow))
    await asked.close()


class Instant(asyncio.Protocol):
    """Answers each request at once, or after ten seconds where the temperature is 2."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.received = transport, bytearray()

    def data_received(self, data: bytes) -> None:
        """Answer what has come whole."""
        self.received += data
        while (end := self.received.find(b"\r\n\r\n") + 4) > 3:
            head = bytes(self.received[:end]).lower()
            length = re.search(rb"content-length: *(\d+)", head)
            whole = end + int(length[1] if length else 0)
            if len(self.received) < whole:
                return
            slow = re.search(rb'"temperature": ?2\.0', self.received[end:whole]) is not None
            del self.received[:whole]
            asyncio.get_running_loop().call_later(
                10 if slow else 0, self.answer, b"connection: close" in head
            )

    def answer(self, last: bool) -> None:  # noqa: FBT001 - called by the loop
        """Send the one answer."""
        self.transport.write(REPLY)
        if last:
            self.transport.close()


async def serve() -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Instant, "127.0.0.1", 0, backlog=8192)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=6000)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--held", type=int, default=4000)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve())
    else:
        main(given)
