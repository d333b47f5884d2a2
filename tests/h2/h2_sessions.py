"""What a fuzzed client sends: valid sessions from a seed, and mutations of them.

Every choice comes from one `random.Random`, so a seed is an input.
"""

import gzip
import random
from collections.abc import Callable

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.inbox import prefixed

PATHS = ("Echo", "Later", "Hold", "Size", "Range", "Chat", "Early", "Abort", "Soon", "Nothing")
_SIZES = (0, 1, 5, 100, 1_000, 16_379, 16_384)
_EDGES = (0, 1, 2, 100, 65_535, 65_536, 1 << 20, frames.WINDOW_MAX, frames.WINDOW_MAX + 1)


def string(text: bytes) -> bytes:
    """Return a short HPACK string without Huffman."""
    assert len(text) < 127, text
    return bytes([len(text)]) + text


def block(fields: list[tuple[str, str]], kind: int) -> bytes:
    """Return literal fields; `kind` 0x40 puts them into the table, 0x00 and 0x10 do not."""
    return b"".join(
        bytes([kind]) + string(name.encode()) + string(value.encode()) for name, value in fields
    )


def _heads() -> list[bytes]:
    found = []
    extras: list[list[tuple[str, str]]] = [
        [],
        [("grpc-timeout", "1m")],
        [("grpc-timeout", "99999999H"), ("grpc-accept-encoding", "gzip")],
        [("grpc-encoding", "gzip")],
        [("grpc-encoding", "br")],
        [("x-a", "b"), ("x-b-bin", "AAEC"), ("x-c-bin", "!")],
        [("content-length", "10")],
    ]
    for path in PATHS:
        for more in extras:
            fields = [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", f"/fuzz.Fuzz/{path}"),
                ("content-type", "application/grpc"),
                *more,
            ]
            found += [block(fields, kind) for kind in (0x00, 0x40)]
    return found


HEADS = _heads()
ODD_BLOCKS = [
    b"\x82\x86\x84",  # A GET that is no gRPC.
    b"\x83\x86\x84\xbe\xbf\xc0",  # Indices that may not be there.
    b"\x20\x83\x86\x84",  # A table of size 0.
    b"\x3f\xe1\x1f\x83\x86\x84",  # A table of size 4096.
    b"\x82\x86",
    b"",
    b"\x00\x7f\xff\xff\xff\xff\xff\xff",
    block([(":path", "/"), ("Upper", "x"), ("connection", "close")], 0x40),
    block([("x-long", "y" * 120)] * 600, 0x00),
    block([("x-long", "y" * 120)], 0x40) + b"\xbe" * 2_000,
]
TRAILERS = [block([("x-t", "1")], 0x00), b"", b"\x82"]
MESSAGES = [prefixed(bytes(size)) for size in _SIZES[:-1]] + [
    b"\x01" + len(packed).to_bytes(4, "big") + packed
    for packed in (gzip.compress(b"x" * 10_000), b"no gzip")
]
MESSAGES += [b"\x00\xff\xff\xff\xff", b"\x02\x00\x00\x00\x00", prefixed(b"a") * 50]


