"""The incoming half of a connection: frames become events, and what they demand is obeyed.

Which fault is the stream's and which the connection's is RFC 9113's, sections 5.1, 5.4 and 6.
"""

from collections.abc import Callable

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.blocks import Incoming
from aidevos.doors.h2.faults import Code, ConnectionFault, StreamFault
from aidevos.doors.h2.frames import END_HEADERS, END_STREAM, PADDED, PRIORITIZED
from aidevos.doors.h2.head import Head, check_trailers
from aidevos.doors.h2.limits import Debt, Limits
from aidevos.doors.h2.pings import Pings
from aidevos.doors.h2.sending import Sender
from aidevos.doors.h2.stream import Closed, Data, Event, Opened, Stream


class Receiver:
    """Takes one connection's frames, one at a time."""

    def __init__(
        self, limits: Limits, streams: dict[int, Stream], events: list[Event], sender: Sender,
        debt: Debt,
    ) -> None:  # fmt: skip
        """Share the connection's parts."""
        self.last_id = 0
        """The highest stream that the peer opened."""
        self.last_served_id = frames.STREAM_ID_MAX
        """Streams above are not served: we said so with GOAWAY."""
        self.running = 0
        """Calls that a handler works for although their stream is gone."""
        self.pings = Pings(sender, debt)
        self._limits = limits
        self._streams = streams
        self._events = events
        self._sender = sender
        self._debt = debt
        self._blocks = Incoming(limits)
        self._window = limits.connection_window_bytes
        self._partial: list[bytes] | None = None
        self._partial_id = self._partial_flags = 0
        self._begun = False
        self._kinds: tuple[Callable[[int, int, bytes], None], ...] = (
            self._data, self._headers, self._priority, self._reset, self._settings,
            self._push, self._ping, self._goaway, self._update, self._continuation,
        )  # fmt: skip

    def frame(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        """Take one frame. Raises ConnectionFault; a stream's own fault ends that stream."""
        if self._partial is not None and (
            kind != frames.CONTINUATION or stream_id != self._partial_id
        ):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a header block was not finished")
        if not self._begun:
            self._begin(kind, flags)
        try:
            if kind < len(self._kinds):
                self._kinds[kind](stream_id, flags, payload)
            else:
                self._debt.add(Debt.UPDATE)
        except StreamFault as fault:
            self._debt.add(Debt.FAULT)
            self.give_up(fault.stream_id, fault.code)

    def give_up(self, stream_id: int, code: Code) -> None:
        """End one stream from our side, whether it is known or not."""
        stream = self._streams.get(stream_id)
        self._sender.lingering.pop(stream_id, None)
        if stream is None:
            self._sender.reset_id(stream_id, code)
        else:
            self._sender.reset(stream, code)
            self._events.append(Closed(stream))

    def credit(self, stream: Stream, size: int) -> None:
        """Give `size` bytes back to a stream's window: they were taken in."""
        stream.credit += size
        if stream.open_in and stream.credit * 4 >= self._limits.stream_window_bytes:
            self._sender.out.append(frames.window_update(stream.id, stream.credit))
            stream.receive_window += stream.credit
            stream.credit = 0

    def _begin(self, kind: int, flags: int) -> None:
        if kind != frames.SETTINGS or flags & frames.ACK:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a connection begins with SETTINGS")
        self._begun = True

    # ---- headers ---------------------------------------------------------------------------

    def _headers(self, stream_id: int, flags: int, payload: bytes) -> None:
        if flags & (PADDED | PRIORITIZED):
            payload = _without_priority(stream_id, frames.unpadded(payload, flags), flags)
        if not stream_id & 1:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "HEADERS on a stream that is not yours")
        if flags & END_HEADERS:
            self._block(stream_id, flags, payload)
        else:
            self._partial, self._partial_id, self._partial_flags = [payload], stream_id, flags

    def _continuation(self, stream_id: int, flags: int, payload: bytes) -> None:
        parts = self._partial
        if parts is None:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "CONTINUATION of nothing")
        parts.append(payload)
        size = sum(map(len, parts))
        if len(parts) > self._limits.continuations_max or size > self._limits.header_bytes_max:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "headers are too large")
        if flags & END_HEADERS:
            self._partial = None
            self._block(stream_id, self._partial_flags, b"".join(parts))

    def _block(self, stream_id: int, flags: int, block: bytes) -> None:
        """Take a whole header block: the peer's table advances with it, whatever it is for."""
        if stream_id <= self.last_id:
            self._trailers(stream_id, flags, block)
            return
        self.last_id = stream_id
        head = self._blocks.known.get(block) or self._head(stream_id, block)
        if stream_id > self.last_served_id:
            return
        if len(self._streams) + self.running >= self._limits.streams_max:
            raise StreamFault(stream_id, Code.REFUSED_STREAM, "too many streams")
        if self._sender.unsent > self._limits.unsent_bytes_max:
            raise StreamFault(stream_id, Code.REFUSED_STREAM, "read what was answered")
        stream = Stream(
            stream_id, head, self._limits.stream_window_bytes, self._sender.initial_window
        )
        self._streams[stream_id] = stream
        self._events.append(Opened(stream))
        if flags & END_STREAM:
            self._end(stream, b"")

    def _head(self, stream_id: int, block: bytes) -> Head:
        try:
            return self._blocks.head(block)
        except ValueError as error:
            raise StreamFault(stream_id, Code.PROTOCOL_ERROR, str(error)) from error

    def _trailers(self, stream_id: int, flags: int, block: bytes) -> None:
        fields = self._blocks.fields(block)
        stream = self._find(stream_id)
        if stream is None or not stream.open_in:
            self._late(stream_id, stream)
            return
        try:
            check_trailers(fields)
        except ValueError as error:
            raise StreamFault(stream_id, Code.PROTOCOL_ERROR, str(error)) from error
        if not flags & END_STREAM:
            raise StreamFault(stream_id, Code.PROTOCOL_ERROR, "trailers that end nothing")
        self._end(stream, b"")

    def _find(self, stream_id: int) -> Stream | None:
        """Return a stream on which the peer may still send, though we have ended it perhaps."""
        return self._streams.get(stream_id) or self._sender.lingering.get(stream_id)

    def _late(self, stream_id: int, stream: Stream | None) -> None:
        """A frame for a stream that is over: ours to ignore if we ended it early."""
        if stream is not None:
            raise StreamFault(stream_id, Code.STREAM_CLOSED, "the stream was ended")
        if stream_id in self._sender.gone:
            self._debt.add(Debt.UPDATE)
            return
        raise ConnectionFault(Code.STREAM_CLOSED, f"stream {stream_id} is closed")

    # ---- data ------------------------------------------------------------------------------

    def _data(self, stream_id: int, flags: int, payload: bytes) -> None:
        size = len(payload)
        self._window -= size
        if self._window < 0:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "more than the connection's window")
        if self._window * 2 < self._limits.connection_window_bytes:
            self._refill()
        stream = self._find(stream_id)
        if stream is None or not stream.open_in:
            if stream_id == 0 or stream_id > self.last_id:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "DATA on an idle stream")
            if stream_id <= self.last_served_id:
                self._late(stream_id, stream)
            return
        stream.receive_window -= size
        if stream.receive_window < 0:
            raise StreamFault(stream_id, Code.FLOW_CONTROL_ERROR, "more than the stream's window")
        if flags & PADDED:
            payload = frames.unpadded(payload, flags)
            self.credit(stream, size - len(payload))
        self._body(stream, flags, payload)

    def _body(self, stream: Stream, flags: int, payload: bytes) -> None:
        stream.received += len(payload)
        if flags & END_STREAM:
            self._end(stream, payload)
        elif payload:
            if stream.open_out:
                self._events.append(Data(stream, payload, False))
        else:
            self._debt.add(Debt.EMPTY)

    def _end(self, stream: Stream, payload: bytes) -> None:
        if stream.head.content_length not in (-1, stream.received):
            raise StreamFault(stream.id, Code.PROTOCOL_ERROR, "not as long as announced")
        stream.open_in = False
        if stream.open_out:
            self._events.append(Data(stream, payload, True))
        else:
            self._sender.lingering.pop(stream.id, None)

    def _refill(self) -> None:
        """Open the connection's window again: what a stream holds, its own window bounds."""
        more = self._limits.connection_window_bytes - self._window
        self._window += more
        self._sender.out.append(frames.window_update(0, more))

    # ---- the rest --------------------------------------------------------------------------

    def _priority(self, stream_id: int, flags: int, payload: bytes) -> None:
        """Obey nobody's priorities: they are deprecated."""
        self._debt.add(Debt.UPDATE)
        if stream_id == 0:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "PRIORITY of no stream")
        if len(payload) != 5:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "PRIORITY has 5 bytes")
        _without_priority(stream_id, payload, PRIORITIZED)

    def _reset(self, stream_id: int, flags: int, payload: bytes) -> None:
        _exactly(payload, 4)
        self._known(stream_id)
        self._debt.add(Debt.RESET)
        stream = self._streams.get(stream_id)
        self._sender.lingering.pop(stream_id, None)
        if stream is not None:
            self._sender.forget(stream)
            self._events.append(Closed(stream))

    def _settings(self, stream_id: int, flags: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "SETTINGS of a stream")
        if flags & frames.ACK:
            _exactly(payload, 0)
            return
        self._debt.add(Debt.SETTINGS + len(payload) // 8)
        values = settings.theirs(payload)
        self._sender.out.append(frames.frame(frames.SETTINGS, frames.ACK, 0))
        self._sender.obey(values)  # After the answer: it may let data go.

    def _push(self, stream_id: int, flags: int, payload: bytes) -> None:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "a client cannot push")

    def _ping(self, stream_id: int, flags: int, payload: bytes) -> None:
        _exactly(payload, 8)
        if stream_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "PING of a stream")
        self.pings.received(payload, ack=bool(flags & frames.ACK))

    def _goaway(self, stream_id: int, flags: int, payload: bytes) -> None:
        """A peer that opens no more streams may finish those that it has."""
        if stream_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "GOAWAY of a stream")
        if len(payload) < 8:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "GOAWAY has 8 bytes or more")
        self._debt.add(Debt.SETTINGS)

    def _update(self, stream_id: int, flags: int, payload: bytes) -> None:
        _exactly(payload, 4)
        self._debt.add(Debt.UPDATE)
        size = frames.WORD.unpack(payload)[0] & frames.WINDOW_MAX
        if stream_id == 0:
            if size == 0:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "a window update of nothing")
            self._sender.widen(None, size)
            return
        self._known(stream_id)
        stream = self._find(stream_id)
        if size == 0:
            raise StreamFault(stream_id, Code.PROTOCOL_ERROR, "a window update of nothing")
        if stream is not None:
            if stream.send_window + size > frames.WINDOW_MAX:
                raise StreamFault(stream_id, Code.FLOW_CONTROL_ERROR, "a window beyond 2^31-1")
            self._sender.widen(stream, size)

    def _known(self, stream_id: int) -> None:
        if stream_id == 0 or stream_id > self.last_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a frame of an idle stream")


def _exactly(payload: bytes, size: int) -> None:
    if len(payload) != size:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"{len(payload)} bytes instead of {size}")


def _without_priority(stream_id: int, payload: bytes, flags: int) -> bytes:
    """Return a payload without its priority.

    Faults here are the connection's: the stream may not be open yet, and the header block behind
    a wrong priority would not be decoded.
    """
    if not flags & PRIORITIZED:
        return payload
    if len(payload) < 5:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a priority has 5 bytes")
    if frames.WORD.unpack_from(payload)[0] & frames.STREAM_ID_MAX == stream_id:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "a stream that depends on itself")
    return payload[5:]
