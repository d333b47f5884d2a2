"""What peers do wrong, as HTTP/2 sorts it: a fault of the connection, or of one stream.

These never leave the core: they become GOAWAY or RST_STREAM. A fault of one gRPC call
(`CallFault`) becomes its status.
"""

from enum import IntEnum


class Code(IntEnum):
    """Error codes of HTTP/2 (RFC 9113, section 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


class ConnectionFault(Exception):  # noqa: N818 (the word of the RFC is taken by its codes)
    """The connection cannot go on: GOAWAY with `code`, then it is closed."""

    def __init__(self, code: Code, why: str) -> None:
        """`why` goes to the peer as debug data."""
        super().__init__(why)
        self.code = code
        self.why = why


class StreamFault(Exception):  # noqa: N818
    """One stream cannot go on: RST_STREAM with `code`; the others do."""

    def __init__(self, stream_id: int, code: Code, why: str) -> None:
        """`why` is for people who debug a test."""
        super().__init__(why)
        self.stream_id = stream_id
        self.code = code


class CallFault(Exception):  # noqa: N818
    """One call cannot go on: `status` is gRPC's code, `message` is for the caller."""

    def __init__(self, status: int, message: str) -> None:
        """Say what was wrong and what to do."""
        super().__init__(message)
        self.status = status
        self.message = message
