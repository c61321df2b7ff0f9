"""Servers behind Unix sockets: the same client, another way."""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from dummy_server import DummyServer

from kpmath_builder import InputError
from kpmath_builder.client import transport
from kpmath_builder.client.teacher import OpenAITeacher
from kpmath_builder.client.transport import LONGEST_SOCKET_PATH, Transport
from kpmath_builder.protocol import Message, Request, Sampling

REQUEST = Request(
    task="solve",
    model="dummy",
    messages=(Message("user", "2 + 2?"),),
    sampling=Sampling(0.0, 1.0, 16),
    seed=1,
)


@pytest.fixture
def path() -> Iterator[str]:
    """Return a path for a socket; pytest's own folders have too long names."""
    folder = tempfile.mkdtemp(prefix="kpmath-test-", dir="/tmp")
    yield f"{folder}/s"
    shutil.rmtree(folder)


@pytest.mark.parametrize("prefix", ["unix:", "unix://"])
def test_a_server_behind_a_socket_is_checked_and_answers(path: str, prefix: str) -> None:
    async def run() -> str:
        async with DummyServer(socket_path=path):
            teacher = OpenAITeacher("dummy", [prefix + path])
            try:
                await teacher.check()
                (response,) = await teacher.answer(REQUEST, [0])
            finally:
                await teacher.close()
            return response.text

    assert asyncio.run(run()) == "text 1: 2 + 2?"


def test_one_teacher_may_reach_servers_over_sockets_and_ports(path: str) -> None:
    async def run() -> list[int]:
        async with (
            DummyServer(socket_path=path) as one,
            DummyServer(socket_path=f"{path}2") as two,
            DummyServer() as three,
        ):
            servers = one, two, three
            teacher = OpenAITeacher("dummy", [server.address for server in servers], in_flight=1)
            try:
                await teacher.check()
                await asyncio.gather(*(teacher.answer(REQUEST, [0]) for _ in range(9)))
            finally:
                await teacher.close()
            return [server.requests for server in servers]

    counts = asyncio.run(run())
    assert sum(counts) == 9
    assert min(counts) >= 1


def test_a_socket_at_which_nobody_listens_is_named(path: str) -> None:
    async def run() -> None:
        teacher = OpenAITeacher("dummy", [f"unix:{path}"])
        try:
            await teacher.check()
        finally:
            await teacher.close()

    with pytest.raises(InputError, match=f"unix:{path}"):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("unix:vllm.sock", "is not the address of a socket: write it like unix:/run/vllm.sock"),
        ("unix:", "is not the address of a socket"),
        ("unix:/" + "x" * LONGEST_SOCKET_PATH, f"has more than {LONGEST_SOCKET_PATH} bytes"),
        ("unix:/" + "ä" * (LONGEST_SOCKET_PATH // 2 + 1), f"has more than {LONGEST_SOCKET_PATH} bytes"),
    ],
    ids=["relative", "empty", "long", "long in bytes"],
)
def test_an_address_that_no_socket_can_have_is_refused_in_one_sentence(address: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        OpenAITeacher("dummy", [address])
    assert "\n" not in str(error.value)


def test_the_longest_path_is_one_that_the_kernel_takes(path: str) -> None:
    longest = path.ljust(LONGEST_SOCKET_PATH, "x")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(longest)
    assert Transport.to(f"unix:{longest}").socket_path == longest


@pytest.mark.skipif(not Path("/proc").exists(), reason="other kernels hold more connections in a queue of 0")
def test_a_request_waits_while_the_queue_of_the_socket_is_full(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels before 5.4 hold 128 connections that a busy server has not accepted; the next would fail."""
    refused = asyncio.Event()
    look = transport._is_connected

    def noting(protocol: aiohttp.client_proto.ResponseHandler) -> bool:
        connected = look(protocol)
        if not connected:
            refused.set()
        return connected

    monkeypatch.setattr(transport, "_is_connected", noting)

    async def run() -> int:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as first:
            server.bind(path)
            server.listen(0)
            first.connect(path)  # the queue is full now
            server.setblocking(False)  # noqa: FBT003 - no keyword is accepted
            way = Transport.to(f"unix:{path}")
            async with aiohttp.ClientSession(connector=way.connector()) as session:
                request = asyncio.create_task(session.get(f"{way.base}/health"))
                await refused.wait()
                assert not request.done()
                (await loop.sock_accept(server))[0].close()
                connection, _ = await loop.sock_accept(server)
                with connection:
                    await loop.sock_recv(connection, 4096)
                    await loop.sock_sendall(connection, b"HTTP/1.1 204 No Content\r\n\r\n")
                    async with await request as reply:
                        return reply.status

    assert asyncio.run(run()) == 204
