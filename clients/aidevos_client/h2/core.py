"""A connection with one stream as a machine: bytes in, messages and bytes out.

    core = Core("/package.Service/Method", [("authorization", "Bearer ...")], "host:port")
    core.write(message)
    transport.write(core.take())
    messages = core.receive(data)

Nothing that a server sends raises: `ending` says what the stream came to, and then nothing more
is read.
"""

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.faults import CallFault, Code, ConnectionFault
from aidevos.doors.h2.head import Head
from aidevos.doors.h2.inbox import prefixed
from aidevos.doors.h2.limits import Budget, Debt, Share
from aidevos.doors.h2.sending import Sender
from aidevos.doors.h2.status import Field, metadata_fields
from aidevos.doors.h2.stream import Stream
from aidevos.version import VERSION
from aidevos_client.h2 import endings
from aidevos_client.h2.endings import Ending
from aidevos_client.h2.receiving import WINDOW_BYTES, Receiver

STREAM_ID = 1
Pairs = list[tuple[str, str]]
_GREETING = (
    frames.PREFACE
    + frames.settings({settings.ENABLE_PUSH: 0, settings.INITIAL_WINDOW: WINDOW_BYTES})
    + frames.window_update(0, WINDOW_BYTES - settings.WINDOW_DEFAULT)
)


class Core:
    """The client's side of one connection, and of the only stream on it."""

    def __init__(self, path: str, metadata: Pairs, authority: str) -> None:
        """Begin with all that opens the stream among the bytes to write.

        Raises ValueError for metadata that cannot be sent.
        """
        stream = Stream(STREAM_ID, Head(method="POST", path=path), 0, settings.WINDOW_DEFAULT)
        self._stream = stream
        self._send = Sender({STREAM_ID: stream}, [], Debt(), Share(Budget()))
        self._receiver = Receiver(stream, self._send)
        self._rest = b""
        self._send.out.append(_GREETING)
        self._send.fields(stream, [*_head(path, authority), *metadata_fields(metadata)], end=False)

    @property
    def ending(self) -> Ending | None:
        """What the stream came to; None while it is open."""
        return self._receiver.ending

    @property
    def writable(self) -> bool:
        """Whether all that was written fitted into the server's windows."""
        return self._stream.queue is None

    def write(self, message: bytes) -> None:
        """Send a message; what the windows do not take waits."""
        self._send.data(self._stream, prefixed(message))

    def finish(self) -> None:
        """Close our side, after what waits."""
        self._send.close(self._stream)

    def take(self) -> bytes:
        """Return the bytes to write now; call again until it returns none."""
        return self._send.take()

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes that arrived; return the messages that are whole with them."""
        receiver = self._receiver
        if receiver.ending is None:
            try:
                self._frames(self._rest + data if self._rest else data)
            except ConnectionFault as fault:
                self._send.out.append(frames.goaway(0, fault.code, fault.why))
                self._end(endings.of_fault(fault))
            except CallFault as fault:
                self._send.reset(self._stream, Code.CANCEL)
                self._end(endings.of_fault(fault))
        messages, receiver.messages = receiver.messages, []
        return messages

    def lost(self, why: str) -> None:
        """Take the end of the connection."""
        if self.ending is None:
            self._end(endings.lost(self._receiver.said or why))

    def _end(self, ending: Ending) -> None:
        self._receiver.ending = ending
        self._rest = b""

    def _frames(self, data: bytes) -> None:
        at, size = 0, len(data)
        receiver, head = self._receiver, frames.HEAD.unpack_from
        while size - at >= frames.HEADER_BYTES and receiver.ending is None:
            high, low, kind, flags, stream_id = head(data, at)
            if high or low > frames.FRAME_BYTES_MAX:
                if not receiver.begun and data.startswith(b"HTTP/1"):
                    self._end(endings.of_another_protocol())
                    return
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a frame above 16384 bytes")
            end = at + frames.HEADER_BYTES + low
            if end > size:
                break
            payload = data[at + frames.HEADER_BYTES : end]
            at = end
            receiver.frame(kind, flags, stream_id & frames.STREAM_ID_MAX, payload)
        self._rest = data[at:]


def _head(path: str, authority: str) -> list[Field]:
    return [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", path.encode()),
        (b":authority", authority.encode()),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
        (b"user-agent", b"aidevos-python/" + VERSION.encode()),
    ]
