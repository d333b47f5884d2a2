"""Header blocks: incoming ones decoded by `hpack` and remembered, ours written from constants.

A block means the same as long as the table it refers to is the same. So whoever repeats itself,
as every gRPC client does, costs a dict look-up; a change of the table forgets everything.
"""

from hpack import Decoder, HPACKError, OversizedHeaderListError
from hpack.hpack import encode_integer

from aidevos.doors.h2 import head as heads
from aidevos.doors.h2.faults import Code, ConnectionFault
from aidevos.doors.h2.head import Head
from aidevos.doors.h2.limits import Limits
from aidevos.doors.h2.settings import TABLE_DEFAULT
from aidevos.doors.h2.status import Field

REMEMBERED_MAX = 128
REMEMBERED_BYTES_MAX = 1_024
"""Longer blocks are not worth the memory."""


class Incoming:
    """Decodes one connection's header blocks, in order, each once."""

    def __init__(self, limits: Limits) -> None:
        """Begin with an empty table."""
        self.known: dict[bytes, Head] = {}
        """Heads by block; whoever finds one here need not decode."""
        self._metadata_bytes_max = limits.metadata_bytes_max
        self._decoder = Decoder(limits.header_bytes_max)

    def head(self, block: bytes) -> Head:
        """Return a request's head. Raises ConnectionFault; ValueError for what is no request."""
        before = self._table()
        fields = self.fields(block)
        unchanged = before == self._table()
        head = heads.parse(fields, self._metadata_bytes_max)
        if unchanged and len(block) <= REMEMBERED_BYTES_MAX:
            if len(self.known) >= REMEMBERED_MAX:
                self.known.clear()
            self.known[block] = head
        return head

    def fields(self, block: bytes) -> heads.Fields:
        """Return a block's fields. Raises ConnectionFault: the tables no longer agree."""
        before = self._table()
        try:
            return [(bytes(n), bytes(v)) for n, v in self._decoder.decode(block, raw=True)]
        except OversizedHeaderListError as error:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "headers are too large") from error
        except (HPACKError, IndexError, ValueError) as error:
            raise ConnectionFault(Code.COMPRESSION_ERROR, "headers cannot be decoded") from error
        finally:
            if before != self._table():
                self.known.clear()

    def _table(self) -> tuple[int, int, int]:
        """Return what is another whenever the table changed: an entry added is a new object."""
        table = self._decoder.header_table
        entries = table.dynamic_entries
        return table.maxsize, len(entries), id(entries[0]) if entries else 0


class Outgoing:
    """Writes our header blocks: two fields of every answer go into the peer's table, no others.

    Indices stay what they are for ever, so that after the first answer head and trailers of a
    usual one are constants of two bytes and one.
    """

    def __init__(self) -> None:
        """Begin with an empty table at the peer."""
        self.hot = False
        """Both constants, `HEAD` and `OK`, may be used."""
        self._typed = False
        self._update = b""
        self._table = True

    HEAD, OK = b"\x88\xbf", b"\xbe"
    """`:status` 200 with the type of gRPC, and `grpc-status` 0; only when `hot`."""

    def resize(self, size: int) -> None:
        """Obey the peer's setting: with a smaller table than usual, use none."""
        if size < TABLE_DEFAULT and self._table:
            self.hot, self._typed, self._table = False, False, False
            self._update = b"\x20"

    def head(self, more: list[Field] | None = None) -> bytes:
        """Return the block that an answer begins with."""
        if self._typed:
            typed = b"\x88\xbf" if self.hot else b"\x88\xbe"
        else:
            typed = b"\x88" + (b"\x5f" if self._table else b"\x0f\x10") + _string(_GRPC)
            self._typed = self._table
        return self._begin() + typed + _literals(more or ())

    def ok(self) -> bytes:
        """Return the trailers of success. Only after a `head`."""
        if self.hot:
            return self.OK
        self.hot = self._typed
        kind = b"\x40" if self._typed else b"\x00"
        return self._begin() + kind + _string(b"grpc-status") + _string(b"0")

    def plain(self, fields: list[Field]) -> bytes:
        """Return a block of any fields."""
        return self._begin() + _literals(fields)

    def _begin(self) -> bytes:
        update, self._update = self._update, b""
        return update


_GRPC = b"application/grpc"


def _literals(fields: "list[Field] | tuple[()]") -> bytes:
    """Return fields that leave the table alone."""
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)


def _string(text: bytes) -> bytes:
    return bytes(encode_integer(len(text), 7)) + text