class Session:
    """One client's frames, each a bytearray: header and payload."""

    def __init__(self, rng: random.Random) -> None:
        """Make a session that keeps to the rules."""
        self.frames: list[bytearray] = []
        self._rng = rng
        self._next_id = 1
        self._add(frames.SETTINGS, 0, 0, self._settings() if rng.random() < 0.3 else b"")
        for _ in range(rng.randrange(1, 12)):
            rng.choice((self._call, self._call, self._call, self._other))()

    def _add(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        self.frames.append(bytearray(frames.frame(kind, flags, stream_id, payload)))

    def _call(self) -> None:
        """Send a head, a few messages whole or cut, and an end or none."""
        rng, id = self._rng, self._next_id
        self._next_id += 2
        head = rng.choice(HEADS) if rng.random() < 0.9 else rng.choice(ODD_BLOCKS)
        if rng.random() < 0.1:
            cut = rng.randrange(len(head) + 1)
            self._add(frames.HEADERS, 0, id, head[:cut])
            self._add(frames.CONTINUATION, frames.END_HEADERS, id, head[cut:])
        else:
            self._add(frames.HEADERS, frames.END_HEADERS, id, head)
        for _ in range(rng.choice((0, 1, 1, 1, 2, 5))):
            self._message(id)
        end = rng.random()
        if end < 0.6:
            self._add(frames.DATA, frames.END_STREAM, id, b"")
        elif end < 0.7:
            flags = frames.END_STREAM | frames.END_HEADERS
            self._add(frames.HEADERS, flags, id, rng.choice(TRAILERS))
        elif end < 0.85:
            self._add(frames.RST_STREAM, 0, id, frames.WORD.pack(8))

    def _message(self, stream_id: int) -> None:
        rng, message = self._rng, self._rng.choice(MESSAGES)
        if rng.random() < 0.2:
            message = b"\x05" + message + bytes(5)
            self._add(frames.DATA, frames.PADDED, stream_id, message)
        elif rng.random() < 0.2 and message:
            cut = rng.randrange(len(message))
            self._add(frames.DATA, 0, stream_id, message[:cut])
            self._add(frames.DATA, 0, stream_id, message[cut:])
        else:
            self._add(frames.DATA, frames.END_STREAM * (rng.random() < 0.3), stream_id, message)

    def _other(self) -> None:
        """Send a frame that is no call's; seldom on a wrong stream."""
        rng, last = self._rng, max(1, self._next_id - 2)
        kind = rng.choice((frames.SETTINGS, frames.PING, frames.WINDOW_UPDATE, frames.PRIORITY))
        id = {frames.WINDOW_UPDATE: rng.choice((0, last)), frames.PRIORITY: last}.get(kind, 0)
        if rng.random() < 0.05:
            id = rng.choice((0, 1, 2, self._next_id))
        payload = {
            frames.SETTINGS: self._settings(),
            frames.PING: bytes(8),
            frames.WINDOW_UPDATE: frames.WORD.pack(rng.choice(_EDGES[1:-3])),
            frames.PRIORITY: bytes(4) + b"\x10",
        }[kind]
        self._add(kind, 0, id, payload)

    def _settings(self) -> bytes:
        rng = self._rng
        values = {
            settings.TABLE_SIZE: rng.choice((0, 100, 4_096, 1 << 20)),
            settings.INITIAL_WINDOW: rng.choice(_EDGES[:-1]),
            settings.FRAME_SIZE: rng.choice((16_384, 1 << 20)),
            settings.STREAMS_MAX: rng.choice(_EDGES),
            99: 99,
        }
        chosen = rng.sample(sorted(values), rng.randrange(4))
        return frames.settings({name: values[name] for name in chosen})[frames.HEADER_BYTES :]


def mutated(rng: random.Random, session: list[bytearray]) -> bytes:
    """Return the bytes of a session after some mutations, preface included."""
    for _ in range(rng.choice((0, 0, 1, 1, 2, 6))):
        rng.choice(MUTATIONS)(rng, session)
    data = bytearray(frames.PREFACE)
    for frame in session:
        data += frame
    if rng.random() < 0.02:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _flip(rng: random.Random, session: list[bytearray]) -> None:
    frame = rng.choice(session)
    frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)


def _header(rng: random.Random, session: list[bytearray]) -> None:
    """Change length, type, flags or stream of a frame."""
    frame = rng.choice(session)
    at = rng.choice((1, 2, 3, 3, 4, 4, 8))
    if at >= len(frame):
        return
    frame[at] = rng.randrange(16) if at == 3 else rng.randrange(256)


def _payload(rng: random.Random, session: list[bytearray]) -> None:
    """Give a frame another payload, with its length."""
    frame = rng.choice(session)
    payload = rng.choice((rng.randbytes(rng.randrange(40)), rng.choice(ODD_BLOCKS), b""))
    if len(frame) < frames.HEADER_BYTES:  # Cut off before.
        return
    frame[:] = frames.frame(frame[3], frame[4], frame[8], payload)


def _again(rng: random.Random, session: list[bytearray]) -> None:
    frame, times = rng.choice(session), rng.choice((1, 2, 3, 30))
    at = rng.randrange(len(session) + 1)
    session[at:at] = [bytearray(frame) for _ in range(times)]


def _drop(rng: random.Random, session: list[bytearray]) -> None:
    if len(session) > 1:
        del session[rng.randrange(len(session))]


def _swap(rng: random.Random, session: list[bytearray]) -> None:
    a, b = rng.randrange(len(session)), rng.randrange(len(session))
    session[a], session[b] = session[b], session[a]


def _cut(rng: random.Random, session: list[bytearray]) -> None:
    frame = rng.choice(session)
    del frame[rng.randrange(len(frame)) + 1 :]


def _splice(rng: random.Random, session: list[bytearray]) -> None:
    other = Session(rng).frames
    at = rng.randrange(len(session) + 1)
    session[at:at] = other[rng.randrange(len(other)) :]


def _word(rng: random.Random, session: list[bytearray]) -> None:
    """Put an edge into a frame: windows, codes, settings."""
    frame = rng.choice(session)
    if len(frame) >= 13:
        at = rng.randrange(9, len(frame) - 3)
        frame[at : at + 4] = frames.WORD.pack(rng.choice(_EDGES))


MUTATIONS: tuple[Callable[[random.Random, list[bytearray]], None], ...] = (
    _flip, _flip, _header, _header, _payload, _again, _drop, _swap, _cut, _splice, _word,
)  # fmt: skip
