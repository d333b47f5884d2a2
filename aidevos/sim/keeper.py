"""Checkpoints of a simulated host, and reviving from them (PROTOCOL.md section 10).

The same order as the shipping host: history, the index, snapshots of versions that are committed
by then, and only when all are durable its name on an append; then rows below it may go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from aidevos.core import codec
from aidevos.core.checkpoint import encode_checkpoint
from aidevos.core.errors import DataLossError
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.record import CheckpointName, Record
from aidevos.core.statements import WriteCheckpoint
from aidevos.core.takeover import ask as ask_until
from aidevos.sim.counters import SHARD, Counter, Counters
from aidevos.sim.plants import Plant
from aidevos.storage.base import HistoryEvent, StoredSnapshot
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
        self._events: list[tuple[ObjectId, HistoryEvent]] = []
        self._trim: CheckpointName | None = None

    def begin(self, recent: Iterable[Record]) -> None:
        """Take the events of rows that no checkpoint covers."""
        self.reset()
        self._events = [pair for record in recent for pair in events_of(record)]

    def committed(self, records: Iterable[Record]) -> None:
        """Take a committed row; perhaps begin a checkpoint, perhaps trim below the last one."""
        self._events += [pair for record in records for pair in events_of(record)]
        self._rows += 1
        machine, tables = self._owner.machine, self._owner.disk.tables
        assert machine is not None
        if self._trim is not None and machine.fence.checkpoint == self._trim:
            tables.trim(SHARD, self._trim.offset)
            if self._owner.plant is Plant.HEADER_DELETED:
                tables.headers.pop((SHARD, machine.fence.segment - 1), None)
            self._trim = None
        if self._rows >= ROWS_BETWEEN and not self._busy:
            self._write()

    def _write(self) -> None:
        owner, machine = self._owner, self._owner.machine
        assert machine is not None
        self._busy, self._rows = True, 0
        body = machine.checkpoint()
        name = CheckpointName(body.offset, body.w_epoch)
        events, self._events = self._events, []
        caught = self._caught({object for object, _ in events})
        raw = encode_checkpoint(body)

        def history(tables: Tables) -> None:
            for object, event in events:
                tables.history.setdefault(object, {})[event.sequence] = event

        def index() -> None:
            owner.drive(ask_until(WriteCheckpoint(SHARD, name, raw)), lambda _: states())

        def states() -> None:
            snapshots = self._committed(caught)
            keep = partial(_keep_snapshots, snapshots=snapshots)
            owner.disk.write(keep, self._still(lambda: self._name(name)))

        if owner.plant is Plant.CHECKPOINT_NAMED_EARLY:
            self._name(name)
        owner.disk.write(history, self._still(index))

    def _name(self, name: CheckpointName) -> None:
        machine = self._owner.machine
        if machine is None:
            return
        self._busy, self._trim = False, name
        self._owner.checkpointed(machine.name_checkpoint(name))

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
        known, all = machine.index.objects, self._owner.plant is Plant.SNAPSHOT_AHEAD
        return {
            object: snapshot
            for object, snapshot in caught.items()
            if all or snapshot.version <= known[object].version
        }


def _keep_snapshots(tables: Tables, snapshots: dict[ObjectId, StoredSnapshot]) -> None:
    for object, snapshot in snapshots.items():
        kept = tables.snapshots.get(object)
        if kept is None or kept.version <= snapshot.version:
            tables.snapshots[object] = snapshot


def events_of(record: Record) -> list[tuple[ObjectId, HistoryEvent]]:
    """Return the events of a record as history keeps them."""
    return [
        (
            change.object,
            HistoryEvent(
                sequence=change.first_seq + place,
                type=event.type,
                type_version=event.version,
                body=event.body,
                time_ms=record.now_ms,
                principal=record.principal,
                method=record.method,
                request_id=record.call.session,
            ),
        )
        for change in record.changes
        for place, event in enumerate(change.events)
    ]


def revive(tables: Tables, index: ShardIndex, recent: Iterable[Record]) -> Counters | None:
    """Return every counter: newest snapshot, history after it, then the rows' events.

    None when a snapshot is beyond the index: a later owner wrote it, so this one is fenced.
    """
    tail: dict[ObjectId, dict[int, HistoryEvent]] = {}
    for record in recent:
        for object, event in events_of(record):
            tail.setdefault(object, {})[event.sequence] = event
    found: Counters = {}
    for object, entry in index.objects.items():
        kept = tables.snapshots.get(object)
        counter = Counter(kept.version, int(kept.state)) if kept else Counter()
        events = {**tables.history.get(object, {}), **tail.get(object, {})}
        if counter.version > entry.version:
            return None
        for sequence in range(counter.version + 1, entry.version + 1):
            if sequence not in events:
                raise DataLossError(f"{object}: event {sequence} is not there")
            counter.version = sequence
            counter.value += int(codec.from_json(events[sequence].body))
        found[object] = counter
    return found
