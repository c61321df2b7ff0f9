"""A real OpenAI-compatible HTTP server for tests, which answers in any role and fails in every way that servers fail.

A fault is a coroutine function of the HTTP request and of the good answer: it returns what is sent instead. Which request
meets which fault is decided by a callable of the request's body and its number, e.g. `storm(seed, rate)`.

    async with DummyServer(reply=lambda body: "4", faults=storm(seed=1, rate=0.3)) as server:
        teacher = OpenAITeacher("dummy", [server.address])

`with DummyServer() as server:` runs it in a thread of its own, for code that has its own event loop or none.
"""

import asyncio
import hashlib
import json
import random
import socket
import struct
import threading
import weakref
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from aiohttp import web

from kpmath_builder.client.probe import OPEN_PROMPT, PATTERN_PROMPT

Body = dict[str, Any]
TASK_WORDS = {
    "ONE harder version": "harder",
    "write new mathematics problems": "write",
    "compare final answers": "compare",
    "check mathematics problems": "work",
    "strict reviewer": "judge",
    "keep a catalogue": "same_topic",
    "who catalogues problems": "extract",
}
"""Words of the package's prompts to their task."""
Fault = Callable[[web.Request, Body], Awaitable[web.StreamResponse]]
Faults = Callable[[Body, int], Fault | None]


def slow(seconds: float) -> Fault:
    """Send the good answer late."""

    async def fault(http: web.Request, answer: Body) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return web.json_response(answer)

    return fault


def held(gate: asyncio.Event) -> Fault:
    """Send the good answer when the gate is opened, so that a test decides what is under way."""

    async def fault(http: web.Request, answer: Body) -> web.StreamResponse:
        await gate.wait()
        return web.json_response(answer)

    return fault


def status(code: int, message: str = "scripted fault", **headers: str) -> Fault:
    """Send an error of that status; `Retry_After="1"` becomes the header Retry-After."""

    async def fault(http: web.Request, answer: Body) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"error": {"message": message, "code": code}}, status=code, headers=named)

    return fault


def body_text(spoil: Callable[[str], str]) -> Fault:
    """Status 200 with `spoil` of the good answer's JSON as body."""

    async def fault(http: web.Request, answer: Body) -> web.StreamResponse:
        return web.Response(text=spoil(json.dumps(answer)), content_type="application/json")

    return fault


def choices(finish_reason: str = "stop", **message: object) -> Fault:
    """Send the good answer with these fields in the message of each choice."""

    async def fault(http: web.Request, answer: Body) -> web.StreamResponse:
        for choice in answer["choices"]:
            choice["message"].update(message)
            choice["finish_reason"] = finish_reason
        return web.json_response(answer)

    return fault


async def fewer_choices(http: web.Request, answer: Body) -> web.StreamResponse:
    """Send the good answer without its last choice."""
    answer["choices"].pop()
    return web.json_response(answer)


async def connection_reset(http: web.Request, answer: Body) -> web.StreamResponse:
    """Send a TCP reset before any byte of an answer."""
    assert http.transport is not None
    sock = http.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    http.transport.abort()
    return web.Response()


