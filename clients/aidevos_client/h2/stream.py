"""A stream of messages on asyncio: bytes to the core, messages to a callback, one write a turn.

No task and no future for a message: callbacks run where the bytes come in, and whoever has
something to write is called once for each turn of the loop, while there is room.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from aidevos.core.errors import UnavailableError
from aidevos.runtime.status import from_status
from aidevos_client.address import place_of
from aidevos_client.h2.core import Core, Pairs

CONNECT_S = 10.0
"""A server has to take a connection within this."""


class MessageStream(asyncio.Protocol):
    """One stream in both directions and its connection. `run` once; `write` from `writable`."""

    def __init__(
        self, address: str, path: str, metadata: Pairs,
        received: Callable[[bytes], None], writable: Callable[[], None],
    ) -> None:  # fmt: skip
        """Prepare a stream of the method `path` of `host:port`.

        `received` takes each message. `writable` is called after `wake`, when there is room. What
        they raise ends the stream. Raises InvalidArgumentError for an address that is none.
        """
        self._place = place_of(address)
        self._core = Core(path, metadata, address)
        self._received = received
        self._write_next = writable
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._failure: Exception | None = None
        self._paused = self._scheduled = False
        self.woken = False
        """Somebody wants to write, and was not called yet."""

    async def run(self) -> None:
        """Connect, and carry messages until the server ends the stream well.

        Raises the AidevosError that its status stands for, or what a callback raised.
        """
        try:
            await self._connect()
            await self._over
        finally:
            if self._transport is not None:
                self._transport.abort()
        if self._failure is not None:
            raise self._failure

    # ---- writing ---------------------------------------------------------------------------

    @property
    def writable(self) -> bool:
        """Whether there is room for another message."""
        return self._transport is not None and not self._paused and self._core.writable

    def write(self, message: bytes) -> None:
        """Send a message: with what else is written in this turn; before `run`, first of all."""
        self._core.write(message)

    def finish(self) -> None:
        """Close our side; `run` returns when the server has closed its own."""
        self._core.finish()

    def wake(self) -> None:
        """Have `writable` called once, as soon as there is room."""
        self.woken = True
        if not self._scheduled and self.writable:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        if self._over.done() or not self.writable:
            return
        self.woken = False
        try:
            self._write_next()
        except Exception as bug:  # Who waits for the end is told, not the loop.
            self._fail(bug)
            return
        if not self.writable:  # It may have more.
            self.woken = True
        self._flush()

    def _flush(self) -> None:
        """Write what the core has, while the transport takes it."""
        transport = self._transport
        while transport is not None and not self._paused and (data := self._core.take()):
            transport.write(data)
        if self.woken:
            self.wake()

    # ---- the transport ---------------------------------------------------------------------

    async def _connect(self) -> None:
        host, port = self._place
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._loop.create_connection(lambda: self, host, port)
        except OSError as error:  # A timeout is one, too.
            why = str(error) or f"no answer within {CONNECT_S} s"
            raise UnavailableError(f"no connection to {host}:{port}: {why}") from None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the stream."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass.
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Hand over the messages that came."""
        try:
            for message in self._core.receive(data):
                self._received(message)
        except Exception as bug:  # Who waits for the end is told, not the loop.
            self._fail(bug)
            return
        self._flush()
        self._end()

    def pause_writing(self) -> None:
        """Stop reading too: a server that does not read is given no reason to be answered."""
        self._paused = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the stream, if the server has not."""
        self._transport = None
        self._core.lost(str(exc or "the server closed it"))
        self._end()

    # ---- the end ---------------------------------------------------------------------------

    def _end(self) -> None:
        ending = self._core.ending
        if ending is None or self._over.done():
            return
        if ending.code:
            self._failure = from_status(ending.code, ending.message, ending.details)
        self._over.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self._over.done():
            self._failure = error
            self._over.set_result(None)
