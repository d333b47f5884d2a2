"""Writes a shard's checkpoint in the background: history, snapshots, index, then its name.

Snapshots are of committed versions alone; an object that runs ahead is caught as it is now and
written last, when its version has been committed meanwhile, so that a busy one gets them too. The
name rides on an append only after everything it names is durable; rows that an earlier named
checkpoint covers are dropped (PROTOCOL.md 10).
"""

from collections.abc import Mapping

from aidevos.core.checkpoint import encode_checkpoint
from aidevos.core.ids import ObjectId
from aidevos.core.record import CheckpointName
from aidevos.core.turn import Held
from aidevos.storage.base import StoredSnapshot
from aidevos_host.shard import Shard


def wants_checkpoint(shard: Shard) -> bool:
    """Whether enough was committed since the last one."""
    config, tail, index = shard.config, shard.tail, shard.machine.index
    known = len(index.objects) + len(index.calls)
    return (
        tail.rows >= config.checkpoint_rows
        or tail.size >= config.checkpoint_bytes
        or tail.records >= max(config.checkpoint_records, known // 4)
    )


async def write_checkpoint(shard: Shard) -> None:
    """Write one; raises UnavailableError when the store is gone. One at a time per shard."""
    body = shard.machine.checkpoint()
    name = CheckpointName(body.offset, body.w_epoch)
    moving = shard.tail.begin_move()
    covered = shard.machine.fence.checkpoint
    store, number = shard.log.store, shard.machine.fence.shard
    caught = {object: shard.residents.peek(object) for object in moving}
    encoded = encode_checkpoint(body)
    await store.put_history(
        tuple((object, event) for object, events in moving.items() for event in events)
    )
    await shard.log.put_checkpoint(number, name, encoded)
    if not shard.alive:
        return
    await store.put_snapshots(_snapshots(shard, caught))
    shard.tail.end_move()
    if not shard.alive:
        return
    shard.finish(shard.machine.name_checkpoint(name))
    if covered is not None:
        await store.trim(number, covered.offset)


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
        for object, held in caught.items()
        if held is not None
        and held.state is not None
        and held.version <= shard.committed_version(object)
    )
