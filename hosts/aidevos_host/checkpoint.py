"""Writes a shard's checkpoint in the background: history, snapshots, index, then its name.

Snapshots are of committed versions alone. The name rides on an append only after everything it
names is durable; rows that an earlier named checkpoint covers are dropped (PROTOCOL.md 10).
"""

from aidevos.core.checkpoint import encode_checkpoint
from aidevos.core.ids import ObjectId
from aidevos.core.record import CheckpointName
from aidevos.storage.base import StoredSnapshot
from aidevos_host.shard import Shard


def wants_checkpoint(shard: Shard) -> bool:
    """Whether enough was committed since the last one."""
    config = shard.config
    return shard.tail.rows >= config.checkpoint_rows or shard.tail.size >= config.checkpoint_bytes


async def write_checkpoint(shard: Shard) -> None:
    """Write one; raises UnavailableError when the store is gone. One at a time per shard."""
    body = shard.machine.checkpoint()
    name = CheckpointName(body.offset, body.w_epoch)
    moving = shard.tail.begin_move()
    covered = shard.machine.fence.checkpoint
    store, number = shard.log.store, shard.machine.fence.shard
    snapshots = _snapshots(shard, tuple(moving))
    encoded = encode_checkpoint(body)
    await store.put_history(
        tuple((object, event) for object, events in moving.items() for event in events)
    )
    await store.put_snapshots(snapshots)
    await shard.log.put_checkpoint(number, name, encoded)
    shard.tail.end_move()
    if not shard.alive:
        return
    shard.finish(shard.machine.name_checkpoint(name))
    if covered is not None:
        await store.trim(number, covered.offset)


def _snapshots(
    shard: Shard, objects: tuple[ObjectId, ...]
) -> tuple[tuple[ObjectId, StoredSnapshot], ...]:
    """Return the states that are in memory at exactly their committed version."""
    found: list[tuple[ObjectId, StoredSnapshot]] = []
    for object in objects:
        held = shard.residents.peek(object)
        if held is None or held.state is None or held.version != shard.committed_version(object):
            continue
        snapshot = StoredSnapshot(
            version=held.version,
            state=held.state,
            state_version=held.state_version,
            deleted=held.deleted,
        )
        found.append((object, snapshot))
    return tuple(found)
