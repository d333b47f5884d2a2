"""The HTTP server on a real socket: what slow, huge and malformed requests do, and its stop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from aidevos.doors.http_message import Reply, Request
from aidevos.doors.http_server import HEAD_BYTES_MAX, HttpServer
from aidevos.doors.http_shell import asgi

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


@dataclass
class World:
    """A server whose only handler tells the size of the body, held back on demand."""

    port: int
    go: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Request) -> Reply:
        self.entered.set()
        if request.segments == ("wait",):
            await self.go.wait()
        if request.segments == ("bug",):
            raise ValueError("a bug")
        return Reply(body=str(len(request.body)).encode(), type="text/plain")

    async def ask(self, raw: bytes) -> bytes:
        """Send `raw`, return all that comes until the server closes or has answered once."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        async with asyncio.timeout(10):
            writer.write(raw)
            head = await reader.readuntil(b"\r\n\r\n")
            writer.close()
            return head


@asynccontextmanager
async def serving(request_s: float = 10.0) -> AsyncIterator[tuple[World, HttpServer]]:
    place = socket.create_server(("127.0.0.1", 0))
    place.setblocking(False)
    world = World(place.getsockname()[1])
    server = HttpServer(asgi(world.answer), place, request_s=request_s)

    def fatal(error: BaseException) -> None:
        raise error

    await server.open(fatal)
    try:
        yield world, server
    finally:
        world.go.set()
        await server.close()


async def test_a_request_that_never_ends_is_closed_and_others_are_answered() -> None:
    async with serving(request_s=0.2) as (world, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12")
        silent, _ = await asyncio.open_connection("127.0.0.1", world.port)
        assert b" 200 " in await world.ask(GET)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
            assert await silent.read() == b""
        assert b" 200 " in await world.ask(GET)


async def test_a_slow_answer_is_not_a_slow_request() -> None:
    async with serving(request_s=0.1) as (world, _):
        asking = asyncio.ensure_future(world.ask(GET.replace(b"/ ", b"/wait ", 1)))
        await world.entered.wait()
        done, _ = await asyncio.wait((asking,), timeout=0.3)
        assert not done
        world.go.set()
        assert b" 200 " in await asking


@pytest.mark.parametrize("name", [b"x: ", b"x-%d: "])
async def test_an_endless_head_is_431(name: bytes) -> None:
    async with serving() as (world, _):
        line = b"x: " + b"a" * (HEAD_BYTES_MAX + 300_000)
        if b"%d" in name:
            line = b"\r\n".join(b"x-%d: " % n + b"a" * 100 for n in range(4_000))
        head = await world.ask(b"GET / HTTP/1.1\r\nhost: a\r\n" + line)
        assert b" 431 " in head
        assert b" 200 " in await world.ask(GET)


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
        b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET http://[::1 HTTP/1.1\r\nhost: a\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_400_and_others_are_answered(raw: bytes) -> None:
    async with serving() as (world, _):
        assert b" 400 " in await world.ask(raw)
        assert b" 200 " in await world.ask(GET)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_413(chunked: bool) -> None:
    size = (1 << 20) + 1
    body = b"a" * size
    head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % size
    if chunked:
        head = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (size, body)
    async with serving() as (world, _):
        assert b" 413 " in await world.ask(head + body)
        assert b" 200 " in await world.ask(head.replace(str(size).encode(), b"2") + (
            b"2\r\nab\r\n0\r\n\r\n" if chunked else b"ab"
        ))  # fmt: skip


async def test_a_bug_in_a_door_is_500_and_shows_nothing() -> None:
    async with serving() as (world, _):
        assert b" 500 " in await world.ask(GET.replace(b"/ ", b"/bug ", 1))


async def test_calls_under_way_end_before_the_server_does_and_no_new_ones_come() -> None:
    async with serving() as (world, server):
        asking = asyncio.ensure_future(world.ask(GET.replace(b"/ ", b"/wait ", 1)))
        await world.entered.wait()
        closing = asyncio.ensure_future(server.close())
        done, _ = await asyncio.wait((closing,), timeout=0.4)
        assert not done
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", world.port)
        world.go.set()
        assert b" 200 " in await asking
        await closing
