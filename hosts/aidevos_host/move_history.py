"""Moves committed events from the tail into the store's history, some for each commit.

An object is found whole at any moment: where its newest chunk is and what is left of it in the tail
change in one step (see revive.py). A hot object has many chunks.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from aidevos.core.ids import ObjectId
from aidevos.storage.base import HistoryChunk
from aidevos.storage.history import chunk_of
from aidevos_host.revive import SNAPSHOT_EACH
from aidevos_host.shard import Shard
from aidevos_host.tail import Told


class Room(NamedTuple):
    """How much history one commit takes."""

    objects: int
    records: int


async def move_history(
    shard: Shard, objects: Sequence[ObjectId], moving: Told, room: Callable[[], Room]
) -> list[ObjectId]:
    """Move all of it, bit by bit; return the objects whose state should be kept now."""
    index, store = shard.machine.index.objects, shard.log.store
    due: dict[ObjectId, None] = {}
    left = deque(objects)
    while taken := _pieces(left, moving, room()):
        chunks = [
            chunk_of(object, moving[object][:count], index.history_of_cut(object))
            for object, count in taken
        ]
        due.update((chunk.object, None) for chunk in chunks if _is_due(chunk))
        places = await store.put_history(shard.number, chunks)
        for (object, count), place in zip(taken, places, strict=True):
            index.moved(object, place)  # In one step with what follows.
            if count == len(moving[object]):
                del moving[object]
            else:
                del moving[object][:count]
    return list(due)


def _pieces(left: deque[ObjectId], moving: Told, room: Room) -> list[tuple[ObjectId, int]]:
    """Take objects for one commit, with how many of their records; one with more stays first."""
    taken: list[tuple[ObjectId, int]] = []
    records = room.records
    while left and records > 0 and len(taken) < room.objects:
        object = left[0]
        count = min(records, len(moving[object]))
        taken.append((object, count))
        records -= count
        if count == len(moving[object]):
            left.popleft()
    return taken


def _is_due(chunk: HistoryChunk) -> bool:
    """Whether the object passed a multiple of SNAPSHOT_EACH in this stretch."""
    return chunk.last_seq // SNAPSHOT_EACH > (chunk.first_seq - 1) // SNAPSHOT_EACH
