"""Writes a shard's checkpoint beside the calls: history, index, states, then its name.

Nothing here holds the loop for more than about a millisecond, and no commit carries much of it. The
name rides on an append only after everything it names is durable; rows that an earlier named
checkpoint covers are dropped, and layers that no root names any more (PROTOCOL.md 10).
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice
from operator import attrgetter

from aidevos.core.checkpoint import CheckpointBody, Root, Writing
from aidevos.core.ids import ObjectId
from aidevos.core.record import CheckpointName
from aidevos.core.turn import Executor, Held
from aidevos.storage.base import StoredSnapshot
from aidevos_host.move_history import Room, move_history
from aidevos_host.pace import paced
from aidevos_host.resident import Resident, Residents
from aidevos_host.shard import Shard
from aidevos_host.tail import Told

AT_ONCE, AT_ONCE_MAX = 32, 512
"""Objects whose history or states go into one commit, which answers may wait for; the more, the
more checkpoints wait, and the nearer the shard's own next one is."""
RECORDS_AT_ONCE, RECORDS_MAX, BYTES_AT_ONCE = 1_000, 4_000, 256 << 10
"""Records of their history, as few and as many as may be, and about so many bytes: a hot object's
are written in many chunks."""
FASTER = 8
"""So many times faster when the next one is due: it should not begin before this one ends."""
SORTED_AT_ONCE = 1_024
COMMITS_MAX = 4
"""For so many commits a state is waited for that runs ahead of them."""


def wants_checkpoint(shard: Shard) -> bool:
    """Whether enough was committed since the last one."""
    return _due(shard) >= 1


def _due(shard: Shard) -> float:
    """Return how near the next one is: at 1 it should begin."""
    config, tail, share = shard.config, shard.tail, shard.config.shard_count
    return share * max(
        tail.rows / config.checkpoint_rows,
        tail.size / config.checkpoint_bytes,
        tail.records / config.checkpoint_records,
    )


async def write_checkpoint(
    shard: Shard, residents: Residents, behind: Callable[[], int] = lambda: 0
) -> None:
    """Write one; raises UnavailableError when the store is gone. One at a time per shard.

    `behind` tells how many checkpoints are waited for: the more, the faster this one goes.
    """
    body = shard.machine.checkpoint()
    record_bytes = shard.tail.size / max(1, shard.tail.records)
    moving = shard.tail.begin_move()
    covered = shard.machine.fence.checkpoint
    objects = await _in_order(moving)
    due = await move_history(shard, objects, moving, lambda: _room(shard, record_bytes, behind()))
    root = await _write_index(shard, body)
    await _write_states(shard, residents, due + shard.take_long())
    shard.tail.end_move()
    if not shard.alive:
        return
    shard.machine.name_checkpoint(CheckpointName(body.offset, body.w_epoch))
    shard.touch()
    before, shard.root = shard.root, root
    if covered is not None:
        keep = (*root.everything(), *(before.everything() if before else ()))
        await shard.log.store.trim(shard.number, covered.offset, keep)


async def _in_order(moving: Told) -> list[ObjectId]:
    """Return the objects in the order of their keys: neighbours lie together in the store."""
    runs: list[list[ObjectId]] = []
    for some in _batches(moving, SORTED_AT_ONCE):
        runs.append(sorted(some, key=_key))
        await asyncio.sleep(0)
    merged = merge(*runs, key=_key)
    ordered: list[ObjectId] = []
    while some := list(islice(merged, SORTED_AT_ONCE)):
        ordered += some
        await asyncio.sleep(0)
    return ordered


def _room(shard: Shard, record_bytes: float, behind: int) -> Room:
    """Return how much history a commit takes now."""
    faster = 1 + behind + FASTER * _due(shard)
    records = min(RECORDS_AT_ONCE, BYTES_AT_ONCE / max(1.0, record_bytes))
    objects = min(AT_ONCE_MAX, int(AT_ONCE * faster))
    return Room(objects, min(RECORDS_MAX, max(1, int(records * faster))))


async def _write_index(shard: Shard, body: CheckpointBody) -> Root:
    await paced(shard.machine.index.objects.settle(), lambda: _due(shard))
    writing = Writing(body, shard.machine.index.objects.layers)
    await paced(writing.steps(), lambda: _due(shard))
    await shard.log.put_checkpoint(shard.number, writing)
    assert writing.root is not None
    return writing.root


async def _write_states(shard: Shard, residents: Residents, objects: list[ObjectId]) -> None:
    """Keep the states of those objects that are held, each if it is committed by then.

    Of those that are not, there is history; they are due again when they were read back.
    """
    for some in _batches(objects, AT_ONCE):
        states = await _states(residents, some)
        await _committed(shard, states)
        if not shard.alive:
            return
        kept = [
            (object, _snapshot(held))
            for object, held in states.items()
            if held.state is not None and held.version <= shard.committed_version(object)
        ]
        if kept:
            await shard.log.store.put_snapshots(shard.number, kept)


async def _states(residents: Residents, objects: Iterable[ObjectId]) -> dict[ObjectId, Held]:
    """Return the states of those that executors hold, committed or not."""
    asked: dict[Executor, list[Resident]] = {}
    for object in objects:
        resident = residents.get(object)
        if resident is not None and resident.held and resident.waiting is None:
            asked.setdefault(resident.entry.service.executor, []).append(resident)
    found: dict[ObjectId, Held] = {}
    for executor, ones in asked.items():
        asked_at = residents.count
        states = zip(ones, await executor.states([one.object for one in ones]), strict=True)
        found.update(
            (one.object, held)
            for one, held in states
            if held is not None and residents.nothing_taken_back(one, asked_at)
        )
    return found


async def _committed(shard: Shard, states: dict[ObjectId, Held]) -> None:
    """Wait a few commits until what was caught is committed; a later state is not asked for."""
    for _ in range(COMMITS_MAX):
        ahead = (one for one in states if shard.machine.is_ahead(one))
        if all(states[one].version <= shard.committed_version(one) for one in ahead):
            return
        await shard.next_commit()


def _snapshot(held: Held) -> StoredSnapshot:
    return StoredSnapshot(
        version=held.version,
        state=held.state or b"",
        state_version=held.state_version,
        deleted=held.deleted,
    )


def _batches(objects: Iterable[ObjectId], size: int) -> Iterator[list[ObjectId]]:
    left = iter(objects)
    while some := list(islice(left, size)):
        yield some


_key = attrgetter("key")
