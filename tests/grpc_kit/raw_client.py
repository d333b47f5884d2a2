"""A client of raw HTTP/2 frames over a socket, for what no gRPC library would do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hpack import Decoder, Encoder

from aidevos.doors.h2 import frames, settings

Frame = tuple[int, int, int, bytes]


class RawClient:
    """Writes any frame, reads them one by one; waits at most five seconds for each."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.encoder, self.decoder = Encoder(), Decoder()

    def send(self, kind: int, flags: int, stream_id: int, payload: bytes = b"") -> None:
        self.writer.write(frames.frame(kind, flags, stream_id, payload))

    def head(self, stream_id: int, path: str, *, end: bool = False, **more: str) -> None:
        fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "test"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            *((name.replace("_", "-"), value) for name, value in more.items()),
        ]
        flags = frames.END_HEADERS | (frames.END_STREAM if end else 0)
        self.send(frames.HEADERS, flags, stream_id, self.encoder.encode(fields))

    def message(self, stream_id: int, message: bytes, *, end: bool = True, flag: int = 0) -> None:
        body = bytes([flag]) + len(message).to_bytes(4, "big") + message
        self.send(frames.DATA, frames.END_STREAM if end else 0, stream_id, body)

    async def frame(self) -> Frame | None:
        """Return the next frame, None at the end of the connection."""
        try:
            async with asyncio.timeout(5):
                head = await self.reader.readexactly(frames.HEADER_BYTES)
                high, low, kind, flags, stream_id = frames.HEAD.unpack(head)
                payload = await self.reader.readexactly(high << 16 | low)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return kind, flags, stream_id, payload

    async def until(self, kind: int, stream_id: int | None = None) -> Frame | None:
        """Return the next frame of a kind (None at the end); headers that pass are decoded."""
        while (found := await self.frame()) is not None:
            if found[0] == kind and stream_id in (None, found[2]):
                return found
            if found[0] == frames.HEADERS:
                self.decoder.decode(found[3])
        return None

    async def status(self, stream_id: int) -> dict[str, str]:
        """Return the trailers of a call."""
        while (found := await self.until(frames.HEADERS)) is not None:
            fields = dict(self.decoder.decode(found[3]))
            if found[2] == stream_id and found[1] & frames.END_STREAM:
                return fields
        return {}

    async def rest(self) -> list[Frame]:
        """Return all frames until the server closes."""
        found = []
        while (frame := await self.frame()) is not None:
            found.append(frame)
        return found


@asynccontextmanager
async def raw_client(port: int, window: int = settings.WINDOW_DEFAULT) -> AsyncIterator[RawClient]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    client = RawClient(reader, writer)
    writer.write(frames.PREFACE + frames.settings({settings.INITIAL_WINDOW: window}))
    client.send(frames.SETTINGS, frames.ACK, 0)
    try:
        yield client
    finally:
        writer.transport.abort()
