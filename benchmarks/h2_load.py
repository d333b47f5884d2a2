r"""A load generator for unary gRPC that costs little itself: raw HTTP/2 frames, no gRPC library.

A closed loop of calls over a few connections against any gRPC server. The header block of every
call is the same few bytes, and an answer is looked at only as far as its status, so that a call
costs this process about 10 microseconds.

    python -m benchmarks.h2_load 127.0.0.1:50051 /aidevos.v1.ObjectService/Invoke \
        --payload-hex 0a0161 --outstanding 64 --seconds 5
"""

import argparse
import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import cast

import msgspec
import uvloop
from hpack import Decoder, Encoder

from aidevos.doors.h2 import frames, settings

Request = Callable[[int], bytes]
"""From a call's number, 0 and up and never twice, to its serialised request."""

CONNECTIONS = 4
WINDOW_BYTES = 1 << 24
_PREFIX_AND_HEAD = frames.HEAD.size + 5
OK = "0"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one run measured; milliseconds from writing a request to reading its status."""

    calls: int
    seconds: float
    calls_per_s: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    statuses: dict[str, int]
    """Calls by gRPC status: only "0" is success."""
    own_us_per_call: float
    """CPU of this process."""


class Load:
    """Callers that share a few connections; `run` may be called again and again."""

    def __init__(
        self, address: str, path: str, request: Request, outstanding: int, token: str | None = None
    ) -> None:
        """Keep `outstanding` calls of `path` under way at `host:port`."""
        self.address = address
        self.fields = _fields(address, path, token)
        self.request = request
        self.number = 0
        self.ends_s = 0.0
        self.latencies_s: list[float] = []
        self.statuses: Counter[str] = Counter()
        self._outstanding = outstanding
        self._links: list[Link] = []

    async def run(self, seconds: float) -> Report:
        """Call for so long; return when every call is answered."""
        if not self._links:
            await self._connect()
        self.latencies_s, self.statuses = [], Counter()
        begun, cpu = time.perf_counter(), time.process_time()
        self.ends_s = begun + seconds
        for place, link in enumerate(self._links):
            link.start(len(range(place, self._outstanding, len(self._links))))
        await asyncio.gather(*(link.idle() for link in self._links))
        return self._report(time.perf_counter() - begun, time.process_time() - cpu)

    def close(self) -> None:
        """Disconnect."""
        for link in self._links:
            link.close()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        host, _, port = self.address.rpartition(":")
        for _ in range(min(CONNECTIONS, self._outstanding)):
            _, link = await loop.create_connection(lambda: Link(self), host, int(port))
            self._links.append(link)
        await asyncio.gather(*(link.greeted for link in self._links))

    def _report(self, seconds: float, cpu: float) -> Report:
        found = sorted(self.latencies_s)
        calls = len(found)
        p50, p99, p999 = (found[int(calls * part)] * 1e3 for part in (0.5, 0.99, 0.999))
        return Report(
            calls=calls,
            seconds=round(seconds, 3),
            calls_per_s=round(calls / seconds, 1),
            p50_ms=round(p50, 3),
            p99_ms=round(p99, 3),
            p999_ms=round(p999, 3),
            statuses=dict(self.statuses),
            own_us_per_call=round(cpu * 1e6 / calls, 2),
        )


class Link(asyncio.Protocol):
    """One connection: sends calls as far as the windows allow, and the next for each answer."""

    def __init__(self, load: Load) -> None:
        """Wait for the server's SETTINGS."""
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._encoder, self._decoder = Encoder(), Decoder()
        self._known: dict[bytes, str] = {}
        self._begun_s: dict[int, float] = {}
        self._waiting: deque[bytes] = deque()
        self._block: bytes | None = None
        self._stream_id = 1
        self._window = settings.WINDOW_DEFAULT
        self._received = 0
        self._rest = b""
        self._idle: asyncio.Future[None] | None = None

    def start(self, callers: int) -> None:
        """Send so many calls, and the next for each answer."""
        for _ in range(callers):
            self._next()
        self._send([])

    async def idle(self) -> None:
        """Wait until every call is answered."""
        self._idle = asyncio.get_running_loop().create_future()
        if self._begun_s or self._waiting:
            await self._idle

    def close(self) -> None:
        """Disconnect."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        values = {settings.INITIAL_WINDOW: WINDOW_BYTES, settings.ENABLE_PUSH: 0}
        more = frames.window_update(0, WINDOW_BYTES - settings.WINDOW_DEFAULT)
        self._transport.write(frames.PREFACE + frames.settings(values) + more)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whoever waits: a server that hangs up in the middle is no benchmark."""
        for waiting in (self.greeted, self._idle):
            if waiting is not None and not waiting.done():
                waiting.set_exception(ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Take answers; send the next calls in one write."""
        data = self._rest + data
        at, size, out = 0, len(data), list[bytes]()
        while size - at >= 9:
            high, low, kind, flags, stream_id = frames.HEAD.unpack_from(data, at)
            end = at + 9 + (high << 16 | low)
            if end > size:
                break
            if kind == frames.DATA:
                self._received += end - at - 9
            elif kind == frames.HEADERS:
                self._headers(data[at + 9 : end], flags, stream_id)
            else:
                out += self._control(kind, flags, stream_id, data[at + 9 : end])
            at = end
        self._rest = data[at:]
        self._send(out)

    def _headers(self, block: bytes, flags: int, stream_id: int) -> None:
        status = self._known.get(block)
        if status is None:
            status = self._decode(block)
        if flags & frames.END_STREAM:
            load, now = self._load, time.perf_counter()
            load.latencies_s.append(now - self._begun_s.pop(stream_id))
            load.statuses[status] += 1
            if now < load.ends_s:
                self._next()
            elif not self._begun_s and not self._waiting and self._idle is not None:
                self._idle.set_result(None)

    def _decode(self, block: bytes) -> str:
        """Return the status in a block; remember it unless it changed the decoder's table."""
        entries = self._decoder.header_table.dynamic_entries
        before = len(entries), entries[0] if entries else None
        fields = dict(self._decoder.decode(block, raw=True))
        if before == (len(entries), entries[0] if entries else None):
            self._known[block] = fields.get(b"grpc-status", b"").decode()
        else:
            self._known.clear()
        return fields.get(b"grpc-status", b"").decode()

    def _control(self, kind: int, flags: int, stream_id: int, payload: bytes) -> list[bytes]:
        """Return what answers a frame that is no answer to a call."""
        if kind == frames.PING and not flags & frames.ACK:
            return [frames.frame(frames.PING, frames.ACK, 0, payload)]
        if kind == frames.SETTINGS and not flags & frames.ACK:
            if not self.greeted.done():
                self.greeted.set_result(None)
            return [frames.frame(frames.SETTINGS, frames.ACK, 0)]
        if kind == frames.WINDOW_UPDATE and stream_id == 0:
            self._window += frames.WORD.unpack(payload)[0]
        elif kind == frames.RST_STREAM and stream_id in self._begun_s:
            raise ConnectionError(f"stream {stream_id} was reset: {payload.hex()}")
        return []

    def _next(self) -> None:
        load = self._load
        self._waiting.append(load.request(load.number))
        load.number += 1

    def _send(self, out: list[bytes]) -> None:
        """Write what the window allows, in one piece."""
        now = time.perf_counter()
        while self._waiting and len(self._waiting[0]) + 5 <= self._window:
            body = self._waiting.popleft()
            size, stream_id = len(body) + 5, self._stream_id
            out.append(frames.frame(frames.HEADERS, frames.END_HEADERS, stream_id, self._head()))
            head = frames.HEAD.pack(size >> 16, size & 0xFFFF, 0, frames.END_STREAM, stream_id)
            out.append(head + b"\x00" + (size - 5).to_bytes(4, "big") + body)
            self._window -= size
            self._begun_s[stream_id] = now
            self._stream_id = stream_id + 2
        if self._received > WINDOW_BYTES // 2:
            out.append(frames.window_update(0, self._received))
            self._received = 0
        if out and self._transport is not None:
            self._transport.write(b"".join(out))

    def _head(self) -> bytes:
        """Return the header block: from the second call on it is indices alone."""
        if self._block is not None:
            return self._block
        block = self._encoder.encode(self._load.fields)
        if self._stream_id > 1:
            self._block = block
        return block


def _fields(address: str, path: str, token: str | None) -> list[tuple[str, str]]:
    fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", address),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "aidevos-h2-load"),
    ]
    return fields + ([("authorization", f"Bearer {token}")] if token else [])


def main() -> None:
    """Load a server with one request that never changes, and print the report as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("path")
    parser.add_argument("--payload-hex", default="", help="the serialised request")
    parser.add_argument("--outstanding", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--token")
    given = parser.parse_args()
    body = bytes.fromhex(given.payload_hex)

    async def run() -> Report:
        load = Load(given.address, given.path, lambda _: body, given.outstanding, given.token)
        await load.run(min(1.0, given.seconds / 4))  # Warm-up.
        report = await load.run(given.seconds)
        load.close()
        return report

    print(json.dumps(msgspec.to_builtins(uvloop.run(run()))))


if __name__ == "__main__":
    main()
