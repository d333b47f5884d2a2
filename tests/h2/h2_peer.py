"""A client of the sans-I/O core: writes frames by hand, reads ours, and keeps both HPACK tables."""

from hpack import Decoder, Encoder

from aidevos.doors.h2 import frames
from aidevos.doors.h2.connection import Connection
from aidevos.doors.h2.inbox import prefixed
from aidevos.doors.h2.limits import Limits
from aidevos.doors.h2.stream import Event, Opened, Stream

HEAD = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/a.B/C"),
    (":authority", "test"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
]
Frame = tuple[int, int, int, bytes]


class Peer:
    """One connection of a client to a core; time passes only by `now_ms`."""

    def __init__(self, limits: Limits | None = None, *, greet: bool = True) -> None:
        self.core = Connection(limits or Limits())
        self.now_ms = 1
        self.events: list[Event] = []
        self.encoder, self.decoder = Encoder(), Decoder()
        if greet:
            self.give(frames.PREFACE + frames.settings({}))
            self.sent()

    def give(self, data: bytes) -> list[Event]:
        """Let bytes arrive; return the events that they cause."""
        found = self.core.receive(data, self.now_ms)
        self.events += found
        return found

    def frame(self, kind: int, flags: int, stream_id: int, payload: bytes = b"") -> list[Event]:
        return self.give(frames.frame(kind, flags, stream_id, payload))

    def head(self, stream_id: int = 1, *, end: bool = False, **more: str) -> list[Event]:
        return self.give(self.head_bytes(stream_id, end=end, **more))

    def head_bytes(self, stream_id: int, *, end: bool = False, **more: str) -> bytes:
        fields = [*HEAD, *((name.replace("_", "-"), value) for name, value in more.items())]
        flags = frames.END_HEADERS | (frames.END_STREAM if end else 0)
        return frames.frame(frames.HEADERS, flags, stream_id, self.encoder.encode(fields))

    def call_bytes(self, stream_id: int, message: bytes = b"hello") -> bytes:
        """Return a whole unary request."""
        body = frames.frame(frames.DATA, frames.END_STREAM, stream_id, prefixed(message))
        return self.head_bytes(stream_id) + body

    def opened(self, stream_id: int = 1, **more: str) -> Stream:
        """Open a stream and return the core's side of it."""
        (event,) = self.head(stream_id, **more)
        assert isinstance(event, Opened)
        return event.stream

    def sent(self) -> list[Frame]:
        """Return the frames that the core has written since the last time."""
        data = b"".join(iter(self.core.take, b""))
        found, at = [], 0
        while at < len(data):
            high, low, kind, flags, stream_id = frames.HEAD.unpack_from(data, at)
            size = high << 16 | low
            found.append((kind, flags, stream_id, data[at + 9 : at + 9 + size]))
            at += 9 + size
        return found

    def fields(self, frame: Frame) -> dict[str, str]:
        """Return the fields of a HEADERS frame; decode each once, in order."""
        assert frame[0] == frames.HEADERS
        return dict(self.decoder.decode(frame[3]))


def kinds(found: list[Frame]) -> list[int]:
    """Return what kinds of frames these are."""
    return [frame[0] for frame in found]


def last_word(found: list[Frame], kind: int) -> int:
    """Return the error code in the only frame of `kind` (RST_STREAM or GOAWAY)."""
    (payload,) = [frame[3] for frame in found if frame[0] == kind]
    at = 4 if kind == frames.GOAWAY else 0
    return int(frames.WORD.unpack_from(payload, at)[0])
