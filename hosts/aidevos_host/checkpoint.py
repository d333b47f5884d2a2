"""Writes a shard's checkpoint in the background: history, snapshots, index, then its name.

Snapshots are of committed versions alone; an object that runs ahead is caught as it is now and
written last, when its version has been committed meanwhile, so that a busy one gets them too. The
name rides on an append only after everything it names is durable; rows that an earlier named
checkpoint covers are dropped (PROTOCOL.md 10).
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from aidevos.core.checkpoint import CheckpointBody, Root, Writing
from aidevos.core.ids import ObjectId
from aidevos.core.record import CheckpointName
from aidevos.core.turn import Executor, Held
from aidevos.storage.base import StoredSnapshot
from aidevos.storage.history import chunk_of
from aidevos_host.resident import Residents
from aidevos_host.shard import Shard
from aidevos_host.tail import Told

AT_ONCE = 128
"""Objects whose history or snapshots go into one commit, which answers may wait for."""


def wants_checkpoint(shard: Shard) -> bool:
    """Whether enough was committed since the last one."""
    config, tail, index = shard.config, shard.tail, shard.machine.index
    known = len(index.objects) + index.calls.count
    return (
        tail.rows >= config.checkpoint_rows
        or tail.size >= config.checkpoint_bytes
        or tail.records >= max(config.checkpoint_records, known // 4)
    )


async def write_checkpoint(shard: Shard, residents: Residents) -> None:
    """Write one; raises UnavailableError when the store is gone. One at a time per shard."""
    body = shard.machine.checkpoint()
    moving = shard.tail.begin_move()
    covered = shard.machine.fence.checkpoint
    store, number = shard.log.store, shard.machine.fence.shard
    caught = await _states(residents, moving)
    await _write_history(shard, moving)
    root = await _write_index(shard, body)
    if not shard.alive:
        return
    await _write_snapshots(shard, caught)
    shard.tail.end_move()
    if not shard.alive:
        return
    shard.machine.name_checkpoint(CheckpointName(body.offset, body.w_epoch))
    shard.touch()
    before, shard.root = shard.root, root
    if covered is not None:
        keep = (*root.everything(), *(before.everything() if before else ()))
        await store.trim(number, covered.offset, keep)


async def _write_history(shard: Shard, moving: Told) -> None:
    """In the order of the keys: neighbours lie together in the store."""
    objects = iter(sorted(moving))
    while some := tuple(islice(objects, AT_ONCE)):
        chunks = [chunk_of(object, moving[object]) for object in some]
        await shard.log.store.put_history(shard.machine.fence.shard, chunks)


async def _write_index(shard: Shard, body: CheckpointBody) -> Root:
    await _let_others_run(shard.machine.index.objects.settle())
    writing = Writing(body, shard.machine.index.objects.layers)
    await _let_others_run(writing.steps())
    await shard.log.put_checkpoint(shard.machine.fence.shard, writing)
    assert writing.root is not None
    return writing.root


async def _write_snapshots(shard: Shard, caught: Mapping[ObjectId, Held | None]) -> None:
    left = iter(_snapshots(shard, caught))
    while some := tuple(islice(left, AT_ONCE)):
        await shard.log.store.put_snapshots(shard.machine.fence.shard, some)


async def _let_others_run(steps: Iterator[None]) -> None:
    for _ in steps:
        await asyncio.sleep(0)


async def _states(residents: Residents, objects: Iterable[ObjectId]) -> dict[ObjectId, Held | None]:
    """Return the states of those that executors hold, committed or not."""
    held: dict[Executor, list[ObjectId]] = {}
    for object in objects:
        resident = residents.get(object)
        if resident is not None and resident.held and resident.waiting is None:
            held.setdefault(resident.entry.service.executor, []).append(object)
    found: dict[ObjectId, Held | None] = {}
    for executor, ones in held.items():
        found.update(zip(ones, await executor.states(ones), strict=True))
    return found


def _snapshots(
    shard: Shard, caught: Mapping[ObjectId, Held | None]
) -> tuple[tuple[ObjectId, StoredSnapshot], ...]:
    """Return the states that were in memory, each if its version is committed by now."""
    return tuple(
        (
            object,
            StoredSnapshot(
                version=held.version,
                state=held.state,
                state_version=held.state_version,
                deleted=held.deleted,
            ),
        )
        for object, held in sorted(caught.items())
        if held is not None
        and held.state is not None
        and held.version <= shard.committed_version(object)
    )
