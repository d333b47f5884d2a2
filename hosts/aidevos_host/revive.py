"""Brings objects back into memory: newest snapshot, history after it, then the tail, folded."""

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from aidevos.core.errors import DataLossError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import EventRecord, Held
from aidevos.storage.base import HistoryEvent, HistoryRecord, StoredSnapshot
from aidevos.storage.history import events_after
from aidevos_host.shard import Shard

HISTORY_PAGE = 1_000
NO_SNAPSHOT = StoredSnapshot(version=0, state=b"", state_version=0)


async def load_many(shard: Shard, objects: Sequence[ObjectId]) -> list[Held]:
    """Return what is committed of each object, in order, events unfolded; version 0: never made.

    Raises DataLossError, UnavailableError.
    """
    known = shard.machine.index.objects
    found = await stored(shard, [object for object in objects if object in known])
    return [found.get(object) or Held() for object in objects]


async def stored(shard: Shard, objects: Sequence[ObjectId]) -> dict[ObjectId, Held]:
    """Return each object's newest snapshot with the committed events after it, read together."""
    store, number = shard.log.store, shard.machine.fence.shard
    snapshots = await store.get_snapshots([(number, object) for object in objects])
    wanted = []
    for object in objects:
        version = snapshots[object].version if object in snapshots else 0
        tail = shard.tail.after(object, version)
        if version < (tail[0].first_seq - 1 if tail else shard.committed_version(object)):
            wanted.append((number, object, version))
    histories = await store.get_histories(wanted) if wanted else {}
    return {
        object: _assemble(shard, object, snapshots.get(object, NO_SNAPSHOT), histories)
        for object in objects
    }


def _assemble(
    shard: Shard,
    object: ObjectId,
    snapshot: StoredSnapshot,
    histories: Mapping[ObjectId, list[HistoryRecord]],
) -> Held:
    entry = shard.machine.index.objects.get(object)
    assert entry is not None, object
    if snapshot.version > entry.version:  # Written by a later owner: this one is fenced.
        shard.lost(None)
        raise UnavailableError("the shard moved; retry", retry_after_ms=50)
    told = histories.get(object, []) + shard.tail.after(object, snapshot.version)
    events = committed_only(events_after(told, snapshot.version), entry.version)
    numbers = [event.sequence for event in events]
    if numbers != list(range(snapshot.version + 1, entry.version + 1)):
        raise DataLossError(
            f"{object}: events {snapshot.version + 1} to {entry.version} are wanted, there are "
            f"{len(numbers)}; the object is refused until its history is restored"
        )
    return Held(
        version=entry.version,
        state=snapshot.state if snapshot.version else None,
        state_version=snapshot.state_version,
        events=tuple(EventRecord(event.type, event.type_version, event.body) for event in events),
        deleted=entry.deleted,
    )


async def read_events(
    shard: Shard, object: ObjectId, version: int, limit: int = sys.maxsize
) -> list[HistoryEvent]:
    """Return the first `limit` committed events with sequence > `version`, in order."""
    number, store = shard.machine.fence.shard, shard.log.store
    recent = shard.tail.after(object, version)
    wanted = recent[0].first_seq - 1 if recent else shard.committed_version(object)
    kept: list[HistoryEvent] = []
    while (last := kept[-1].sequence if kept else version) < wanted and len(kept) < limit:
        size = min(HISTORY_PAGE, limit - len(kept))
        page = await store.get_history(number, object, last, size)
        fresh = [event for event in page if event.sequence <= wanted]
        if not fresh:
            break
        kept += fresh
        await asyncio.sleep(0)  # A long history is no reason to let all others wait.
    last = max(version, kept[-1].sequence if kept else 0)
    return kept + list(islice(events_after(recent, last), max(0, limit - len(kept))))


def committed_only(events: Iterable[HistoryEvent], version: int) -> list[HistoryEvent]:
    """Return the events up to `version`."""
    return [event for event in events if event.sequence <= version]
