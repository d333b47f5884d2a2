"""What a handler sees of its call: the part of grpc.aio's ServicerContext that needs no wire."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc

from aidevos.doors.h2 import status
from aidevos.doors.h2.head import Metadata
from aidevos.doors.h2.line import Line
from aidevos.doors.h2.status import Field
from aidevos.doors.h2.stream import Stream

Pairs = Iterable[tuple[str, str | bytes]]


class Context:
    """Metadata, time and status of one call."""

    line: Line
    stream: Stream
    done_ = False
    """The status was sent, or the stream is gone."""
    cancelled_ = False
    deadline: float | None = None
    """Loop time at which the call is too late."""
    unusual = False
    """The answer is more than head, message and success."""
    packs = False
    """Answers are packed with gzip."""
    _code: grpc.StatusCode | None = None
    _details = ""
    _trailing: Metadata = ()
    _trailing_fields: "tuple[Field, ...] | list[Field]" = ()
    _callbacks: "tuple[Callable[[Any], object], ...]" = ()

    # ---- what came -----------------------------------------------------------------------------

    def invocation_metadata(self) -> Metadata:
        """Return what the caller sent beside the request; values of -bin names are bytes."""
        return self.stream.head.metadata

    def time_remaining(self) -> float | None:
        """Return the seconds until the deadline, None without one."""
        if self.deadline is None:
            return None
        return max(0.0, self.deadline - self.line.common.loop.time())

    def peer(self) -> str:
        """Return who calls, as `ipv4:127.0.0.1:50051`."""
        return self.line.peer

    def peer_identities(self) -> None:
        """Know none: callers show tokens."""

    def peer_identity_key(self) -> None:
        """Know none."""

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        """Return nothing."""
        return {}

    # ---- how it ends ---------------------------------------------------------------------------

    def set_code(self, code: grpc.StatusCode) -> None:
        """Let the call end with `code`."""
        self._code = code
        self.unusual = True

    def set_details(self, details: str) -> None:
        """Let the status say `details`."""
        self._details = details
        self.unusual = True

    def set_trailing_metadata(self, trailing_metadata: Pairs) -> None:
        """Send this with the status. Raises ValueError for what cannot be sent."""
        self._trailing = tuple((name, value) for name, value in trailing_metadata)
        self._trailing_fields = status.metadata_fields(self._trailing)
        self.unusual = True

    def set_compression(self, compression: grpc.Compression) -> None:
        """Pack answers if the caller can unpack them."""
        self.packs = compression is grpc.Compression.Gzip and self.stream.head.gzip
        self.unusual = True

    def disable_next_message_compression(self) -> None:
        """Do nothing: small messages are never packed."""

    def code(self) -> grpc.StatusCode | None:
        """Return what `set_code` set."""
        return self._code

    def details(self) -> str:
        """Return what `set_details` set."""
        return self._details

    def trailing_metadata(self) -> Metadata:
        """Return what `set_trailing_metadata` set."""
        return self._trailing

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call `callback` with this once the call is over."""
        self._callbacks = (*self._callbacks, callback)

    def cancelled(self) -> bool:
        """Whether the caller left, or the deadline passed."""
        return self.cancelled_

    def done(self) -> bool:
        """Whether the call is over."""
        return self.done_
