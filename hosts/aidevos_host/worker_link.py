"""The host's end of a worker's socket: frames in, frames out, on the loop; no thread, no task."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import cast

import msgspec
from aidevos_worker.frames import FRAME_BYTES_MAX, LENGTH, FromWorker, frame, from_worker


class WorkerLink(asyncio.Protocol):
    """One connection. `on_messages` gets each frame; `on_lost` is told once, with the reason."""

    def __init__(
        self, on_messages: Callable[[list[FromWorker]], None], on_lost: Callable[[str], None]
    ) -> None:
        """Bind to who listens."""
        self._on_messages = on_messages
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._read = bytearray()

    @classmethod
    async def open(
        cls,
        sock: socket.socket,
        on_messages: Callable[[list[FromWorker]], None],
        on_lost: Callable[[str], None],
    ) -> "WorkerLink":
        """Serve the host's end of a socket pair."""
        loop = asyncio.get_running_loop()
        link = cls(on_messages, on_lost)
        await loop.create_unix_connection(lambda: link, sock=sock)
        return link

    def send(self, messages: Sequence[object]) -> None:
        """Send one frame; dropped if the connection is lost already (`on_lost` is told)."""
        if self._transport is not None:
            self._transport.write(frame(messages))

    def close(self) -> None:
        """Close at once; the worker ends when it notices."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transport is one without being a subclass.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take whole frames; garbage ends the connection."""
        self._read += data
        try:
            while (body := self._next()) is not None:
                self._on_messages(from_worker(body))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._lost(f"wrote to its socket what is no answer ({error})")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the worker closed, or is no more."""
        self._lost("")

    def _next(self) -> bytes | None:
        if self._transport is None or len(self._read) < LENGTH.size:
            return None
        size = LENGTH.unpack_from(self._read)[0]
        if size > FRAME_BYTES_MAX:
            raise msgspec.DecodeError(f"a frame of {size} bytes")
        end = LENGTH.size + size
        if len(self._read) < end:
            return None
        body = bytes(self._read[LENGTH.size : end])
        del self._read[:end]
        return body

    def _lost(self, why: str) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
            self._on_lost(why)
