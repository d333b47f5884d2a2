"""One stream of a connection, and the events that the core tells the shell."""

from collections import deque
from typing import Any

import msgspec

from aidevos.doors.h2.head import Head
from aidevos.doors.h2.status import Field


class Stream:
    """What both directions of a stream know about it."""

    open_in = True
    """The peer may still send."""
    open_out = True
    """We may still send."""
    credit = 0
    """Bytes that were taken in and not yet given back to the peer's window."""
    received = 0
    """Bytes of the body so far."""
    queue: deque[memoryview] | None = None
    """What waits for the peer's window."""
    queued = 0
    """Bytes in `queue`."""
    trailers: list[Field] | None = None
    """What ends the stream once the queue is empty."""
    closes = False
    """Nothing but END_STREAM ends it."""
    watched = False
    """The shell waits for `Sent`."""
    ended_ms = 0
    """When we ended it, though the peer did not."""
    call: Any = None
    """The shell's."""

    def __init__(self, id: int, head: Head, receive_window: int, send_window: int) -> None:
        """A stream that the peer opened."""
        self.id = id
        self.head = head
        self.receive_window = receive_window
        self.send_window = send_window


class Opened(msgspec.Struct, frozen=True, gc=False):
    """A peer began a call."""

    stream: Stream


class Data(msgspec.Struct, frozen=True, gc=False):
    """A part of a body; `ended`: the last one."""

    stream: Stream
    payload: bytes
    ended: bool


class Closed(msgspec.Struct, frozen=True, gc=False):
    """The stream is gone before its end: the peer reset it, or broke its rules."""

    stream: Stream


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A watched stream's queue is empty."""

    stream: Stream


Event = Opened | Data | Closed | Sent
