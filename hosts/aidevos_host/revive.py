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
from aidevos_host.shard import Shard

HISTORY_PAGE = 1_000
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

    __slots__ = ("entry", "object", "shard", "snapshot", "tail")

    def __init__(self, shard: Shard, object: ObjectId) -> None:
        self.shard = shard
        self.object = object
        self.entry = shard.machine.index.objects.get(object)
        self.tail = shard.tail.after(object, 0)
        """Taken before anything is read: what leaves it meanwhile is in history by then."""
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
    behind = [
        (one.shard.number, one.object, one.snapshot.version)
        for one in readings
        if one.needs_history
    ]
    histories = await store.get_histories(behind) if behind else {}
    return [one.held(histories.get(one.object, ())) for one in readings]


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
    store = shard.log.store
    recent = shard.tail.after(object, version)
    wanted = recent[0].first_seq - 1 if recent else shard.committed_version(object)
    kept: list[HistoryEvent] = []
    while (last := kept[-1].sequence if kept else version) < wanted and len(kept) < limit:
        size = min(HISTORY_PAGE, limit - len(kept))
        page = await store.get_history(shard.number, object, last, size)
        fresh = [event for event in page if event.sequence <= wanted]
        if not fresh:
            break
        kept += fresh
        await asyncio.sleep(0)  # A long history is no reason to let all others wait.
    last = max(version, kept[-1].sequence if kept else 0)
    return kept + list(islice(events_after(recent, last), max(0, limit - len(kept))))
