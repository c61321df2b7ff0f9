"""The server: HTTP by hand over asyncio streams on the loopback address, in a thread of its own."""

import asyncio
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Self

from dummy_server import Body, DummyServer, echo, probed

from hostile.attack import Attack, Exchange, reply
from hostile.patience import hang
from kpmath_builder.client.probe import OPEN_PROMPT, PATTERN_PROMPT

__all__ = ["KEY", "HostileServer", "Phase", "is_probe"]

Place = Literal["answers", "models", "metrics"]
KEY = "sk-hostile-0123456789abcdef"
MOST_CONNECTIONS = 400
METRICS = "vllm:num_requests_running 1\nvllm:num_requests_waiting 0\nvllm:generation_tokens_total {0}\nvllm:prompt_tokens_total {0}\n"


def always(body: Body) -> bool:
    """Meet every request."""
    return True


@dataclass
class Phase:
    """When the server is hostile: from request `first` on at a place, to `count` requests, until `heal` is called."""

    attack: Attack
    place: Place = "answers"
    first: int = 0
    count: int = 10**9
    every: int = 1
    """Of the requests that it meets, every which one."""
    meets: Callable[[Body], bool] = always
    whole: bool = False
    """Whether the attack has the whole answer in it, which is then paid for."""
    seen: int = field(default=0, init=False)
    met: int = field(default=0, init=False)

    def heal(self) -> None:
        """Be well from now on."""
        self.count = 0

    def strikes(self, place: str, body: Body) -> bool:
        """Whether this request is attacked; counts it."""
        if place != self.place or not self.meets(body):
            return False
        self.seen += 1
        if self.seen <= self.first or self.met >= self.count or self.seen % self.every:
            return False
        self.met += 1
        return True


class HostileServer:
    """Answers as `DummyServer` does, except in the hostile phase.

    Attributes
    ----------
    asked, paid
        How often each request of a build came, and how often it was answered whole, by its body as JSON. Requests that
        only look at the server (the probes) are left out.
    """

    def __init__(
        self,
        phase: Phase | None = None,
        reply: Callable[[Body], str] = echo,
        *,
        metrics: bool = False,
        seconds: float = 0.0,
    ) -> None:
        self.hangs: Callable[[bytes], None] = hang
        """Lets the limit of the calls that sent these bytes come, in the process that sent them."""
        self.seconds = seconds
        """Until a good answer."""
        self.phase = phase
        self.metrics = metrics
        self.asked: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.faults: list[BaseException] = []
        """Of this server itself; there should be none."""
        self._good = DummyServer(reply)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def address(self) -> str:
        """Without `/v1`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def paid_twice(self) -> list[str]:
        """The requests that were answered more than once."""
        return [body for body, times in self.paid.items() if times > 1]

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=2**26)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if len(self._tasks) <= MOST_CONNECTIONS:
                while await self._serve_one(reader, writer):
                    pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has had enough, or the test is over
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.faults.append(error)
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection is still of use."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        sent = await reader.readexactly(int(headers.get("content-length", "0")))
        path = first.split(" ")[1]
        body = json.loads(sent) if sent else {}
        place = path.rpartition("/")[2].replace("completions", "answers")
        good = self._good_answer(place, body)
        exchange = Exchange(writer, path, headers, body, good, partial(self.hangs, sent))
        request = json.dumps(body, sort_keys=True) if place == "answers" and not is_probe(body) else ""
        self.asked.update([request] if request else [])
        if self.phase and self.phase.strikes(place, body):
            await self.phase.attack(exchange)
            self.paid.update([request] if request and self.phase.whole else [])
            return False
        await asyncio.sleep(self.seconds if request else 0.0)
        status = 200 if good else 404
        await exchange.send(reply(good, status))
        self.paid.update([request] if request else [])
        return True

    def _good_answer(self, place: str, body: Body) -> bytes:
        if place == "models":
            return json.dumps({"object": "list", "data": [{"id": "dummy", "object": "model"}]}).encode()
        if place == "metrics":
            return METRICS.format(self.paid.total()).encode() if self.metrics else b""
        if place != "answers":
            return b""
        whole = {"seed": 0, "n": 1, **body}  # as servers do for what is left out
        return json.dumps(self._good._completion(whole, probed if is_probe(body) else None)).encode()


def is_probe(body: Body) -> bool:
    """Whether a request only looks how the server fares, with or without a system role."""
    said = str(body["messages"][-1]["content"])
    return PATTERN_PROMPT in said or OPEN_PROMPT in said
