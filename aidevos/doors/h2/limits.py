"""What one peer may take, and what it owes for frames that bring nobody anything.

Every bound here answers an attack that has a name: rapid reset, CONTINUATION flood, empty frames,
SETTINGS and PING floods, windows opened byte by byte, header bombs, half-sent messages.
"""

from collections.abc import Callable

import msgspec

from aidevos.doors.h2.faults import Code, ConnectionFault

BUDGET_BYTES = 256 << 20


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one connection."""

    streams_max: int = 4_096
    """Streams open at once; one more is refused with REFUSED_STREAM."""
    metadata_bytes_max: int = 16 << 10
    """Headers of a call as HTTP/2 counts them (32 more for each); larger: RESOURCE_EXHAUSTED."""
    header_bytes_max: int = 64 << 10
    """Headers of a call, packed or unpacked, that end the connection."""
    continuations_max: int = 32
    """CONTINUATION frames of one block."""
    message_bytes_max: int = 4 << 20
    """One message, packed or unpacked; larger: RESOURCE_EXHAUSTED."""
    stream_window_bytes: int = 256 << 10
    """What a peer may send on a stream that nobody reads."""
    connection_window_bytes: int = 4 << 20
    """What may be on its way on all streams."""
    unsent_bytes_max: int = 16 << 20
    """Answers that wait for a slow reader; with more, its new calls are refused."""


class Budget:
    """Bytes that wait for somebody slow, over all connections of a server."""

    def __init__(self, bytes_max: int = BUDGET_BYTES) -> None:
        """Bound the sum."""
        self.left = bytes_max
        self.on_low: Callable[[], None] | None = None
        """Called when less than a quarter is left: time to end the connection that holds most."""
        self._low = bytes_max // 4

    @property
    def low(self) -> bool:
        """Whether less than a quarter is left."""
        return self.left < self._low

    def take(self, size: int) -> bool:
        """Take `size` if it is there."""
        if size > self.left:
            return False
        self.left -= size
        if self.left < self._low and self.on_low is not None:
            self.on_low()
        return True


class Share:
    """What one connection holds of the budget."""

    def __init__(self, budget: Budget) -> None:
        """Hold nothing."""
        self.used = 0
        self._budget = budget

    def take(self, size: int) -> bool:
        """Take `size` if it is there."""
        if not self._budget.take(size):
            return False
        self.used += size
        return True

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self.used -= size
        self._budget.left += size


class Debt:
    """What a peer owes: useless frames add, work and time take off; too much ends it.

    1,000 units a second are forgiven. A peer that works hard never gets near the end, whatever it
    sends in between; one that only makes work is at the end within 10,000 units.
    """

    MOST = 10_000
    UPDATE, EMPTY, PING, RESET, SETTINGS, FAULT = 1, 10, 10, 10, 20, 20

    def __init__(self) -> None:
        """Owe nothing."""
        self.now_ms = 0
        """The shell's clock; `Connection.receive` sets it."""
        self.useful = 0
        """How often a head or data went out: what lets a client ask again whether we are there."""
        self._owed = 0
        self._since_ms = 0

    def add(self, units: int) -> None:
        """Owe more. Raises ConnectionFault when it is too much."""
        self._owed += units
        if self._owed > self.MOST:
            self._owed = max(units, self._owed - (self.now_ms - self._since_ms))
            self._since_ms = self.now_ms
            if self._owed > self.MOST:
                raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many frames to no end")

    def work(self, units: int) -> None:
        """Owe less: something useful went out."""
        self.useful += 1
        self._owed = self._owed - units if self._owed > units else 0
