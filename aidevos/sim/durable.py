"""What the log holds, by call and by object, and whether it makes sense: replayed row by row.

The log's order is the order of the turns, so each record must be what its turn makes of the
values before it (R1 per group); marks must be what their clients said (at most once).
"""

from aidevos.core import codec
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.record import Record
from aidevos.sim.counters import (
    GROUP_OF,
    OBJECTS,
    OTHER,
    SHARD_OF,
    SHARDS,
    Ask,
    deltas,
    refusal,
    shown,
)

Key = tuple[str, int]
LOOKED_AT = 12
"""So many numbers above its mark a session may have calls under; a client has fewer waiting."""


class Durable:
    """All rows ever written, folded."""

    def __init__(self) -> None:
        """Begin empty."""
        self.asks: dict[Key, Ask] = {}
        """Every call that a client ever made."""
        self.marks: dict[str, int] = {}
        """Up to which number the client of a session really has all answers."""
        self.calls: dict[Key, tuple[int, Record, int]] = {}
        """Call to (offset, record, place among all records)."""
        self.twice: list[Key] = []
        self.values: dict[ObjectId, list[int]] = {object: [0] for object in OBJECTS}
        """Value of each object at version 0, 1, 2, ..."""
        self.changed: dict[ObjectId, list[int]] = {object: [0] for object in OBJECTS}
        """Place of the record that made each version."""
        self.sums: dict[ObjectId, list[tuple[int, int, bytes]]] = {o: [(0, 0, b"0")] for o in OTHER}
        """(place, version, sum) whenever one of the group changed."""
        self.tails: dict[int, int] = dict.fromkeys(SHARDS, 0)
        self.released: dict[tuple[int, str], int] = {}
        """(shard, session) to the highest mark in the log."""
        self.places = 0
        self.checkpoints = 0
        """Written whole: their roots."""

    def value(self, object: ObjectId) -> int:
        """Return the newest value."""
        return self.values[object][-1]

    def version(self, object: ObjectId) -> int:
        """Return the newest version."""
        return len(self.values[object]) - 1

    def add(self, shard: int, offset: int, records: tuple[Record, ...]) -> None:
        """Take one written row."""
        self.tails[shard] = offset + 1
        for record in records:
            self.places += 1
            self._add_call(shard, offset, record)
            self._replay(record)

    def _add_call(self, shard: int, offset: int, record: Record) -> None:
        call = record.call
        key = (call.session, call.number)
        if key in self.calls:
            self.twice.append(key)
        self.calls[key] = (offset, record, self.places)
        if call.mark is None:
            return
        said = self.marks.get(call.session, 0)
        assert call.mark <= said, (
            f"A2: the log releases {call.session} up to {call.mark}, its client has {said}"
        )
        assert call.mark < call.number, f"A2: {key} says that its client has its answer"
        before = self.released.get((shard, call.session), 0)
        assert call.number > before, f"A2: {key} was applied below the mark {before}"
        self.released[shard, call.session] = max(before, call.mark)

    def _replay(self, record: Record) -> None:
        ask = self.asks[record.call.session, record.call.number]
        wanted = deltas(ask.object, ask.method, ask.n, self.value)
        if wanted is None:
            assert record.error == refusal(ask.object, self.value), f"R1: {ask.name}: {record}"
            wanted = {}
        found = {
            change.object: (change.first_seq, *(int(event.body) for event in change.events))
            for change in record.changes
        }
        expected = {object: (self.version(object) + 1, n) for object, n in wanted.items()}
        assert found == expected, f"R1: {ask.name} wrote {found}, the log makes it {expected}"
        for object, delta in wanted.items():
            self.values[object].append(self.value(object) + delta)
            self.changed[object].append(self.places)
        reply = shown(ask.object, ask.method, self.value)
        assert record.reply == reply, f"R1: {ask.name} says {record.reply!r}, it is {reply!r}"
        assert record.version == self.version(ask.object), f"R1: {ask.name}: {record.version}"
        if wanted and ask.object in OTHER:
            for object in OTHER:
                total = shown(object, "sum", self.value)
                self.sums[object].append((self.places, self.version(object), total))

    def check_remembered(self, shard: int, index: ShardIndex) -> None:
        """S2 while it runs: an owner keeps the answers above a session's mark, and no others."""
        for (_, _, session), entry in index.calls.sessions.items():
            assert all(number > entry.mark for number in entry.answers), "kept below the mark"
            for number in range(entry.mark + 1, entry.mark + 1 + LOOKED_AT):
                offset, record, _ = self.calls.get((session, number), (index.offset, None, 0))
                if record is not None and offset < index.offset and number not in entry.answers:
                    assert SHARD_OF[record.object] != shard, f"S2: {session}#{number} is forgotten"

    def event(self, object: ObjectId, sequence: int) -> bytes:
        """Return the body of a durable event."""
        values = self.values[object]
        return codec.to_json(values[sequence] - values[sequence - 1])

    def place_of_read(self, ask: Ask, version: int, payload: bytes) -> int:
        """Return the place in the log at which a query could have seen what it shows; -1: none."""
        if ask.method == "read":
            values = self.values[ask.object]
            right = version < len(values) and payload == str(values[version]).encode()
            return self.changed[ask.object][version] if right else -1
        sums, end = self.sums[ask.object], 1 << 62
        for place, at, total in reversed(sums):
            if end <= ask.since:
                break
            if (at, total) == (version, payload):
                return place
            end = place
        return -1

    @staticmethod
    def group(object: ObjectId) -> str:
        """Return its group."""
        return GROUP_OF[object]
