"""Header blocks: incoming ones decoded by `hpack` and remembered, ours written from constants.

A block means the same as long as the table it refers to is the same. So whoever repeats itself,
as every gRPC client does, costs a dict look-up; a change of the table forgets everything.
"""

import msgspec
from hpack import Decoder, HPACKError, OversizedHeaderListError
from hpack.hpack import encode_integer
from hpack.table import HeaderTable

from aidevos.doors.h2 import head as heads
from aidevos.doors.h2.faults import CallFault, Code, ConnectionFault
from aidevos.doors.h2.head import ENTRY_BYTES, Fields, Head
from aidevos.doors.h2.limits import Limits
from aidevos.doors.h2.settings import TABLE_DEFAULT
from aidevos.doors.h2.status import Field

REMEMBERED_MAX = 128
REMEMBERED_BYTES_MAX = 1_024
"""Longer blocks are not worth the memory."""
STATIC, STATIC_COUNT = HeaderTable.STATIC_TABLE, HeaderTable.STATIC_TABLE_LENGTH
INDEXED_MAX = 32
TIMEOUT = b"grpc-timeout"
TIMEOUT_BYTES = 64
"""What a deadline takes of the metadata at most."""


class Incoming:
    """Decodes one connection's header blocks, in order, each once."""

    def __init__(self, limits: Limits) -> None:
        """Begin with an empty table."""
        self.known: dict[bytes, Head] = {}
        """Heads by block; whoever finds one here need not decode."""
        self._heads = Heads(limits.metadata_bytes_max)
        self._bytes_max = limits.header_bytes_max
        self._decoder = Decoder(limits.header_bytes_max)

    def head(self, block: bytes) -> Head:
        """Return a request's head. Raises ConnectionFault; ValueError for what is no request."""
        fields, changed = self._decode(block)
        head = self._heads.head(fields)
        if not changed and len(block) <= REMEMBERED_BYTES_MAX:
            if len(self.known) >= REMEMBERED_MAX:
                self.known.clear()
            self.known[block] = head
        return head

    def fields(self, block: bytes) -> Fields:
        """Return a block's fields. Raises ConnectionFault: the tables no longer agree."""
        return self._decode(block)[0]

    def _decode(self, block: bytes) -> tuple[Fields, bool]:
        """Return a block's fields, and whether it changed the table."""
        table = self._decoder.header_table
        entries = table.dynamic_entries
        size, count, newest = table.maxsize, len(entries), entries[0] if entries else None
        fields = self._indexed(block)
        if len(fields) < len(block):
            fields += self._rest(block, len(fields))
        if sum(len(n) + len(v) + ENTRY_BYTES for n, v in fields) > self._bytes_max:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "headers are too large")
        now = entries[0] if entries else None  # An entry that was added is another object.
        changed = table.maxsize != size or len(entries) != count or now is not newest
        if changed:
            self.known.clear()
        return fields, changed

    def _indexed(self, block: bytes) -> Fields:
        """Return the fields that `block` begins with, as far as each is an index of one byte.

        Requests with a deadline change the table each time. Nearly all of their fields are such
        indices, for which `hpack` would take ten times as long.
        """
        entries = self._decoder.header_table.dynamic_entries
        found: Fields = []
        for byte in block[:INDEXED_MAX]:
            index = byte - 0x81
            if not 0 <= index < 0x7E:
                break
            if index < STATIC_COUNT:
                found.append(STATIC[index])
            elif index - STATIC_COUNT < len(entries):
                found.append(entries[index - STATIC_COUNT])
            else:
                break
        return found

    def _rest(self, block: bytes, at: int) -> Fields:
        rest = block[at:]
        if at and rest[0] & 0xE0 == 0x20:
            raise ConnectionFault(Code.COMPRESSION_ERROR, "a table's size in the middle")
        try:
            return [(bytes(n), bytes(v)) for n, v in self._decoder.decode(rest, raw=True)]
        except OversizedHeaderListError as error:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "headers are too large") from error
        except (HPACKError, IndexError, ValueError) as error:
            raise ConnectionFault(Code.COMPRESSION_ERROR, "headers cannot be decoded") from error


class Heads:
    """Heads by their fields; a deadline, which is another each time, is put in at the end."""

    def __init__(self, metadata_bytes_max: int) -> None:
        """Know none."""
        self._bytes_max = metadata_bytes_max
        self._parsed: dict[tuple[Field, ...], tuple[Head, int]] = {}

    def head(self, fields: Fields) -> Head:
        """Return the head that `fields` are. Raises ValueError for what is no request."""
        places = [at for at, field in enumerate(fields) if field[0] == TIMEOUT]
        if len(places) != 1:
            return heads.parse(fields, self._bytes_max)
        at = places[0]
        rest = (*fields[:at], *fields[at + 1 :])
        head, pseudo = self._parsed.get(rest) or self._parse(rest)
        if at < pseudo or head.refusal is not None:
            return heads.parse(fields, self._bytes_max)
        try:
            seconds = heads.timeout_s(fields[at][1].decode("latin-1"))
        except CallFault as fault:
            return msgspec.structs.replace(head, refusal=fault)
        return msgspec.structs.replace(head, timeout_s=seconds)

    def _parse(self, rest: tuple[Field, ...]) -> tuple[Head, int]:
        head = heads.parse(list(rest), self._bytes_max - TIMEOUT_BYTES)
        found = head, sum(name[:1] == b":" for name, _ in rest)
        if len(self._parsed) >= REMEMBERED_MAX:
            self._parsed.clear()
        if sum(len(name) + len(value) for name, value in rest) <= REMEMBERED_BYTES_MAX:
            self._parsed[rest] = found
        return found


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
