"""Checkpoints of a simulated shard, and what is committed of an object (PROTOCOL.md section 10).

The same order as the shipping host: history, the index, snapshots of versions that are committed
by then, and only when all are durable its name on an append; then rows below it may go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aidevos.core.calls import KeptBurst
from aidevos.core.checkpoint import Stored, Writing
from aidevos.core.checkpoint_io import write_checkpoint
from aidevos.core.errors import DataLossError
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.record import CheckpointName, Record
from aidevos.core.turn import EventRecord, Held
from aidevos.sim.plants import Plant
from aidevos.storage.base import HistoryRecord, StoredSnapshot
from aidevos.storage.history import chunk_of, decode_chunk, events_after
from aidevos.storage.tables import Tables

if TYPE_CHECKING:
    from aidevos.sim.part import Part
    from aidevos.sim.residence import Resident

ROWS_BETWEEN = 3


def kept_bursts(index: ShardIndex) -> set[KeptBurst]:
    """Return the bursts of which an index keeps answers."""
    answers = (kept for one in index.calls.sessions.values() for kept in one.answers.values())
    return {kept for kept in answers if isinstance(kept, KeptBurst)}


Told = dict[ObjectId, list[HistoryRecord]]


def _nothing() -> None:
    """Go on with nothing."""


class Keeper:
    """Writes the checkpoints of one shard's owner, one at a time, and reads objects."""

    def __init__(self, part: Part) -> None:
        """Belong to `part`."""
        self._part = part
        self._rows = 0
        self._busy = False
        self._told: Told = {}
        """Committed, and in no checkpoint that was begun."""
        self._moving: Told = {}
        """On their way into history."""
        self._trim: CheckpointName | None = None
        self._keep: tuple[Stored, ...] = ()

    @property
    def _tables(self) -> Tables:
        return self._part.owner.disk.tables

    def begin(self, recent: Iterable[Record]) -> None:
        """Take the events of rows that no checkpoint covers."""
        self._gather(recent)

    def committed(self, records: Iterable[Record]) -> None:
        """Take a committed row; perhaps begin a checkpoint, perhaps trim below the last one."""
        self._gather(records)
        self._rows += 1
        shard, fence = self._part.shard, self._part.machine.fence
        if self._trim is not None and fence.checkpoint == self._trim:
            self._tables.trim(shard, self._trim.offset, self._keep)
            if self._part.plant is Plant.HEADER_DELETED:
                self._tables.headers.pop((shard, fence.segment - 1), None)
            self._trim = None
        if self._rows >= ROWS_BETWEEN and not self._busy:
            self._write()

    def _gather(self, records: Iterable[Record]) -> None:
        for record in records:
            cause = (record.now_ms, record.principal, record.method, record.call.session)
            for change in record.changes:
                told = HistoryRecord(change.first_seq, change.events, *cause)
                self._told.setdefault(change.object, []).append(told)

    # ---- checkpoints -----------------------------------------------------------------------

    def _write(self) -> None:
        part, shard = self._part, self._part.shard
        self._busy, self._rows = True, 0
        body = part.machine.checkpoint()
        part.world.counts["in checkpoints"] += len(kept_bursts(part.machine.index))
        moving, self._moving, self._told = self._told, self._told, {}
        objects, name = part.machine.index.objects, CheckpointName(body.offset, body.w_epoch)
        caught: dict[ObjectId, StoredSnapshot] = {}

        def history(tables: Tables) -> None:
            chunks = [chunk_of(*pair, objects.history_of_cut(pair[0])) for pair in moving.items()]
            for chunk, place in zip(chunks, tables.put_history(shard, chunks), strict=True):
                objects.moved(chunk.object, place)

        def index() -> None:
            deque(objects.settle(), maxlen=0)  # While turns went on.
            writing = Writing(body, objects.layers)
            deque(writing.steps(), maxlen=0)
            part.drive(write_checkpoint(shard, writing), lambda _: states(writing))

        def states(writing: Writing) -> None:
            assert writing.root is not None
            keep, snapshots = writing.root.everything(), self._committed(caught)
            part.owner.disk.write(
                lambda tables: tables.put_snapshots(shard, snapshots.items()),
                self._still(lambda: self._name(name, keep)),
            )

        def begin(found: dict[ObjectId, StoredSnapshot]) -> None:
            caught.update(found)
            if part.plant is Plant.SNAPSHOT_AHEAD:
                early = tuple(caught.items())
                part.owner.disk.write(lambda tables: tables.put_snapshots(shard, early), _nothing)
            part.owner.disk.write(history, self._still(index))

        if part.plant is Plant.CHECKPOINT_NAMED_EARLY:
            self._name(name, ())
        self._catch(sorted(moving), begin)

    def _name(self, name: CheckpointName, keep: tuple[Stored, ...]) -> None:
        self._keep = keep
        self._busy, self._trim, self._moving = False, name, {}
        self._part.machine.name_checkpoint(name)
        self._part.touch()

    def _still(self, action: Callable[[], None]) -> Callable[[], None]:
        """Return `action`, void once this ownership ended."""
        return lambda: action() if self._part.alive else None

    def _catch(
        self, objects: list[ObjectId], then: Callable[[dict[ObjectId, StoredSnapshot]], None]
    ) -> None:
        """Ask the executor for the states that it holds, committed or not."""
        residence = self._part.owner.residence
        residents = [residence.residents.get(object) for object in objects]
        held = [
            one
            for one in residents
            if one is not None and one.waiting is None and residence.is_held(one)
        ]
        asked_at, plant = residence.count, self._part.plant

        def is_true(resident: Resident) -> bool:
            """Whether nothing of it was taken back meanwhile: then its version says nothing."""
            here = residence.residents.get(resident.object)
            return plant is Plant.SNAPSHOT_TAKEN_BACK or (
                here is resident and resident.since <= asked_at
            )

        def told(states: list[Held | None]) -> None:
            if self._part.alive:
                then(
                    {
                        one.object: StoredSnapshot(
                            version=state.version, state=state.state or b"", state_version=1
                        )
                        for one, state in zip(held, states, strict=True)
                        if state is not None and is_true(one)
                    }
                )

        residence.worker.states([one.object for one in held], told)

    def _committed(self, caught: dict[ObjectId, StoredSnapshot]) -> dict[ObjectId, StoredSnapshot]:
        """Return those whose version is committed by now."""
        known, all = self._part.machine.index.objects, self._part.plant is Plant.SNAPSHOT_AHEAD
        return {
            object: snapshot
            for object, snapshot in caught.items()
            if all or snapshot.version <= known.version(object)
        }

    # ---- reading ---------------------------------------------------------------------------

    def load(self, object: ObjectId, then: Callable[[Held | None], None]) -> None:
        """Tell what is committed of an object; None when the shard is lost meanwhile."""
        world = self._part.world

        def snapshot() -> None:
            found = self._tables.snapshots.get((self._part.shard, object))
            world.after(world.between(0, 4), lambda: then(self._assemble(object, found)))

        world.after(world.between(0, 4), snapshot)

    def _assemble(self, object: ObjectId, snapshot: StoredSnapshot | None) -> Held | None:
        part = self._part
        entry = part.machine.index.objects.get(object) if part.alive else None
        if entry is None:
            return Held() if part.alive else None
        version, state = (snapshot.version, snapshot.state) if snapshot else (0, None)
        if version > entry.version:
            self._confirm_fenced()
            return None
        events = self.committed_after(object, version)
        if part.plant is Plant.STALE_ACTIVATION:  # The rows after the checkpoint are left out.
            recent = {told.first_seq for told in self._told.get(object, ())}
            events = [event for event in events if event[0] not in recent]
        elif [sequence for sequence, _ in events] != list(range(version + 1, entry.version + 1)):
            raise DataLossError(f"{object}: events after {version} are not there: {events}")
        version = entry.version
        if part.plant is Plant.UNCOMMITTED_READ:
            version = part.machine.version(object)
        return Held(version, state, 1, tuple(EventRecord("Changed", 1, body) for _, body in events))

    def committed_after(self, object: ObjectId, version: int) -> list[tuple[int, bytes]]:
        """Return (sequence, body) of the committed events after `version`."""
        last = self._part.machine.index.objects.version(object)
        records = self._history(object, version)
        records = [*records, *self._moving.get(object, ()), *self._told.get(object, ())]
        events = events_after(records, version)
        return [(event.sequence, event.body) for event in events if event.sequence <= last]

    def _history(self, object: ObjectId, version: int) -> list[HistoryRecord]:
        """Return the records of the chunks that end after `version`, oldest first."""
        entry = self._part.machine.index.objects.get(object)
        place, records = entry.history if entry else 0, list[HistoryRecord]()
        while place:
            chunk = self._tables.chunk(self._part.shard, place)
            assert chunk is not None, f"{object}: nothing is at {place}"
            assert chunk.object == object, "a place is one object's"
            records = decode_chunk(chunk.records) + records
            place = chunk.before if chunk.first_seq > version + 1 else 0
        return records

    def _confirm_fenced(self) -> None:
        """Give up a shard that a later owner has; a bug if there is none."""
        fence = self._part.machine.fence
        header = self._tables.headers[fence.shard, fence.segment]
        assert header.epoch > fence.epoch or header.sealed, "S1: a snapshot beyond the log"
        self._part.lose(None)
