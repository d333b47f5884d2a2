"""A server of one stream by hand: the bytes that it sends, and what it reads of a client's."""

from hpack import Decoder, Encoder

from aidevos.doors.h2 import frames
from aidevos.doors.h2.inbox import prefixed

TYPE = (":status", "200"), ("content-type", "application/grpc")
Frame = tuple[int, int, int, bytes]


class Script:
    """Makes one connection's bytes of a server; its HPACK table advances with each block."""

    def __init__(self) -> None:
        self._encoder = Encoder()

    def fields(self, *fields: tuple[str, str], end: bool = False, more: int = 0) -> bytes:
        flags = frames.END_HEADERS | more | (frames.END_STREAM if end else 0)
        return frames.frame(frames.HEADERS, flags, 1, self._encoder.encode(list(fields)))

    def head(self) -> bytes:
        return self.fields(*TYPE)

    def trailers(self, status: str = "0", *more: tuple[str, str]) -> bytes:
        return self.fields(("grpc-status", status), *more, end=True)

    def only(self, status: str, *more: tuple[str, str]) -> bytes:
        """Return an answer that is a status alone."""
        return self.fields(*TYPE, ("grpc-status", status), *more, end=True)


GREETING = frames.settings({}) + frames.frame(frames.SETTINGS, frames.ACK, 0)


def data(payload: bytes, flags: int = 0) -> bytes:
    """Return frames of DATA, cut where they have to be."""
    parts = [payload[at : at + 16_384] for at in range(0, len(payload), 16_384)] or [b""]
    return b"".join(frames.frame(frames.DATA, flags, 1, part) for part in parts)


def message(payload: bytes) -> bytes:
    return data(prefixed(payload))


def cut(written: bytes) -> list[Frame]:
    """Return the frames in a client's bytes, without its preface."""
    found, at = [], len(frames.PREFACE) if written.startswith(frames.PREFACE) else 0
    while at < len(written):
        high, low, kind, flags, stream_id = frames.HEAD.unpack_from(written, at)
        size = high << 16 | low
        found.append((kind, flags, stream_id, written[at + 9 : at + 9 + size]))
        at += 9 + size
    return found


def body(found: list[Frame]) -> bytes:
    return b"".join(frame[3] for frame in found if frame[0] == frames.DATA)


def head_of(found: list[Frame]) -> dict[str, str]:
    """Return the request's head."""
    (block,) = [frame[3] for frame in found if frame[0] == frames.HEADERS]
    return dict(Decoder().decode(block))