async def closed_mid_body(http: web.Request, answer: Body) -> web.StreamResponse:
    """Send the headers and half of the body that they promise, then the end of the connection."""
    data = json.dumps(answer).encode()
    response = web.StreamResponse(
        headers={"Content-Length": str(len(data)), "Content-Type": "application/json"}
    )
    await response.prepare(http)
    await response.write(data[: len(data) // 2])
    assert http.transport is not None
    http.transport.close()
    return response


PASSING: Mapping[str, Fault] = {
    "408": status(408),
    "409": status(409),
    "425": status(425),
    "429": status(429),
    "429 Retry-After": status(429, Retry_After="0"),
    "500": status(500),
    "502": status(502),
    "503": status(503),
    "504": status(504),
    "cut off": body_text(lambda text: text[: len(text) // 2]),
    "malformed": body_text(lambda text: text.replace(":", "=")),
    "wrong types": body_text(lambda text: json.dumps({**json.loads(text), "choices": "none"})),
    "number as content": choices(content=4),
    "not an object": body_text(lambda text: "[]"),
    "empty body": body_text(lambda text: ""),
    "no finish reason": body_text(lambda text: text.replace("finish_reason", "ended")),
    "aborted": choices("abort"),
    "empty text": choices(content=""),
    "null content": choices(content=None),
    "fewer choices": fewer_choices,
    "reset": connection_reset,
    "closed mid-body": closed_mid_body,
}
"""Faults after which the same request deserves its answer."""

LASTING: Mapping[str, Fault] = {
    "context overflow": status(400, "This model's maximum context length is 1024 tokens."),
    "unprocessable": status(422, "Unprocessable."),
    "content filter": choices("content_filter", content=""),
    "refusal field": choices(content=None, refusal="I cannot help with that."),
}
"""Answers that mean: never."""

ODD: Mapping[str, Fault] = {
    "slow": slow(0.2),
    "refusal in words": choices(content="I'm sorry, but I can't help with that."),
    "endless repetition": choices("length", content="and so on " * 400),
}
"""Whole answers that a caller has to cope with."""


def storm(seed: int, rate: float, kinds: Sequence[Fault] = tuple(PASSING.values())) -> Faults:
    """Faults of all `kinds` at random, for a share of `rate` of the requests."""
    chance = random.Random(seed)

    def faults(body: Body, number: int) -> Fault | None:
        return chance.choice(kinds) if chance.random() < rate else None

    return faults


def script(*faults: Fault | None) -> Faults:
    """One fault after the other by the request's number, then none."""
    return lambda body, number: faults[number] if number < len(faults) else None


OBEDIENT = "Sum: 4321\n- hello"
"""The reply that the probe's expression allows."""


def task_of(body: Body) -> str:
    """Return the task that a request is for, by the package's prompts; "" for a solution."""
    said = "\n".join(str(message["content"]) for message in body.get("messages", ()))
    return next((task for words, task in TASK_WORDS.items() if words in said), "")


def is_probe(body: Body) -> bool:
    """Whether a request is one of the client's probe, which asks before the work begins."""
    said = str(body["messages"][-1]["content"]) if "messages" in body else ""
    return PATTERN_PROMPT in said or OPEN_PROMPT in said


def probed(body: Body) -> str:
    """Answer the probe as vLLM does, which obeys regular expressions and heeds seeds."""
    return OBEDIENT if "structured_outputs" in body else f"hello {body.get('seed')}"


def echo(body: Body) -> str:
    """Return a text that one can check an answer by; the default reply."""
    return f"{task_of(body) or 'text'} {body['seed']}: {body['messages'][-1]['content']}"


def port_kept_for(owner: object) -> int:
    """Return a free port that no other server is given as long as its owner lives, whether or not somebody listens there.

    A server that ends and comes back could else find its place taken: the tests that run beside it open servers by the hundred.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    kept.bind(("127.0.0.1", 0))
    weakref.finalize(owner, kept.close)
    port: int = kept.getsockname()[1]
    return port


class DummyServer:
    """Serves `/v1/chat/completions`, `/v1/embeddings` and `/v1/models` on a free local port, or at a Unix socket.

    `reply` makes the text of one sample from the body; as in vLLM, sample i of a call sees n = 1 and the call's seed + i.
    Recorded: `bodies` and `headers` of the posts in their order, `peak` requests under way at once. The client's probe is answered
    as vLLM does if `obeys`, else as a server that ignores regular expressions; it is not counted, and spoilt only if `spoils_probe`.
    """

    def __init__(
        self,
        reply: Callable[[Body], str] = echo,
        *,
        faults: Faults | None = None,
        models: Sequence[str] = ("dummy",),
        models_fault: Faults | None = None,
        key: str | None = None,
        seconds: float = 0.0,
        dimensions: int = 8,
        port: int = 0,
        socket_path: str = "",
        obeys: bool = True,
        spoils_probe: bool = False,
        context: int | None = None,
        metrics: Callable[[], str] | None = None,
        health: bool = False,
    ) -> None:
        self.health = health
        self.obeys = obeys
        self.spoils_probe = spoils_probe
        self.context = context
        self.metrics = metrics
        self.reply = reply
        self.faults = faults
        self.models = tuple(models)
        self.models_fault = models_fault
        self.key = key
        self.seconds = seconds
        self.dimensions = dimensions
        self.port = port
        self.socket_path = socket_path
        self.bodies: list[Body] = []
        self.headers: list[Mapping[str, str]] = []
        self.looks = 0
        self.in_flight = 0
        self.peak = 0

    @property
    def address(self) -> str:
        """Without `/v1`."""
        return f"unix:{self.socket_path}" if self.socket_path else f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> int:
        """Posts received so far."""
        return len(self.bodies)

    async def received(self, count: int) -> None:
        """Wait until so many posts have come."""
        while self.requests < count:
            self._news.clear()
            await self._news.wait()

    async def __aenter__(self) -> Self:
        self._news = asyncio.Event()
        app = web.Application(client_max_size=2**26)
        app.router.add_get("/v1/models", self._list_models)
        if self.health:
            app.router.add_get("/health", self._is_well)
        if self.metrics:
            app.router.add_get("/metrics", self._measure)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/embeddings", self._embed)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        if self.socket_path:
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(self.socket_path)  # like vLLM: fails if a dead server has left its socket there
            await web.SockSite(self._runner, sock, backlog=1024).start()
            return self
        self.port = self.port or port_kept_for(self)
        await web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=1024, reuse_port=True).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.__aenter__(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.__aexit__(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _list_models(self, http: web.Request) -> web.StreamResponse:
        answer: Body = {
            "object": "list",
            "data": [{"id": name, "object": "model", "max_model_len": self.context} for name in self.models],
        }
        fault = self.models_fault({}, self.looks) if self.models_fault else None
        self.looks += 1
        if self.key and http.headers.get("Authorization") != f"Bearer {self.key}":
            fault = status(401, "Invalid API key")
        return await fault(http, answer) if fault else web.json_response(answer)

    async def _complete(self, http: web.Request) -> web.StreamResponse:
        return await self._serve(http, self._completion)

    async def _embed(self, http: web.Request) -> web.StreamResponse:
        return await self._serve(http, self._embeddings)

    async def _serve(self, http: web.Request, answer: Callable[[Body], Body]) -> web.StreamResponse:
        body = await http.json()
        if body.get("input") == ["one"]:
            spoilt = self._own_fault(http, body)
            return await spoilt(http, {}) if spoilt else web.json_response(answer(body))
        if is_probe(body) and not self._own_fault(http, body):
            good = self._completion(body, probed if self.obeys else lambda _: "hello")
            spoilt = self.faults(body, self.requests) if self.faults and self.spoils_probe else None
            return await spoilt(http, good) if spoilt else web.json_response(good)
        fault = self._own_fault(http, body) or (self.faults(body, self.requests) if self.faults else None)
        self.bodies.append(body)
        self._news.set()
        self.headers.append(dict(http.headers))
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await asyncio.sleep(self.seconds)
            return await fault(http, answer(body)) if fault else web.json_response(answer(body))
        finally:
            self.in_flight -= 1

    def _own_fault(self, http: web.Request, body: Body) -> Fault | None:
        if self.key and http.headers.get("Authorization") != f"Bearer {self.key}":
            return status(401, "Invalid API key")
        if body["model"] not in self.models:
            return status(404, f"The model `{body['model']}` does not exist.")
        return None

    async def _is_well(self, http: web.Request) -> web.StreamResponse:
        return web.Response()

    async def _measure(self, http: web.Request) -> web.StreamResponse:
        assert self.metrics is not None
        return web.Response(text=self.metrics())

    def _completion(self, body: Body, reply: Callable[[Body], str] | None = None) -> Body:
        reply = reply or self.reply
        texts = [reply({**body, "n": 1, "seed": body["seed"] + i}) for i in range(body["n"])]
        prompt = sum(len(message["content"].split()) for message in body["messages"])
        return {
            "id": "chatcmpl-dummy",
            "object": "chat.completion",
            "model": body["model"],
            "system_fingerprint": "dummy-1",
            "choices": [
                {"index": i, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
                for i, text in reversed(list(enumerate(texts)))  # no client may count on their order
            ],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": sum(len(text.split()) for text in texts),
                "prompt_tokens_details": {"cached_tokens": prompt // 2},
            },
        }

    def _embeddings(self, body: Body) -> Body:
        data = [
            {"index": i, "object": "embedding", "embedding": self._vector(text)}
            for i, text in enumerate(body["input"])
        ]
        return {"object": "list", "model": body["model"], "data": data[::-1]}

    def _vector(self, text: str) -> list[float]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        return [float(x) for x in np.random.default_rng(seed).normal(size=self.dimensions)]
