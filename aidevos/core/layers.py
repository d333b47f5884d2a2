"""Builds layers of the object index from entries and from older layers, in bounded steps. Pure.

A step takes about STEP entries, half a microsecond each: an owner that lets other work run
between steps is never held for longer than one of them, however many objects there are.
"""

from array import array
from collections.abc import Generator, Sequence
from itertools import accumulate
from operator import itemgetter

from aidevos.core import codec
from aidevos.core.entry import ObjectEntry
from aidevos.core.layer import BLOCK, DELETED, TAGGED_INSIDE, Columns, Layer, head_of

STEP = 1_024
"""Entries of one step."""
KINDS = "BHIQ"
"""Kinds of columns of numbers, by their width."""
COLUMNS = 5
GROWTH = 2
"""A layer that stays is more than so many times as large as all newer ones together."""


class LayerBuilder:
    """Takes columns in the order of their names."""

    def __init__(
        self, first: bytes, last: bytes, base_ms: int, kinds: Sequence[str] = KINDS[:1] * COLUMNS
    ) -> None:
        """Begin empty; no name will be below `first` or above `last`.

        `kinds`: of each column of numbers, at least; wider ones are taken when they are needed.
        """
        self._count = 0
        self._names = bytearray(b"\0")
        self._starts = array("I")
        self._skip = _common(first, last)
        self._heads = array("Q")
        self._base_ms = base_ms
        self._numbers: list[array[int]] = [array(kind) for kind in kinds]
        self._flags = bytearray()
        self._values = bytearray()
        self._values_at = array("I")

    def add(self, columns: Columns) -> None:
        """Take entries whose names are all above those taken before."""
        if not columns.names:
            return
        self._add_names(columns.names)
        for place, part in enumerate(columns.numbers):
            self._add_numbers(place, part)
        self._flags += columns.flags
        self._add_values(columns.values, len(columns))
        self._count += len(columns)

    def build(self) -> Layer:
        """Return the layer: nothing is copied."""
        self._starts.append(len(self._names) - 1)
        values_at = self._values_at if self._values else array("I")
        heads = (self._skip, self._heads)
        values = (values_at, self._values)
        numbers = (self._base_ms, self._numbers)
        return Layer(self._names, self._starts, heads, numbers, self._flags, values)

    def _add_numbers(self, place: int, part: Sequence[int]) -> None:
        column = self._numbers[place]
        if isinstance(part, array) and part.typecode == column.typecode:
            column.extend(part)
            return
        kind = kind_of(max(part))
        if KINDS.index(kind) > KINDS.index(column.typecode):
            column = self._numbers[place] = array(kind, column)
        column.extend(list(part))

    def _add_names(self, names: list[bytes]) -> None:
        sizes = map((1).__add__, map(len, names))
        ends = list(accumulate(sizes, initial=len(self._names) - 1))
        firsts = slice(-self._count % BLOCK, len(names), BLOCK)
        self._starts.extend(ends[firsts])
        self._heads.extend([head_of(name, self._skip) for name in names[firsts]])
        self._names += b"\0".join((*names, b""))

    def _add_values(self, values: list[bytes], count: int) -> None:
        if not values:
            self._values_at.extend([len(self._values)] * count)
            return
        ends = list(accumulate(map(len, values), initial=len(self._values)))
        self._values_at.extend(ends[1:])
        self._values += b"".join(values)


def _common(first: bytes, last: bytes) -> int:
    """Return how many bytes both begin with."""
    pairs = enumerate(zip(first, last, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(first), len(last)))


def kind_of(largest: int) -> str:
    """Return the narrowest kind that holds numbers from 0 to `largest`."""
    return next(kind for kind in KINDS if largest < 1 << 8 * array(kind).itemsize)


