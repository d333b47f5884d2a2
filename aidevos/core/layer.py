"""An immutable sorted layer of the object index: columns of plain bytes, about 45 a name. Pure.

Names are bytes in order, end to end with a zero byte between, in blocks of BLOCK; a look-up is two
bisects among numbers that blocks begin with, a search of bytes and a count, all in C. A layer has
no small objects, so it keeps no memory from the system that others gave back. Numbers take as many
bytes as the largest of their column needs. A layer is written down as it is, column by column.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from aidevos.core import codec
from aidevos.core.entry import ObjectEntry

if TYPE_CHECKING:
    from aidevos.core.checkpoint import Stored

BLOCK = 32
"""Names between two that a bisect sees: more save memory, fewer save time. Layers are written down
with it: another number is another format of the store."""
HEAD_BYTES = 8
"""Bytes of a block's first name, after what all names begin with, that make its head."""
DELETED, TAGGED_INSIDE = 1, 2
"""Flags of an entry; the second: its key has a tag, but does not begin with it."""


class Columns(msgspec.Struct, kw_only=True):
    """Entries in the order of their names, by column; `values` is the encoded find index."""

    names: list[bytes]
    numbers: Sequence[Sequence[int]]
    """By column, as in `Layer.numbers`."""
    flags: bytes | bytearray
    values: list[bytes]
    """Empty: no entry has any."""

    def __len__(self) -> int:
        return len(self.names)


class Layer:
    """Entries of one shard's objects as of some offset. `place` is 0-based."""

    __slots__ = (
        "_heads", "_names", "_prefix", "_starts", "_values", "_values_at",
        "base_ms", "flags", "numbers", "stored", "versions",
    )  # fmt: skip

    def __init__(
        self,
        names: bytes | bytearray,
        starts: array[int],
        heads: tuple[int, array[int]],
        numbers: tuple[int, Sequence[array[int]]],
        flags: bytes | bytearray,
        values: tuple[array[int], bytes | bytearray],
    ) -> None:
        """`starts` holds the place in `names` of the zero before each block, and of the last.

        `heads`: how many bytes all names begin with, and `head_of` each block's first name;
        `numbers`: `base_ms`, and the columns.
        """
        self._names = names
        self._starts = starts
        skip, self._heads = heads
        self._prefix = bytes(names[1 : 1 + skip])
        self.base_ms = numbers[0]
        self.numbers = tuple(numbers[1])
        """Versions, times of making and of the last change, orders, histories; the times in ms
        from `base_ms`."""
        self.versions = self.numbers[0]
        self.flags = flags
        self._values_at, self._values = values
        self.stored: Stored | None = None
        """Where it is written down, once a checkpoint began to."""

    def __len__(self) -> int:
        return len(self.versions)

    def find(self, name: bytes) -> int:
        """Return the place of `name`, or -1."""
        block = self._block(name)
        if block < 0:
            return -1
        start, end = self._starts[block], self._starts[block + 1] + 1
        at = self._names.find(b"\0" + name + b"\0", start, end)
        return -1 if at < 0 else block * BLOCK + self._names.count(b"\0", start, at)

    def _block(self, name: bytes) -> int:
        """Return the last block that begins with `name` or below it, or -1."""
        prefix, heads, starts, names = self._prefix, self._heads, self._starts, self._names
        if not name.startswith(prefix):
            return -1 if name < prefix else len(heads) - 1
        head = head_of(name, len(prefix))
        last = bisect_right(heads, head)
        first = bisect_left(heads, head, 0, last)
        if first == last:
            return last - 1
        wanted = name + b"\0"  # Some blocks begin alike.
        size = len(wanted)
        return (
            bisect_right(
                starts, wanted, first, last, key=lambda at: bytes(names[at + 1 : at + 1 + size])
            )
            - 1
        )

    def place_from(self, name: bytes) -> int:
        """Return the place of the first name that is not below `name`."""
        block = max(0, self._block(name))
        begin = block * BLOCK
        return begin + bisect_left(self.names(begin, min(begin + BLOCK, len(self))), name)

    def names(self, begin: int, end: int) -> list[bytes]:
        """Return the names at [begin, end)."""
        if begin >= end:
            return []
        first, last = begin // BLOCK, -(-end // BLOCK)
        found = bytes(self._names[self._starts[first] + 1 : self._starts[last]]).split(b"\0")
        return found[begin - first * BLOCK : end - first * BLOCK]

    def names_from(self, name: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield (name, place) from the first name that is not below `name`."""
        place = self.place_from(name)
        while place < len(self):
            end = min((place // BLOCK + 1) * BLOCK, len(self))
            yield from zip(self.names(place, end), range(place, end), strict=True)
            place = end

    def entry(self, place: int) -> ObjectEntry:
        """Return a fresh entry with what is at `place`."""
        raw = self.value(place) if self._values else b""
        version, created, updated, order, history = [column[place] for column in self.numbers]
        return ObjectEntry(
            version,
            self.base_ms + created,
            self.base_ms + updated,
            bool(self.flags[place] & DELETED),
            codec.decode(raw, dict) if raw else {},
            order,
            history,
        )

    def value(self, place: int) -> bytes:
        """Return the encoded find index at `place`, empty if there is none."""
        begin = self._values_at[place - 1] if place else 0
        return bytes(self._values[begin : self._values_at[place]])

    def columns(self, begin: int, end: int) -> Columns:
        """Return the entries at [begin, end)."""
        return Columns(
            names=self.names(begin, end),
            numbers=[column[begin:end] for column in self.numbers],
            flags=self.flags[begin:end],
            values=[self.value(place) for place in range(begin, end)] if self._values else [],
        )

    def pieces(self) -> list[memoryview]:
        """Return the layer as it is written down, in pieces that are not copied."""
        numbers = (self._starts, self._heads, *self.numbers)
        columns = [self._names, *map(_little, numbers), self.flags]
        columns += [_little(self._values_at), self._values]
        views = [memoryview(column).cast("B") for column in columns]
        kinds = "".join(column.typecode for column in self.numbers)
        head = codec.encode((len(self._prefix), self.base_ms, kinds, [*map(len, views)]))
        return [memoryview(len(head).to_bytes(4, "little") + head), *views]

    def encoded(self) -> bytes:
        """Return the pieces together."""
        return b"".join(self.pieces())


def head_of(name: bytes, skip: int) -> int:
    """Return a number that orders names as these bytes of them do."""
    return int.from_bytes(name[skip : skip + HEAD_BYTES].ljust(HEAD_BYTES, b"\0"), "big")


def decode_layer(raw: bytes) -> Layer:
    """Return the layer that was `encoded` as `raw`."""
    view, at = memoryview(raw), 4 + int.from_bytes(raw[:4], "little")
    columns = []
    skip, base_ms, kinds, sizes = codec.decode(raw[4:at], tuple[int, int, str, list[int]])
    for size in sizes:
        columns.append(view[at : at + size])
        at += size
    names, starts, heads, *numbers, flags, values_at, values = columns
    return Layer(
        bytes(names),
        _array("I", starts),
        (skip, _array("Q", heads)),
        (base_ms, [_array(kind, column) for kind, column in zip(kinds, numbers, strict=True)]),
        bytes(flags),
        (_array("I", values_at), bytes(values)),
    )


def _little(column: array[int]) -> array[int]:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column


def _array(kind: str, raw: memoryview) -> array[int]:
    column: array[int] = array(kind)
    column.frombytes(raw)
    if sys.byteorder == "big":
        column.byteswap()
    return column
