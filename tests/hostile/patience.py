"""The client's pauses made short, and its limits made so long that no machine is too slow for them.

A call to a server that hangs ends when the server says that it does (`hang`), not by the clock.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar, Token
from typing import Any, Self

from kpmath_builder.client import endpoints, handshake, monitor, readiness, retries
from kpmath_builder.client.deadlines import Deadline
from kpmath_builder.client.sessions import Sessions

__all__ = ["NEVER", "be_quick", "hang"]

NEVER = 60.0
"""Seconds."""


def be_quick(change: Callable[[object, str, object], object]) -> None:
    """Shorten every pause and lengthen every limit; `change` is `setattr` or a monkeypatch's."""
    change(retries, "FIRST_PAUSE", 0.01)
    change(retries, "LONGEST_PAUSE", 0.05)
    change(retries, "LONGEST_OWN_PAUSE", 0.05)
    change(retries, "LONGEST_RETRY_AFTER", 0.5)
    change(retries, "SHORTEST_TIMEOUT", NEVER)
    change(endpoints, "FIRST_COOL_DOWN", 0.01)
    change(endpoints, "LONGEST_COOL_DOWN", 0.05)
    change(readiness, "SECONDS_BETWEEN_LOOKS", 0.05)
    change(monitor, "SECONDS_BETWEEN_LOOKS", 0.02)
    change(monitor, "SILENT_SECONDS", 0.3)
    change(handshake, "PROBE_SECONDS", NEVER)
    change(asyncio, "timeout", lambda delay: _Limit(delay and asyncio.get_running_loop().time() + delay))
    change(Deadline, "__enter__", _entered(Deadline.__enter__))
    change(Deadline, "__exit__", _left(Deadline.__exit__))
    change(Sessions, "request", _noted(Sessions.request))


def hang(sent: bytes) -> None:
    """Let the limit of the calls that sent these bytes come now; to be called from the server's thread."""
    for loop, expire in tuple(_under_way[sent]):
        loop.call_soon_threadsafe(expire)


Expire = Callable[[], None]
"""Lets a limit of time come now."""
_innermost: ContextVar[Expire | None] = ContextVar("innermost", default=None)
_under_way: dict[bytes, list[tuple[asyncio.AbstractEventLoop, Expire]]] = defaultdict(list)
_tokens: dict[Deadline, Token[Expire | None]] = {}


class _Limit(asyncio.Timeout):
    """A limit of time that what runs within it can find."""

    _token: Token[Expire | None]

    async def __aenter__(self) -> Self:
        self._token = _innermost.set(self._expire_now)
        return await super().__aenter__()

    def _expire_now(self) -> None:
        with contextlib.suppress(RuntimeError):  # it is over already
            self.reschedule(asyncio.get_running_loop().time())

    async def __aexit__(self, *error: object) -> bool | None:
        _innermost.reset(self._token)
        return await super().__aexit__(*error)


def _entered(plain: Callable[[Deadline], Deadline]) -> Callable[[Deadline], Deadline]:
    def enter(deadline: Deadline) -> Deadline:
        _tokens[deadline] = _innermost.set(deadline.expire)
        return plain(deadline)

    return enter


def _left(plain: Callable[..., None]) -> Callable[..., None]:
    def leave(deadline: Deadline, *error: object) -> None:
        _innermost.reset(_tokens.pop(deadline))
        plain(deadline, *error)

    return leave


def _noted(plain: Callable[..., contextlib.AbstractAsyncContextManager[Any]]) -> Callable[..., Any]:
    @contextlib.asynccontextmanager
    async def request(
        sessions: Sessions, url: str, path: str, data: bytes | None = None, *, reuse: bool = True
    ) -> AsyncIterator[Any]:
        expire, calls = _innermost.get(), _under_way[data or b""]
        call = [(asyncio.get_running_loop(), expire)] if expire and data else []
        calls += call
        try:
            async with plain(sessions, url, path, data, reuse=reuse) as reply:
                yield reply
        finally:
            for its in call:
                calls.remove(its)

    return request
