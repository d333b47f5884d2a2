"""The client's stream on real sockets: servers that are not there, leave, lie, or do not read."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "doors"))

from aidevos_client.h2 import stream as streams
from aidevos_client.h2.stream import MessageStream
from frame_client import until
from h2_scripted import GREETING, Script, message

from aidevos.core.errors import (
    AidevosError,
    InvalidArgumentError,
    OutcomeUnknownError,
    UnavailableError,
)
from aidevos.doors.h2 import frames, settings

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    """Serve each connection by hand; yield the address."""
    served: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        served.add(task)
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)


class Taken:
    """What a stream hands over."""

    def __init__(self, address: str) -> None:
        self.messages: list[bytes] = []
        self.asked = 0
        self.stream = MessageStream(address, "/a.B/C", [], self.received, self.writable)

    def received(self, message: bytes) -> None:
        self.messages.append(message)

    def writable(self) -> None:
        self.asked += 1


def says(*parts: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(parts))
        while await reader.read(4_096):
            pass

    return serve


async def test_messages_come_in_order_and_a_good_end_is_one() -> None:
    script = Script()
    parts = GREETING, script.head(), message(b"a"), message(b"b"), script.trailers()
    async with serving(says(*parts)) as address, asyncio.timeout(5):
        taken = Taken(address)
        await taken.stream.run()
    assert taken.messages == [b"a", b"b"]


async def test_a_server_that_is_not_there_is_unavailable_and_named() -> None:
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1"):
        await Taken("127.0.0.1:1").stream.run()


async def test_a_host_that_does_not_exist_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match=r"no connection to nowhere\.invalid:1"):
        await Taken("nowhere.invalid:1").stream.run()


@pytest.mark.parametrize("address", ["", "host", "host:", ":1", "host:port"])
async def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidArgumentError, match="host:port"):
        Taken(address)


async def test_a_server_that_speaks_something_else_is_told_from_grpc() -> None:
    async with serving(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as address, asyncio.timeout(5):
        with pytest.raises(AidevosError, match="this port speaks HTTP/1") as caught:
            await Taken(address).stream.run()
    assert caught.value.retryable


async def test_a_connection_that_breaks_leaves_the_outcome_unknown() -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING + Script().head() + message(b"a"))
        await reader.read(1)
        writer.transport.abort()

    async with serving(leave) as address, asyncio.timeout(5):
        with pytest.raises(OutcomeUnknownError, match="connection was lost"):
            await Taken(address).stream.run()


async def test_what_a_callback_raises_ends_the_stream_with_it() -> None:
    parts = GREETING, Script().head(), message(b"a")
    async with serving(says(*parts)) as address, asyncio.timeout(5):
        taken = Taken(address)
        taken.stream._received = lambda _: 1 / 0
        with pytest.raises(ZeroDivisionError):
            await taken.stream.run()
        taken = Taken(address)
        taken.stream._write_next = lambda: 1 / 0
        taken.stream.wake()
        with pytest.raises(ZeroDivisionError):
            await taken.stream.run()


async def test_a_stream_that_is_cancelled_leaves_no_connection() -> None:
    gone, there = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.set()
        try:
            while await reader.read(4_096):
                pass
        except ConnectionError:
            pass
        gone.set()

    async with serving(wait) as address, asyncio.timeout(5):
        running = asyncio.ensure_future(Taken(address).stream.run())
        await there.wait()
        running.cancel()
        await until(gone.is_set)
        assert running.cancelled()


class Pours(Taken):
    """Writes messages as long as there is room."""

    SIZE = 50_000
    count = 0

    def writable(self) -> None:
        super().writable()
        while self.stream.writable:
            self.stream.write(bytes(self.SIZE))
            self.count += 1


WIDE = frames.settings({settings.INITIAL_WINDOW: 1 << 30}) + frames.window_update(0, 1 << 30)


async def test_for_a_server_that_does_not_read_only_so_much_is_written() -> None:
    go_on = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WIDE)
        writer.transport.pause_reading()
        await go_on.wait()
        writer.transport.resume_reading()
        while await reader.read(1 << 20):
            pass

    async with serving(deaf) as address, asyncio.timeout(10):
        taken = Pours(address)
        taken.stream.wake()
        running = asyncio.ensure_future(taken.stream.run())
        await until(lambda: taken.stream._paused)
        transport, before = taken.stream._transport, taken.count
        assert transport is not None
        assert transport.get_write_buffer_size() < 300_000
        for _ in range(100):
            await asyncio.sleep(0)
        assert taken.count == before
        go_on.set()
        await until(lambda: taken.count >= before + 100)
        running.cancel()


async def test_a_window_that_is_closed_stops_the_writer_and_one_that_opens_calls_it() -> None:
    opens = asyncio.Event()

    async def narrow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        await reader.readexactly(65_535)
        await opens.wait()
        writer.write(frames.window_update(0, 100_000) + frames.window_update(1, 100_000))
        while await reader.read(1 << 20):
            pass

    async with serving(narrow) as address, asyncio.timeout(10):
        taken = Pours(address)
        taken.stream.wake()
        running = asyncio.ensure_future(taken.stream.run())
        await until(lambda: taken.count >= 2)
        for _ in range(100):
            await asyncio.sleep(0)
        assert (taken.count, taken.asked) == (2, 1)
        opens.set()
        await until(lambda: taken.count >= 4)
        assert taken.asked == 2
        running.cancel()


async def test_waking_it_often_calls_the_writer_once_a_turn() -> None:
    async with serving(says(GREETING)) as address, asyncio.timeout(5):
        taken = Taken(address)
        running = asyncio.ensure_future(taken.stream.run())
        await until(lambda: taken.stream.writable)
        for _ in range(50):
            taken.stream.wake()
        await asyncio.sleep(0)
        assert taken.asked == 1
        running.cancel()


async def test_a_server_that_takes_no_connection_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "CONNECT_S", 0.0)
    async with serving(says()) as address:
        with pytest.raises(UnavailableError, match="no answer within"):
            await Taken(address).stream.run()
