"""SETTINGS: what we ask of peers, and what peers ask of us (RFC 9113, section 6.5)."""

from aidevos.doors.h2 import frames
from aidevos.doors.h2.faults import Code, ConnectionFault
from aidevos.doors.h2.limits import Limits

TABLE_SIZE, ENABLE_PUSH, STREAMS_MAX, INITIAL_WINDOW, FRAME_SIZE, HEADERS_MAX = 1, 2, 3, 4, 5, 6
WINDOW_DEFAULT = 65_535
TABLE_DEFAULT = 4_096


def ours(limits: Limits) -> bytes:
    """Return what we say first: SETTINGS, and the window of the connection."""
    values = {
        STREAMS_MAX: limits.streams_max,
        INITIAL_WINDOW: limits.stream_window_bytes,
        HEADERS_MAX: limits.metadata_bytes_max,
    }
    more = limits.connection_window_bytes - WINDOW_DEFAULT
    return frames.settings(values) + frames.window_update(0, more)


def theirs(payload: bytes) -> dict[int, int]:
    """Return the last value of each setting. Raises ConnectionFault for one out of bounds."""
    items = frames.setting_items(payload)
    for setting, value in items:
        _check(setting, value)
    return dict(items)


def _check(setting: int, value: int) -> None:
    if setting == ENABLE_PUSH and value > 1:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "ENABLE_PUSH: 0 or 1")
    if setting == INITIAL_WINDOW and value > frames.WINDOW_MAX:
        raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE: too large")
    if setting == FRAME_SIZE and not frames.FRAME_BYTES_MAX <= value < 1 << 24:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "MAX_FRAME_SIZE: 16384 to 16777215")
