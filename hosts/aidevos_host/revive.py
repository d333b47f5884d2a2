"""Reads what is stored of objects, many together: newest snapshot, history after it, the tail.

What is returned is committed; folding events is the executor's. Reading runs on the loop, for each
row that a thread reads must wait for the interpreter; so it is done in steps of a millisecond.
"""

import asyncio
import sys
from collections.abc import Sequence
from itertools import islice

from aidevos.core.errors import DataLossError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import EventRecord, Held
from aidevos.storage.base import HistoryEvent, HistoryRecord, StoredSnapshot
from aidevos.storage.history import events_after
from aidevos_host.chunks import events_from, records_after
from aidevos_host.shard import Shard

AT_ONCE = 64
"""Objects that are read in one step."""
SNAPSHOT_EACH = 16
"""A checkpoint keeps the state of an object whose version has passed a multiple of this; so of an
object below it there is history alone, and folding is never long."""
LONG = 2 * SNAPSHOT_EACH
"""With more events than this behind it, a state is kept at the next checkpoint, due or not."""
NO_SNAPSHOT = StoredSnapshot(version=0, state=b"", state_version=0)

Wanted = tuple[Shard, ObjectId]


async def load_many(wanted: Sequence[Wanted]) -> list[Held]:
    """Return what is committed of each object, in order, events unfolded; version 0: never made.

    Raises DataLossError or UnavailableError if one of them cannot be read.
    """
    found: list[Held] = []
    for begin in range(0, len(wanted), AT_ONCE):
        if begin:
            await asyncio.sleep(0)
        found += await _load(wanted[begin : begin + AT_ONCE])
    return found


class _Reading:
    """One object on its way: what is committed of it, and its events that are in no store yet."""

    __slots__ = ("entry", "object", "place", "shard", "snapshot", "tail")

    def __init__(self, shard: Shard, object: ObjectId) -> None:
        self.shard = shard
        self.object = object
        self.entry = shard.machine.index.objects.get(object)
        self.tail = shard.tail.after(object, 0)
        self.place = self.entry.history if self.entry else 0
        """Taken together, before anything is read: what is not in the one is in the other."""
        self.snapshot = NO_SNAPSHOT

    @property
    def may_have_snapshot(self) -> bool:
        return self.entry is not None and self.entry.version >= SNAPSHOT_EACH

    @property
    def needs_history(self) -> bool:
        if self.entry is None:
            return False
        before = self.tail[0].first_seq - 1 if self.tail else self.entry.version
        return self.snapshot.version < before

    def held(self, history: Sequence[HistoryRecord]) -> Held:
        """Return it. Raises UnavailableError: the shard is another's; DataLossError: a gap."""
        entry, snapshot, shard = self.entry, self.snapshot, self.shard
        if entry is None:
            return Held()
        if snapshot.version > entry.version:  # Written by a later owner: this one is fenced.
            shard.lost(None)
            raise UnavailableError("the shard moved; retry", retry_after_ms=50)
        told = [*history, *self.tail]
        events = _unfolded(self.object, told, snapshot.version, entry.version)
        if len(events) > LONG:
            shard.note_long(self.object)
        return Held(
            version=entry.version,
            state=snapshot.state if snapshot.version else None,
            state_version=snapshot.state_version,
            events=events,
            deleted=entry.deleted,
        )


async def _load(wanted: Sequence[Wanted]) -> list[Held]:
    """Read all of them together."""
    store = wanted[0][0].log.store
    readings = [_Reading(shard, object) for shard, object in wanted]
    places = [(one.shard.number, one.object) for one in readings if one.may_have_snapshot]
    if places:
        snapshots = await store.get_snapshots(places)
        for one in readings:
            one.snapshot = snapshots.get(one.object, NO_SNAPSHOT)
    behind = [one for one in readings if one.needs_history]
    asked = [(one.shard.number, one.object, one.place, one.snapshot.version) for one in behind]
    histories = dict(zip(behind, await records_after(store, asked), strict=True)) if asked else {}
    return [one.held(histories.get(one, ())) for one in readings]


def _unfolded(
    object: ObjectId, told: Sequence[HistoryRecord], version: int, until: int
) -> tuple[EventRecord, ...]:
    """Return the events after `version` up to `until`, all of them."""
    events: list[EventRecord] = []
    for record in told:
        skipped = version + len(events) + 1 - record.first_seq
        if skipped < 0:
            break
        events += record.events[skipped:]
    if len(events) < until - version:
        raise DataLossError(
            f"{object}: events {version + 1} to {until} are wanted, {len(events)} of them are "
            "there; the object is refused until its history is restored"
        )
    return tuple(events[: until - version])


async def read_events(
    shard: Shard, object: ObjectId, version: int, limit: int = sys.maxsize
) -> list[HistoryEvent]:
    """Return the first `limit` committed events with sequence > `version`, in order."""
    entry = shard.machine.index.objects.get(object)
    recent = shard.tail.after(object, version)
    if entry is None:
        return []
    kept: list[HistoryEvent] = []
    until = recent[0].first_seq - 1 if recent else entry.version
    if version < until:
        wanted = (shard.number, object, entry.history, version)
        kept = await events_from(shard.log.store, wanted, until, limit)
    last = kept[-1].sequence if kept else version
    return kept + list(islice(events_after(recent, last), max(0, limit - len(kept))))
