"""Frames as bytes (RFC 9113, sections 4 and 6)."""

from struct import Struct

from aidevos.doors.h2.faults import Code, ConnectionFault

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 5, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 0x1, 0x1, 0x4, 0x8, 0x20

HEADER_BYTES = 9
FRAME_BYTES_MAX = 16_384
"""Largest payload that we take, and that any peer must take."""
WINDOW_MAX = 0x7FFF_FFFF
STREAM_ID_MAX = 0x7FFF_FFFF
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

HEAD = Struct(">BHBBI")
"""Length (high byte, low word), type, flags, stream."""
WORD = Struct(">I")
_SETTING = Struct(">HI")
_LAST = Struct(">II")
_HEAD_AND_WORD = Struct(">BHBBII")


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """Return one frame."""
    size = len(payload)
    return HEAD.pack(size >> 16, size & 0xFFFF, kind, flags, stream_id) + payload


def header_frames(stream_id: int, flags: int, block: bytes, size_max: int) -> bytes:
    """Return HEADERS, and CONTINUATION where `block` does not fit into one frame."""
    if len(block) <= size_max:
        return frame(HEADERS, flags | END_HEADERS, stream_id, block)
    parts = [block[at : at + size_max] for at in range(0, len(block), size_max)]
    made = [frame(HEADERS, flags, stream_id, parts[0])]
    made += [frame(CONTINUATION, 0, stream_id, part) for part in parts[1:-1]]
    made.append(frame(CONTINUATION, END_HEADERS, stream_id, parts[-1]))
    return b"".join(made)


def reset(stream_id: int, code: int) -> bytes:
    """Return RST_STREAM."""
    return _HEAD_AND_WORD.pack(0, 4, RST_STREAM, 0, stream_id, code)


def window_update(stream_id: int, size: int) -> bytes:
    """Return WINDOW_UPDATE; stream 0 is the connection."""
    return _HEAD_AND_WORD.pack(0, 4, WINDOW_UPDATE, 0, stream_id, size)


def goaway(last_id: int, code: int, why: str = "") -> bytes:
    """Return GOAWAY."""
    return frame(GOAWAY, 0, 0, _LAST.pack(last_id, code) + why.encode())


def settings(values: dict[int, int]) -> bytes:
    """Return SETTINGS."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*item) for item in values.items()))


def setting_items(payload: bytes) -> list[tuple[int, int]]:
    """Return the values in a SETTINGS payload. Raises ConnectionFault for a broken one."""
    if len(payload) % _SETTING.size:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, "SETTINGS: not a multiple of 6 bytes")
    return list(_SETTING.iter_unpack(payload))


def unpadded(payload: bytes, flags: int) -> bytes:
    """Return a payload of DATA or HEADERS without its padding. Raises ConnectionFault."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ConnectionFault(Code.PROTOCOL_ERROR, "more padding than there is frame")
    return payload[1 : len(payload) - payload[0]]
