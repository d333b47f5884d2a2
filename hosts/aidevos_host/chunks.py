"""Follows the chunks of objects' histories back from the newest, which the index names."""

import asyncio
from collections.abc import Sequence
from itertools import islice

from aidevos.core.errors import DataLossError
from aidevos.core.ids import ObjectId
from aidevos.storage.base import ConditionalStore, HistoryChunk, HistoryEvent, HistoryRecord
from aidevos.storage.history import decode_chunk, events_after

AT_ONCE = 64
"""Chunks that are read in one step."""

Wanted = tuple[int, ObjectId, int, int]
"""(shard, object, place of its newest chunk or 0, the version after which events are wanted)."""


async def records_after(
    store: ConditionalStore, wanted: Sequence[Wanted]
) -> list[list[HistoryRecord]]:
    """Return for each what its chunks have that end after the version, oldest first."""
    found: list[list[HistoryChunk]] = [[] for _ in wanted]
    left = [(number, one[2]) for number, one in enumerate(wanted) if one[2]]
    while left:
        chunks = await store.get_history([(wanted[number][0], place) for number, place in left])
        following = []
        for (number, place), chunk in zip(left, chunks, strict=True):
            _, object, _, version = wanted[number]
            found[number].append(_checked(object, place, chunk))
            before = _before(found[number][-1], version)
            if before:
                following.append((number, before))
        left = following
    return [
        [told for chunk in reversed(chunks) for told in decode_chunk(chunk.records)]
        for chunks in found
    ]


async def events_from(
    store: ConditionalStore, one: Wanted, until: int, limit: int
) -> list[HistoryEvent]:
    """Return the first `limit` events after the version that are in history, up to `until`."""
    shard, object, _, version = one
    places = await _places(store, one)
    found: list[HistoryEvent] = []
    for begin in range(0, len(places), AT_ONCE):
        some = places[begin : begin + AT_ONCE]
        for place, chunk in zip(
            some, await store.get_history([(shard, place) for place in some]), strict=True
        ):
            records = decode_chunk(_checked(object, place, chunk).records)
            last = found[-1].sequence if found else version
            fresh = (event for event in events_after(records, last) if event.sequence <= until)
            found += islice(fresh, limit - len(found))
        if len(found) >= limit:
            break
        await asyncio.sleep(0)  # A long history is no reason to let all others wait.
    return found


async def _places(store: ConditionalStore, one: Wanted) -> list[int]:
    """Return the places of the chunks that end after the version, oldest first."""
    shard, object, place, version = one
    places: list[int] = []
    while place:
        [chunk] = await store.get_history([(shard, place)])
        found = _checked(object, place, chunk)
        if found.last_seq <= version:
            break
        places.append(place)
        place = _before(found, version)
        if len(places) % AT_ONCE == 0:
            await asyncio.sleep(0)
    return places[::-1]


def _before(chunk: HistoryChunk, version: int) -> int:
    """Return where the chunk before is, if that is wanted too; else 0."""
    return chunk.before if chunk.first_seq > version + 1 else 0


def _checked(object: ObjectId, place: int, chunk: HistoryChunk | None) -> HistoryChunk:
    if chunk is None or chunk.object != object:
        raise DataLossError(
            f"{object}: a part of its history is not at {place}; the object is refused until its "
            "history is restored"
        )
    return chunk
