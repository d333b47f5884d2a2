"""The messages of one request, cut out of its body: length prefixes, gzip, bounds.

What is held (half a message, messages that no handler has taken) is charged to the connection's
share of a budget, so that many slow calls cannot fill the memory.
"""

import zlib
from collections import deque
from struct import Struct

from aidevos.doors.h2.faults import CallFault
from aidevos.doors.h2.limits import Share
from aidevos.doors.h2.status import INTERNAL, RESOURCE_EXHAUSTED, UNIMPLEMENTED

PREFIX_BYTES = 5
MESSAGE_COSTS_BYTES = 64
"""What a message costs besides its own bytes: empty ones are no free memory."""
_PREFIX = Struct(">BI")
_GZIP = 31
"""zlib's window bits for gzip."""
PACKED_MIN = 1_024
"""Smaller answers are sent as they are: packing them costs more than it saves."""


def prefixed(message: bytes) -> bytes:
    """Return a message as it is, with its length before it."""
    return _PREFIX.pack(0, len(message)) + message


def packed(message: bytes) -> bytes:
    """Return a message packed with gzip, with its length before it; a small one as it is."""
    if len(message) < PACKED_MIN:
        return prefixed(message)
    packer = zlib.compressobj(level=1, wbits=_GZIP)
    body = packer.compress(message) + packer.flush()
    return _PREFIX.pack(1, len(body)) + body


class Inbox:
    """Messages in order; `feed` the body's parts, `take` messages."""

    def __init__(self, encoding: str, bytes_max: int, share: Share) -> None:
        """`encoding` is how compressed messages are packed."""
        self.messages: deque[bytes] = deque()
        self.held = 0
        """Bytes that are charged."""
        self.packed = False
        """Whether the last message came packed."""
        self.waiting = 0
        """Bytes of whole messages that nobody has taken."""
        self._encoding = encoding
        self._bytes_max = bytes_max
        self._share = share
        self._part = bytearray()

    def feed(self, payload: bytes, *, ended: bool) -> None:
        """Take a part of the body. Raises CallFault: the call cannot go on."""
        self._hold(len(payload))
        self._part += payload
        while len(self._part) >= PREFIX_BYTES:
            flag, size = _PREFIX.unpack_from(self._part)
            self._check(flag, size)
            end = PREFIX_BYTES + size
            if len(self._part) < end:
                break
            message = bytes(memoryview(self._part)[PREFIX_BYTES:end])
            del self._part[:end]
            self._add(message, flag, end)
        if ended and self._part:
            raise CallFault(INTERNAL, "the request ends inside a message")

    def take(self) -> bytes:
        """Return the next message."""
        message = self.messages.popleft()
        self.waiting -= len(message)
        self._release(len(message) + MESSAGE_COSTS_BYTES)
        return message

    def clear(self) -> None:
        """Drop all, and give back what it was charged."""
        self.messages.clear()
        self._part = bytearray()
        self._release(self.held)

    def _check(self, flag: int, size: int) -> None:
        if size > self._bytes_max:
            raise CallFault(RESOURCE_EXHAUSTED, _too_large(size, self._bytes_max))
        if flag > 1:
            raise CallFault(INTERNAL, "a message with a flag that gRPC does not have")
        if flag and self._encoding == "identity":
            raise CallFault(INTERNAL, "a packed message without grpc-encoding")
        if flag and self._encoding != "gzip":
            why = f"grpc-encoding {self._encoding}: use gzip or identity"
            raise CallFault(UNIMPLEMENTED, why)

    def _add(self, message: bytes, flag: int, charged: int) -> None:
        self.packed = bool(flag)
        if flag:
            message = self._unpack(message)
        self.messages.append(message)
        self.waiting += len(message)
        self._release(charged)
        self._hold(len(message) + MESSAGE_COSTS_BYTES)

    def _unpack(self, message: bytes) -> bytes:
        unpacker = zlib.decompressobj(wbits=_GZIP)
        try:
            whole = unpacker.decompress(message, self._bytes_max + 1)
        except zlib.error as error:
            raise CallFault(INTERNAL, "a message that gzip cannot unpack") from error
        if len(whole) > self._bytes_max:
            raise CallFault(RESOURCE_EXHAUSTED, _too_large(len(whole), self._bytes_max))
        if not unpacker.eof:
            raise CallFault(INTERNAL, "a message that gzip cannot unpack: it is cut off")
        return whole

    def _hold(self, size: int) -> None:
        if not self._share.take(size):
            raise CallFault(RESOURCE_EXHAUSTED, "the server holds too many half-sent messages")
        self.held += size

    def _release(self, size: int) -> None:
        self.held -= size
        self._share.give(size)


def _too_large(size: int, most: int) -> str:
    """Return the words that all of gRPC has for this: clients look for them."""
    return f"received message larger than max ({size} vs. {most})"
