"""The incoming half: a server's frames become messages and an ending, and are obeyed.

A message is handed over as soon as it is whole, so what is held is part of one at most, and the
windows are given back as fast as bytes come.
"""

from collections.abc import Callable
from struct import Struct

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.blocks import Incoming
from aidevos.doors.h2.faults import Code, ConnectionFault
from aidevos.doors.h2.frames import END_HEADERS, END_STREAM, PRIORITIZED
from aidevos.doors.h2.inbox import PREFIX_BYTES, Inbox
from aidevos.doors.h2.limits import Budget, Limits, Share
from aidevos.doors.h2.sending import Sender
from aidevos.doors.h2.status import INTERNAL, OK, UNAVAILABLE, UNKNOWN
from aidevos.doors.h2.stream import Stream
from aidevos_client.h2 import endings
from aidevos_client.h2.endings import Ending

WINDOW_BYTES = 4 << 20
"""What the server may have on its way, on the stream and on the connection."""
MESSAGE_BYTES_MAX = 64 << 20
"""One message: the largest reply that a server gives is a quarter of it."""
_LIMITS = Limits()
_LAST = Struct(">II")
_SAID_MAX = 200


class Receiver:
    """Takes the frames of a connection with one stream, one at a time."""

    def __init__(self, stream: Stream, sender: Sender) -> None:
        """Share the connection's parts."""
        self.messages: list[bytes] = []
        """What came whole; whoever takes them empties the list."""
        self.ending: Ending | None = None
        self.begun = False
        """Whether the server's SETTINGS came, which are always first."""
        self.said = ""
        """Why the server goes, in its words."""
        self._stream = stream
        self._sender = sender
        self._blocks = Incoming(_LIMITS)
        self._inbox = Inbox("identity", MESSAGE_BYTES_MAX, Share(Budget(MESSAGE_BYTES_MAX * 2)))
        self._owed = 0
        """Bytes that came and were not given back to the windows."""
        self._partial: list[bytes] | None = None
        self._partial_flags = 0
        self._headed = False
        self._kinds: tuple[Callable[[int, int, bytes], None], ...] = (
            self._data, self._headers, self._priority, self._reset, self._settings,
            self._push, self._ping, self._goaway, self._update, self._continuation,
        )  # fmt: skip

    def frame(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        """Take one frame. Raises ConnectionFault, or CallFault for a message that is wrong."""
        if self._partial is not None and kind != frames.CONTINUATION:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a header block was not finished")
        if not self.begun:
            if kind != frames.SETTINGS or flags & frames.ACK:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "it begins without SETTINGS")
            self.begun = True
        if kind < len(self._kinds):
            self._kinds[kind](stream_id, flags, payload)

    # ---- data ------------------------------------------------------------------------------

    def _data(self, stream_id: int, flags: int, payload: bytes) -> None:
        self._ours(stream_id)
        if not self._headed:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "DATA before HEADERS")
        self._owed += len(payload)
        if self._owed > WINDOW_BYTES:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "more than the window")
        if self._owed * 2 > WINDOW_BYTES:
            self._refill()
        self._body(frames.unpadded(payload, flags))
        if flags & END_STREAM:
            self._end(Ending(UNKNOWN, "the stream ended without a status"))

    def _body(self, payload: bytes) -> None:
        """Cut messages; most parts of a body are one whole message."""
        inbox, size = self._inbox, len(payload) - PREFIX_BYTES
        if (
            not inbox.held
            and size >= 0
            and payload[0] == 0
            and int.from_bytes(payload[1:PREFIX_BYTES], "big") == size
        ):
            self.messages.append(payload[PREFIX_BYTES:])
            return
        inbox.feed(payload, ended=False)
        while inbox.messages:
            self.messages.append(inbox.take())

    def _refill(self) -> None:
        for stream_id in (0, self._stream.id):
            self._sender.out.append(frames.window_update(stream_id, self._owed))
        self._owed = 0

    # ---- headers ---------------------------------------------------------------------------

    def _headers(self, stream_id: int, flags: int, payload: bytes) -> None:
        self._ours(stream_id)
        payload = frames.unpadded(payload, flags)
        if flags & PRIORITIZED:
            payload = payload[5:]
        if flags & END_HEADERS:
            self._block(flags, payload)
        else:
            self._partial, self._partial_flags = [payload], flags

    def _continuation(self, stream_id: int, flags: int, payload: bytes) -> None:
        self._ours(stream_id)
        parts = self._partial
        if parts is None:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "CONTINUATION of nothing")
        parts.append(payload)
        size = sum(map(len, parts))
        if len(parts) > _LIMITS.continuations_max or size > _LIMITS.header_bytes_max:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "headers are too large")
        if flags & END_HEADERS:
            self._partial = None
            self._block(self._partial_flags, b"".join(parts))

    def _block(self, flags: int, block: bytes) -> None:
        fields = self._blocks.fields(block)
        if flags & END_STREAM:
            self._end(endings.of_trailers(fields))
        elif self._headed:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "trailers that end nothing")
        elif not endings.informational(fields):
            self._headed = True
            if (wrong := endings.of_head(fields)) is not None:
                self._end(wrong)

    def _end(self, ending: Ending) -> None:
        if ending.code == OK and self._inbox.held:
            ending = Ending(INTERNAL, "the stream ends inside a message")
        self.ending = self.ending or ending

    # ---- the rest --------------------------------------------------------------------------

    def _priority(self, stream_id: int, flags: int, payload: bytes) -> None:
        """Obey nobody's priorities."""

    def _push(self, stream_id: int, flags: int, payload: bytes) -> None:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "a push that was forbidden")

    def _reset(self, stream_id: int, flags: int, payload: bytes) -> None:
        self._ours(stream_id)
        _exactly(payload, 4)
        self._end(endings.of_reset(frames.WORD.unpack(payload)[0]))

    def _settings(self, stream_id: int, flags: int, payload: bytes) -> None:
        if flags & frames.ACK:
            _exactly(payload, 0)
            return
        values = settings.theirs(payload)
        self._sender.out.append(frames.frame(frames.SETTINGS, frames.ACK, 0))
        self._sender.obey(values)

    def _ping(self, stream_id: int, flags: int, payload: bytes) -> None:
        _exactly(payload, 8)
        if not flags & frames.ACK:
            self._sender.out.append(frames.frame(frames.PING, frames.ACK, 0, payload))

    def _goaway(self, stream_id: int, flags: int, payload: bytes) -> None:
        """A server that goes may still finish the stream, unless it never took it."""
        if len(payload) < _LAST.size:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "GOAWAY has 8 bytes or more")
        last_id, code = _LAST.unpack_from(payload)
        said = payload[_LAST.size : _LAST.size + _SAID_MAX].decode("utf-8", "replace")
        self.said = f"the server goes, code {code} {said}".rstrip()
        if last_id & frames.STREAM_ID_MAX < self._stream.id:
            self._end(Ending(UNAVAILABLE, self.said))

    def _update(self, stream_id: int, flags: int, payload: bytes) -> None:
        _exactly(payload, 4)
        size = frames.WORD.unpack(payload)[0] & frames.WINDOW_MAX
        if size == 0:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a window update of nothing")
        if stream_id == 0:
            self._sender.widen(None, size)
            return
        self._ours(stream_id)
        if self._stream.send_window + size > frames.WINDOW_MAX:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a window beyond 2^31-1")
        self._sender.widen(self._stream, size)

    def _ours(self, stream_id: int) -> None:
        if stream_id != self._stream.id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, f"a frame of stream {stream_id}")


def _exactly(payload: bytes, size: int) -> None:
    if len(payload) != size:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"{len(payload)} bytes instead of {size}")
