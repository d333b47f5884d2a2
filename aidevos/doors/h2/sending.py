"""The outgoing half of a connection: answers become frames as far as the peer's windows allow.

What does not fit waits in its stream's queue; streams that wait take turns, a frame each.
"""

from collections import OrderedDict, deque
from struct import Struct

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.blocks import Outgoing
from aidevos.doors.h2.faults import Code, ConnectionFault
from aidevos.doors.h2.limits import Debt, Share
from aidevos.doors.h2.status import Field
from aidevos.doors.h2.stream import Closed, Event, Sent, Stream

OUT_BYTES_MAX = 128 << 10
"""Queued data become frames only while less than this waits to be written."""
CHUNK_BYTES_MAX = 16_384
GONE_MAX = 4_096
LINGERING_MAX = 128
LINGERING_MS = 1_000
PAID_BYTES = 256
"""A frame with so many bytes pays for window updates; smaller ones were asked for by none."""
_HEAD = Struct(">BHBBI2sBHBBIBI")
"""HEADERS with the hot block, then the head of a DATA frame and of the message in it."""
_TAIL = Struct(">BHBBIB")
"""HEADERS with the hot trailers."""


class Sender:
    """Frames on their way to one peer. `out` is what the shell shall write."""

    def __init__(
        self, streams: dict[int, Stream], events: list[Event], debt: Debt, share: Share
    ) -> None:
        """Take the connection's streams, events, debt and share of the budget."""
        self._share = share
        self.out: list[bytes] = []
        self.blocks = Outgoing()
        self.window = settings.WINDOW_DEFAULT
        self.initial_window = settings.WINDOW_DEFAULT
        self.unsent = 0
        """Bytes in all queues."""
        self.gone: OrderedDict[int, None] = OrderedDict()
        """Streams that we ended early: frames for them may still be on their way."""
        self.lingering: dict[int, Stream] = {}
        """Streams that we ended and the peer did not."""
        self._frame_max = frames.FRAME_BYTES_MAX
        self._streams = streams
        self._events = events
        self._debt = debt
        self._waiting: dict[int, Stream] = {}
        """Streams with a queue whose own window is open."""

    # ---- what the shell asks for -----------------------------------------------------------

    def take(self) -> bytes:
        """Return the bytes to write now; call again until it returns none."""
        self.pump()
        out = self.out
        if not out:
            return b""
        data = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        return data

    def answer(self, stream: Stream, message: bytes) -> None:
        """Send a whole unary answer: head, one message as it is, success."""
        size = len(message) + 5
        if (
            self.blocks.hot
            and size <= CHUNK_BYTES_MAX
            and size <= stream.send_window
            and size <= self.window
        ):
            id = stream.id
            self.window -= size
            head = _HEAD.pack(0, 2, 1, 4, id, Outgoing.HEAD, 0, size, 0, 0, id, 0, size - 5)
            self.out.append(head + message + _TAIL.pack(0, 1, 1, 5, id, 0xBE))
            self._debt.work(4)
            self._ended(stream)
        else:
            self.head(stream)
            self.data(stream, b"\x00" + (size - 5).to_bytes(4, "big") + message)
            self.end(stream, [])

    def head(self, stream: Stream, more: list[Field] | None = None) -> None:
        """Send the head of a gRPC answer."""
        self._headers(stream.id, 0, self.blocks.head(more))

    def fields(self, stream: Stream, fields: list[Field], *, end: bool) -> None:
        """Send any header list as head; `end`: and nothing more."""
        flags = frames.END_STREAM if end else 0
        self._headers(stream.id, flags, self.blocks.plain(fields))
        if end:
            self._ended(stream)

    def data(self, stream: Stream, body: bytes) -> None:
        """Send a part of the body, or queue what does not fit; nothing once the stream is over."""
        if not stream.open_out:
            return
        if stream.queue is None and len(body) <= min(stream.send_window, self.window, 16_384):
            self._frame(stream, body, 0)
            return
        if not self._share.take(len(body)):  # Slow readers, all together.
            self.reset(stream, Code.ENHANCE_YOUR_CALM)
            self._events.append(Closed(stream))
            return
        if stream.queue is None:
            stream.queue = deque()
        stream.queue.append(memoryview(body))
        stream.queued += len(body)
        self.unsent += len(body)
        self._wait(stream)
        self.pump()

    def end(self, stream: Stream, trailers: list[Field]) -> None:
        """End the answer, after what is queued: [] is success."""
        if not stream.open_out:
            return
        if stream.queue is not None:
            stream.trailers = trailers
            return
        block = self.blocks.plain(trailers) if trailers else self.blocks.ok()
        self._headers(stream.id, frames.END_STREAM, block)
        self._debt.work(4)
        self._ended(stream)

    def close(self, stream: Stream) -> None:
        """End an answer that has no trailers, with an empty frame."""
        if not stream.open_out:
            return
        if stream.queue is None:
            self._frame(stream, b"", frames.END_STREAM)
            self._ended(stream)
        else:
            stream.closes = True

    def reset(self, stream: Stream, code: Code) -> None:
        """End a stream at once; what is queued is dropped."""
        self.forget(stream)
        self.reset_id(stream.id, code)

    def reset_id(self, stream_id: int, code: Code) -> None:
        """Write RST_STREAM, and remember it for a while."""
        self.out.append(frames.reset(stream_id, code))
        self.gone[stream_id] = None
        if len(self.gone) > GONE_MAX:
            self.gone.popitem(last=False)

    def end_lingering(self) -> None:
        """Reset what has lingered long enough."""
        for stream_id, stream in list(self.lingering.items()):
            if self._debt.now_ms - stream.ended_ms >= LINGERING_MS:
                del self.lingering[stream_id]
                self.reset_id(stream_id, Code.NO_ERROR)

    # ---- what the peer's frames change -----------------------------------------------------

    def forget(self, stream: Stream) -> None:
        """Drop a stream and what is queued for it."""
        stream.open_in = stream.open_out = False
        self._streams.pop(stream.id, None)
        self._unqueue(stream)

    def widen(self, stream: Stream | None, size: int) -> None:
        """Open the connection's window (None), or a stream's. Raises ConnectionFault."""
        if stream is not None:
            stream.send_window += size
            self._wait(stream)
        else:
            self.window += size
            if self.window > frames.WINDOW_MAX:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a window beyond 2^31-1")
        if self._waiting:
            self.pump()

    def obey(self, values: dict[int, int]) -> None:
        """Take the peer's settings. Raises ConnectionFault."""
        self._frame_max = values.get(settings.FRAME_SIZE, self._frame_max)
        if settings.TABLE_SIZE in values:
            self.blocks.resize(values[settings.TABLE_SIZE])
        change = values.get(settings.INITIAL_WINDOW, self.initial_window) - self.initial_window
        if change == 0:
            return
        self._debt.add(len(self._streams) // 8)
        self.initial_window += change
        for stream in self._streams.values():
            stream.send_window += change
            if stream.send_window > frames.WINDOW_MAX:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a window beyond 2^31-1")
            self._wait(stream)
        self.pump()

    def pump(self) -> None:
        """Turn what is queued into frames while windows and the shell have room."""
        room = OUT_BYTES_MAX - sum(map(len, self.out)) if self._waiting else 0
        while room > 0 and self.window > 0 and self._waiting:
            for stream in list(self._waiting.values()):
                if self.window > 0:
                    room -= self._turn(stream)

    # ---- frames ----------------------------------------------------------------------------

    def _turn(self, stream: Stream) -> int:
        """Send one frame of a stream that waits; return its size."""
        assert stream.queue, stream.id
        part = stream.queue.popleft()
        size = min(len(part), stream.send_window, self.window, CHUNK_BYTES_MAX)
        if size < len(part):
            stream.queue.appendleft(part[size:])
        stream.queued -= size
        self.unsent -= size
        self._share.give(size)
        self._frame(stream, bytes(part[:size]), 0)
        if not stream.queue:
            self._drained(stream)
        else:
            self._wait(stream)
        return size + frames.HEADER_BYTES

    def _wait(self, stream: Stream) -> None:
        """Let a stream with a queue take part in turns, or not: its own window decides."""
        if stream.queue is not None and stream.send_window > 0:
            self._waiting[stream.id] = stream
        else:
            self._waiting.pop(stream.id, None)

    def _drained(self, stream: Stream) -> None:
        self._unqueue(stream)
        if stream.watched:
            stream.watched = False
            self._events.append(Sent(stream))
        if stream.trailers is not None:
            self.end(stream, stream.trailers)
        elif stream.closes:
            self.close(stream)

    def _unqueue(self, stream: Stream) -> None:
        if stream.queue is not None:
            self.unsent -= stream.queued
            self._share.give(stream.queued)
            stream.queue, stream.queued = None, 0
            self._waiting.pop(stream.id, None)

    def _frame(self, stream: Stream, body: bytes, flags: int) -> None:
        size = len(body)
        stream.send_window -= size
        self.window -= size
        self._debt.work(4 if size >= PAID_BYTES else 0)
        self.out.append(frames.HEAD.pack(0, size, frames.DATA, flags, stream.id) + body)

    def _headers(self, stream_id: int, flags: int, block: bytes) -> None:
        self._debt.work(0)
        self.out.append(frames.header_frames(stream_id, flags, block, self._frame_max))

    def _ended(self, stream: Stream) -> None:
        """Our side is done. A peer that still sends is told so, but not at once.

        RST_STREAM would make grpc's own clients forget the status that they were just sent, if
        they are about to send a message.
        """
        stream.open_out = False
        self._streams.pop(stream.id, None)
        if stream.open_in:
            stream.ended_ms = self._debt.now_ms
            self.lingering[stream.id] = stream
            if len(self.lingering) > LINGERING_MAX:
                oldest = next(iter(self.lingering))
                del self.lingering[oldest]
                self.reset_id(oldest, Code.NO_ERROR)