def columns_of(entries: Sequence[tuple[bytes, ObjectEntry, bool]], base_ms: int) -> Columns:
    """Return the columns of (name, entry, whether its key has its tag inside), in this order."""
    kept = [entry for _, entry, _ in entries]
    values = [codec.encode(entry.index) if entry.index else b"" for entry in kept]
    return Columns(
        names=[name for name, _, _ in entries],
        numbers=(
            [entry.version for entry in kept],
            [entry.created_ms - base_ms for entry in kept],
            [entry.updated_ms - base_ms for entry in kept],
            [entry.order for entry in kept],
            [entry.history for entry in kept],
        ),
        flags=bytes(
            [DELETED * entry.deleted | TAGGED_INSIDE * inside for _, entry, inside in entries]
        ),
        values=values if any(values) else [],
    )


def small_layer(entries: Sequence[tuple[bytes, ObjectEntry, bool]], base_ms: int) -> Layer:
    """Return a layer of (name, entry, whether its key has its tag inside) in any order."""
    ordered = sorted(entries, key=itemgetter(0))
    builder = LayerBuilder(ordered[0][0], ordered[-1][0], base_ms)
    builder.add(columns_of(ordered, base_ms))
    return builder.build()


def merge(layers: Sequence[Layer], step: int = STEP) -> Generator[None, None, Layer]:
    """Return one layer of all entries, of which the later layer's win; yields between steps."""
    filled = [layer for layer in layers if len(layer)]
    first = min(layer.names(0, 1)[0] for layer in filled)
    last = max(layer.names(len(layer) - 1, len(layer))[0] for layer in filled)
    assert len({layer.base_ms for layer in layers}) == 1, "an index has one"
    columns = zip(*(layer.numbers for layer in layers), strict=True)
    kinds = [max((one.typecode for one in same), key=KINDS.index) for same in columns]
    builder = LayerBuilder(first, last, layers[0].base_ms, kinds)
    begins = [0] * len(layers)
    while any(begin < len(layer) for begin, layer in zip(begins, layers, strict=True)):
        ends = _ends(layers, begins, step)
        parts = [
            layer.columns(begin, end)
            for layer, begin, end in zip(layers, begins, ends, strict=True)
            if begin < end
        ]
        builder.add(parts[0] if len(parts) == 1 else _merged(parts))
        begins = ends
        yield
    return builder.build()


def _ends(layers: Sequence[Layer], begins: list[int], step: int) -> list[int]:
    """Return where the next step ends in each layer: before one name, about `step` entries on."""
    left = [len(layer) - begin for layer, begin in zip(layers, begins, strict=True)]
    bounds: list[bytes] = []
    for layer, begin, rest in zip(layers, begins, left, strict=True):
        place = begin + max(1, step * rest // sum(left))
        bounds += layer.names(place, min(place + 1, len(layer)))
    if not bounds:
        return [len(layer) for layer in layers]
    bound = min(bounds)
    return [layer.place_from(bound) for layer in layers]


def _merged(parts: Sequence[Columns]) -> Columns:
    where: dict[bytes, int] = {}
    at = 0
    for part in parts:
        where.update(zip(part.names, range(at, at + len(part)), strict=True))
        at += len(part)
    names = sorted(where)  # Sorted runs one behind the other: hardly more than reading them.
    places = [where[name] for name in names]
    return Columns(
        names=names,
        numbers=[
            _picked(places, same) for same in zip(*(part.numbers for part in parts), strict=True)
        ],
        flags=bytes(map(b"".join([part.flags for part in parts]).__getitem__, places)),
        values=_picked_values(places, parts),
    )


def _picked(places: list[int], columns: Sequence[Sequence[int]]) -> list[int]:
    together = [number for column in columns for number in column]
    return [together[place] for place in places]


def _picked_values(places: list[int], parts: Sequence[Columns]) -> list[bytes]:
    if not any(part.values for part in parts):
        return []
    together = [value for part in parts for value in part.values or [b""] * len(part)]
    return [together[place] for place in places]


def to_merge(sizes: Sequence[int]) -> int:
    """Return from which layer on, oldest first, all are merged into one; `len(sizes)`: none.

    So few layers stay, and an entry is copied a few times only while they grow.
    """
    newer = list(accumulate(reversed(sizes)))[::-1]
    for place in range(len(sizes) - 1):
        if sizes[place] <= GROWTH * newer[place + 1]:
            return place
    return len(sizes)
