"""Checkpoints of a simulated host, and reviving from them (PROTOCOL.md section 10).

The same order as the shipping host: history, the index, snapshots of versions that are committed
by then, and only when all are durable its name on an append; then rows below it may go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aidevos.core import codec
from aidevos.core.checkpoint import Stored, Writing
from aidevos.core.checkpoint_io import write_checkpoint
from aidevos.core.errors import DataLossError
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.record import CheckpointName, Record
from aidevos.sim.counters import SHARD, Counter, Counters
from aidevos.sim.plants import Plant
from aidevos.storage.base import HistoryRecord, StoredSnapshot
from aidevos.storage.history import chunk_of, events_after
from aidevos.storage.tables import Tables

if TYPE_CHECKING:
    from aidevos.sim.owner import Owner

ROWS_BETWEEN = 3


class Keeper:
    """Writes the checkpoints of one owner, one at a time."""

    def __init__(self, owner: Owner) -> None:
        """Belong to `owner`."""
        self._owner = owner
        self.reset()

    def reset(self) -> None:
        """The shard is lost: nothing is pending."""
        self._rows = 0
        self._busy = False
        self._chunks: dict[ObjectId, list[HistoryRecord]] = {}
        self._trim: CheckpointName | None = None
        self._keep: tuple[Stored, ...] = ()

    def begin(self, recent: Iterable[Record]) -> None:
        """Take the events of rows that no checkpoint covers."""
        self.reset()
        self._gather(recent)

    def committed(self, records: Iterable[Record]) -> None:
        """Take a committed row; perhaps begin a checkpoint, perhaps trim below the last one."""
        self._gather(records)
        self._rows += 1
        machine, tables = self._owner.machine, self._owner.disk.tables
        assert machine is not None
        if self._trim is not None and machine.fence.checkpoint == self._trim:
            tables.trim(SHARD, self._trim.offset, self._keep)
            if self._owner.plant is Plant.HEADER_DELETED:
                tables.headers.pop((SHARD, machine.fence.segment - 1), None)
            self._trim = None
        if self._rows >= ROWS_BETWEEN and not self._busy:
            self._write()

    def _gather(self, records: Iterable[Record]) -> None:
        for record in records:
            for object, told in history_of(record):
                self._chunks.setdefault(object, []).append(told)

    def _write(self) -> None:
        owner, machine = self._owner, self._owner.machine
        assert machine is not None
        self._busy, self._rows = True, 0
        body = machine.checkpoint()
        chunks, self._chunks = self._chunks, {}
        caught = self._caught(set(chunks))
        objects, name = machine.index.objects, CheckpointName(body.offset, body.w_epoch)

        def history(tables: Tables) -> None:
            tables.put_history(SHARD, [chunk_of(*pair) for pair in chunks.items()])

        def index() -> None:
            deque(objects.settle(), maxlen=0)  # While turns went on.
            writing = Writing(body, objects.layers)
            deque(writing.steps(), maxlen=0)
            owner.drive(write_checkpoint(SHARD, writing), lambda _: states(writing))

        def states(writing: Writing) -> None:
            assert writing.root is not None
            self._keep = writing.root.everything()
            snapshots = self._committed(caught)
            owner.disk.write(
                lambda tables: tables.put_snapshots(SHARD, snapshots.items()),
                self._still(lambda: self._name(name)),
            )

        if owner.plant is Plant.CHECKPOINT_NAMED_EARLY:
            self._name(name)
        owner.disk.write(history, self._still(index))

    def _name(self, name: CheckpointName) -> None:
        machine = self._owner.machine
        if machine is None:
            return
        self._busy, self._trim = False, name
        machine.name_checkpoint(name)
        self._owner.touch()

    def _still(self, action: Callable[[], None]) -> Callable[[], None]:
        """Return `action`, void once this ownership ended."""
        life = self._owner.life
        return lambda: action() if life == self._owner.life else None

    def _caught(self, objects: set[ObjectId]) -> dict[ObjectId, StoredSnapshot]:
        """Return the states in memory, committed or not."""
        counters = self._owner.counters
        return {
            object: StoredSnapshot(
                version=counters[object].version,
                state=codec.to_json(counters[object].value),
                state_version=1,
            )
            for object in sorted(objects)
        }

    def _committed(self, caught: dict[ObjectId, StoredSnapshot]) -> dict[ObjectId, StoredSnapshot]:
        """Return those whose version is committed by now."""
        machine = self._owner.machine
        assert machine is not None
        if self._owner.plant is Plant.SNAPSHOT_AHEAD:
            return self._caught(set(caught))
        known = machine.index.objects
        return {
            object: snapshot
            for object, snapshot in caught.items()
            if snapshot.version <= known.version(object)
        }


def history_of(record: Record) -> list[tuple[ObjectId, HistoryRecord]]:
    """Return what history keeps of a record."""
    cause = (record.now_ms, record.principal, record.method, record.call.session)
    return [
        (change.object, HistoryRecord(change.first_seq, change.events, *cause))
        for change in record.changes
    ]


def revive(tables: Tables, index: ShardIndex, recent: Iterable[Record]) -> Counters | None:
    """Return every counter: newest snapshot, history after it, then the rows' events.

    None when a snapshot is beyond the index: a later owner wrote it, so this one is fenced.
    """
    tail: dict[ObjectId, list[HistoryRecord]] = {}
    for record in recent:
        for object, told in history_of(record):
            tail.setdefault(object, []).append(told)
    found: Counters = {}
    for object, entry in index.objects.items():
        kept = tables.snapshots.get((SHARD, object))
        counter = Counter(kept.version, int(kept.state)) if kept else Counter()
        records = tables.records(SHARD, object, counter.version) + tail.get(object, [])
        events = {event.sequence: event for event in events_after(records, counter.version)}
        if counter.version > entry.version:
            return None
        for sequence in range(counter.version + 1, entry.version + 1):
            if sequence not in events:
                raise DataLossError(f"{object}: event {sequence} is not there")
            counter.version = sequence
            counter.value += int(codec.from_json(events[sequence].body))
        found[object] = counter
    return found
