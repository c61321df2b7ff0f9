"""What the client costs: requests per second that one process drives against a server that answers at once, and memory in flight.

    python benchmarks/client.py            the teacher beside bare aiohttp, and `openai` where it is installed
    python benchmarks/client.py --port P   (the server, started by the above in a process of its own)

Each way sends the same bodies, so many at once, and parses each answer. Best of three rounds, taken in turn, because the machine's
other load comes and goes.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web

from kpmath_builder.teachers.chat import chat_body
from kpmath_builder.teachers.openai import OpenAITeacher
from kpmath_builder.teachers.protocol import Message, Request, Sampling

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


async def openai(address: str, requests: list[Request], in_flight: int) -> None:
    """Ask through OpenAI's own client."""
    from openai import AsyncOpenAI

    left = iter(requests)
    async with AsyncOpenAI(base_url=f"{address}/v1", api_key="x", timeout=None) as client:

        async def work() -> None:
            for one in left:
                await client.chat.completions.create(**chat_body(one, 0, 1))

        await asyncio.gather(*(work() for _ in range(in_flight)))


WAYS: dict[str, Callable[[str, list[Request], int], Awaitable[None]]] = {
    "bare aiohttp": bare,
    "teacher": teacher,
}
if importlib.util.find_spec("openai"):
    WAYS["openai"] = openai


def main(wanted: argparse.Namespace) -> None:
    """Print a table."""
    with subprocess.Popen(
        [sys.executable, __file__, "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            address = server.stdout.readline().strip() if server.stdout else ""
            requests = [request(n) for n in range(wanted.requests)]
            [one.digest for one in requests]  # the log has asked for it before a request comes to the teacher
            rates: dict[str, list[float]] = {name: [] for name in WAYS}
            costs: dict[str, list[float]] = {name: [] for name in WAYS}
            for _ in range(3):
                for name, way in WAYS.items():
                    began, used = time.perf_counter(), time.process_time()
                    asyncio.run(way(address, requests, wanted.in_flight))
                    rates[name].append(len(requests) / (time.perf_counter() - began))
                    costs[name].append((time.process_time() - used) / len(requests) * 1e6)
            print("| way | requests/s | of bare | CPU µs a request | of bare |\n|---|---|---|---|---|")
            for name in WAYS:
                rate, cost = max(rates[name]), min(costs[name])
                base, least = max(rates["bare aiohttp"]), min(costs["bare aiohttp"])
                print(f"| {name} | {rate:,.0f} | {rate / base:.0%} | {cost:,.0f} | {cost / least:.2f} |")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            asyncio.run(in_flight_memory(address, wanted.held))
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            print(
                f"\nmemory of a request in flight: {grown / wanted.held:.1f} KiB ({wanted.held:,} held at once)"
            )
            print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        finally:
            server.kill()


async def in_flight_memory(address: str, count: int) -> None:
    """Hold so many requests, which the server answers after some seconds (their temperature says so)."""
    asked = OpenAITeacher("m", [address], in_flight=count)
    slow = [Request(**{**vars(request(n)), "sampling": Sampling(2.0, 0.95, 2048)}) for n in range(count)]
    await asyncio.gather(*(asked.answer(one, [0]) for one in slow))
    await asked.close()


async def serve(port: int) -> None:
    """Answer at once, or after ten seconds where the temperature is 2."""

    async def complete(http: web.Request) -> web.StreamResponse:
        if b'"temperature": 2.0' in await http.read():
            await asyncio.sleep(10)
        return web.Response(body=ANSWER, content_type="application/json")

    app = web.Application(client_max_size=2**26)
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=8192).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--requests", type=int, default=6000)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--held", type=int, default=4000)
    given = parser.parse_args()
    if given.port is None:
        main(given)
    else:
        asyncio.run(serve(given.port))
