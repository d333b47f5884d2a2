"""Checkpoints while calls go on: busy objects get snapshots too, and revive from them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from aidevos_host import checkpoint
from aidevos_host.config import HostConfig
from counter_type import until
from note_type import begin, note

from aidevos.core.ids import ObjectId
from aidevos.storage.base import HistoryChunk
from aidevos.storage.history import decode_chunk
from aidevos.storage.memory import MemoryStore
from aidevos.storage.sqlite import SqliteStore

HOT = ObjectId("default", "Note", "hot")


async def test_an_object_that_is_never_idle_is_snapshotted_and_revived(tmp_path: Path) -> None:
    config = HostConfig(shard_count=1, checkpoint_rows=5)
    store = SqliteStore(tmp_path / "aidevos.db")
    host = await begin(store, config)

    async def busy(caller: int) -> None:
        for number in range(40):
            await host.invoke(note("hot", payload=b'{"text":"x"}', id=f"{caller}.{number}"))

    await asyncio.gather(*(busy(caller) for caller in range(8)))
    host.crash()
    snapshots = await store.get_snapshots([(0, HOT)])
    await store.close()
    assert snapshots[HOT].version > 200
    store = SqliteStore(tmp_path / "aidevos.db")
    host = await begin(store, config)
    assert (await host.get_object(HOT, "operator")).version == 8 * 40
    events = await host.list_events(HOT, "operator", limit=1_000)
    assert [event.sequence for event in events] == list(range(1, 8 * 40 + 1))
    host.crash()
    await store.close()


async def test_a_checkpoint_that_fails_loses_the_shard_and_the_next_one_is_whole() -> None:
    class Failing(MemoryStore):
        fails = False

        async def put_history(self, shard: int, chunks: Sequence[HistoryChunk]) -> Sequence[int]:
            if self.fails:
                raise ValueError("a bug")
            return await super().put_history(shard, chunks)

    store = Failing()
    host = await begin(store, HostConfig(shard_count=1, checkpoint_rows=5))
    for number in range(4):
        await host.invoke(note("a", payload=b'{"text":"x"}', id=f"before{number}"))
    store.fails, lost = True, host._shards[0]
    await host.invoke(note("a", payload=b'{"text":"y"}', id="then"))
    await until(lambda: not lost.alive and host._shards[0] is not lost)
    store.fails = False
    for number in range(5):
        await host.invoke(note("a", payload=b'{"text":"z"}', id=f"after{number}"))
    await until(lambda: host._shards[0].machine.fence.checkpoint is not None)
    assert (await host.get_object(ObjectId("default", "Note", "a"), "operator")).version == 10
    host.crash()


async def test_the_history_of_a_hot_object_moves_piece_by_piece_and_is_whole_at_any_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checkpoint, "RECORDS_AT_ONCE", 3)
    monkeypatch.setattr(checkpoint, "RECORDS_MAX", 5)
    moved: list[int] = []
    seen: list[list[int]] = []

    class Looking(MemoryStore):
        async def put_history(self, shard: int, chunks: Sequence[HistoryChunk]) -> Sequence[int]:
            moved.append(sum(len(decode_chunk(chunk.records)) for chunk in chunks))
            places = await super().put_history(shard, chunks)
            events = await host.list_events(HOT, "operator", limit=1_000)
            seen.append([event.sequence for event in events])
            return places

    store = Looking()
    host = await begin(store, HostConfig(shard_count=1, checkpoint_rows=1_000))
    for number in range(40):
        await host.invoke(note("hot", payload=b'{"text":"x"}', id=str(number)))
    await host.invoke(note("cold", payload=b'{"text":"x"}', id="c"))
    host._begin_checkpoint(host._shards[0])
    await until(lambda: host._shards[0].machine.fence.checkpoint is not None)
    host.crash()
    assert sum(moved) == 41
    assert max(moved) <= 5
    assert len(moved) >= 9
    assert seen == [list(range(1, 41))] * len(moved)
    host = await begin(store, HostConfig(shard_count=1))
    assert (await host.get_object(HOT, "operator")).version == 40
    events = await host.list_events(HOT, "operator", after=17, limit=1_000)
    assert [event.sequence for event in events] == list(range(18, 41))
    host.crash()
