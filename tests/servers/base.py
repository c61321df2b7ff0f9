"""What all stand-ins share: they play the four roles in whatever way they are asked, and record what was sent.

A subclass says where its operations lie, what it refuses and in which words, and what its answers look like.
"""

import asyncio
import itertools
import json
import threading
from collections import Counter
from typing import Any, Self

from aiohttp import web
from dummy_server import OBEDIENT, Body, is_probe, task_of
from roleplay import play

__all__ = ["StandIn"]


class StandIn:
    """A server on a free local port; `with VLLM() as server: … server.address`."""

    base = "/v1"
    """Where the operations lie."""
    pasted = ""
    """What a user pastes behind host and port."""
    model = "model"
    key = "sk-test"
    dialect = ""
    """What the probe should find, as a dialect describes itself."""
    takes_n = True
    pattern_field = "structured_outputs"
    """The field whose regular expression, or grammar, binds the reply; others are ignored."""
    fenced = False
    """Whether replies come in a code fence."""
    seeded = True
    """Whether the seed of a request decides the reply."""

    def __init__(self) -> None:
        self.bodies: list[Body] = []
        self.queries: list[dict[str, str]] = []
        self._numbers = itertools.count()
        self._draws: Counter[str] = Counter()
        self._port = 0

    @property
    def address(self) -> str:
        """What the user pastes."""
        return f"http://127.0.0.1:{self._port}{self.pasted}"

    def models(self) -> web.Response:
        """Answer `/models`."""
        data = [{"id": self.model, "object": "model", "created": 1700000000, "owned_by": "someone"}]
        return web.json_response({"object": "list", "data": data})

    def refusal(self, body: Body) -> web.Response | None:
        """Return the refusal of a request that this server does not take."""
        return None

    def completion(self, body: Body, texts: list[str]) -> Body:
        """Return the answer; a subclass adds its own fields and nulls."""
        choices = [
            {"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            for index, text in enumerate(texts)
        ]
        prompt = sum(len(message["content"].split()) for message in body["messages"])
        completion = sum(len(text.split()) for text in texts)
        return {
            "id": f"chatcmpl-{next(self._numbers)}",
            "object": "chat.completion",
            "created": 1700000000,
            "model": body["model"],
            "choices": choices,
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            },
        }

    def headers(self) -> dict[str, str]:
        """Return further headers of each answer."""
        return {}

    def passing(self, number: int, answer: Body) -> web.Response | None:
        """Return what comes in place of the good answer to the request of that number; None for the good answer."""
        return None

    def text(self, body: Body) -> str:
        """Reply in role, in the form that was asked for."""
        seed = body["seed"] if self.seeded and "seed" in body else self._draw(body)
        plain = {**body, "seed": seed}
        if is_probe(body):
            asked = "hello" in body["messages"][-1]["content"]
            return (OBEDIENT if self.pattern_field in body else "hello") if asked else f"hello {seed}"
        reply = play(plain)
        return f"```\n{reply}\n```" if self.fenced and task_of(body) in {"write", "extract"} else reply

    def _draw(self, body: Body) -> int:
        """Return how often the same was asked before: without a seed each reply is another, whatever else comes in between."""
        asked = json.dumps(body["messages"])
        self._draws[asked] += 1
        return self._draws[asked]

    def error(self, status: int, message: str, **fields: Any) -> web.Response:
        """Return an error as OpenAI words it."""
        return web.json_response({"error": {"message": message, **fields}}, status=status)

    async def _list(self, http: web.Request) -> web.StreamResponse:
        self.queries.append(dict(http.query))
        return self._unknown_key(http) or self.models()

    def _unknown_key(self, http: web.Request) -> web.Response | None:
        if http.headers.get("Authorization") == f"Bearer {self.key}":
            return None
        return self.error(
            401, "Incorrect API key provided", type="invalid_request_error", code="invalid_api_key"
        )

    async def _complete(self, http: web.Request) -> web.StreamResponse:
        self.queries.append(dict(http.query))
        body = await http.json()
        refusal = self._unknown_key(http) or self.refusal(body)
        if refusal is not None:
            return refusal
        if not is_probe(body):
            self.bodies.append(body)
        count = body.get("n", 1) if self.takes_n else 1
        texts = [
            self.text({**body, "seed": body["seed"] + i} if "seed" in body else body) for i in range(count)
        ]
        answer = self.completion(body, texts)
        passing = None if is_probe(body) else self.passing(len(self.bodies), answer)
        return passing or web.Response(
            text=self.wire(json.dumps(answer)), content_type="application/json", headers=self.headers()
        )

    def wire(self, text: str) -> str:
        """Return the answer as it goes out."""
        return text

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**26)
        app.router.add_get(f"{self.base}/models", self._list)
        app.router.add_post(f"{self.base}/chat/completions", self._complete)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024).start()
        self._port = self._runner.addresses[0][1]
        return self

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.__aenter__(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
