"""Objects come back from what is stored, many read together, whatever is written meanwhile."""

import asyncio
from collections.abc import Sequence

from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.revive import LONG, SNAPSHOT_EACH, load_many
from counter_type import until
from note_type import begin, note

from aidevos.core.ids import ObjectId
from aidevos.storage.base import HistoryChunk
from aidevos.storage.memory import MemoryStore

NOTE_A = ObjectId("default", "Note", "a")


class Watched(MemoryStore):
    """Counts its reads of history, and lets them wait while it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def get_history(self, places: Sequence[tuple[int, int]]) -> Sequence[HistoryChunk | None]:
        self.reads.append(len(places))
        await self.open.wait()
        return await super().get_history(places)


async def written(host: Host, key: str, times: int, id: str = "") -> None:
    for number in range(times):
        payload = b'{"text":"%d"}' % number
        await host.invoke(note(key, payload=payload, id=f"{id}{key}{number}"))


async def put_down(host: Host) -> None:
    """Write a checkpoint and let everything leave memory."""
    shard = host._shards[0]
    before = shard.machine.fence.checkpoint
    host._begin_checkpoint(shard)
    await until(lambda: shard.machine.fence.checkpoint != before and not host._checkpointing)
    forget(host)


def forget(host: Host) -> None:
    host._engine.residents.hibernate(host.ports.monotonic_ms() + 1, 10_000)


async def test_cold_objects_that_are_called_together_are_read_together() -> None:
    store = Watched()
    host = await begin(store)
    keys = [f"k{number}" for number in range(150)]
    await asyncio.gather(*(written(host, key, 1) for key in keys))
    await put_down(host)
    found = await asyncio.gather(*(host.invoke(note(key, "read")) for key in keys))
    assert [answer.payload for answer in found] == [b'"0"'] * 150
    assert len(store.reads) <= 6
    assert sum(store.reads) == 150
    host.crash()


async def test_what_moves_into_history_while_an_object_is_read_is_there_once() -> None:
    store = Watched()
    host = await begin(store)
    await written(host, "a", 3)
    await put_down(host)
    await written(host, "a", 3, id="more")
    forget(host)
    store.open.clear()
    reading = asyncio.create_task(load_many([(host._shards[0], NOTE_A)]))
    await until(lambda: len(store.reads) == 2)  # `a` was read once for the calls in between.
    await put_down(host)
    store.open.set()
    [held] = await reading
    assert held.version == 6
    assert [event.body for event in held.events] == [
        b'{"text":"%d","rank":0}' % number for number in (0, 1, 2, 0, 1, 2)
    ]
    host.crash()


async def test_a_state_is_kept_when_a_multiple_of_so_many_events_is_passed() -> None:
    store = MemoryStore()
    host = await begin(store)
    await written(host, "a", SNAPSHOT_EACH - 1)
    await put_down(host)
    assert await store.get_snapshots([(0, NOTE_A)]) == {}
    await written(host, "a", 1, id="one")
    await put_down(host)
    assert (await store.get_snapshots([(0, NOTE_A)]))[NOTE_A].version == SNAPSHOT_EACH
    host.crash()


async def test_an_object_that_is_never_held_at_a_checkpoint_gets_its_state_kept() -> None:
    store = MemoryStore()
    host = await begin(store)
    await written(host, "a", LONG + 1)
    forget(host)
    await put_down(host)
    assert await store.get_snapshots([(0, NOTE_A)]) == {}
    assert (await host.invoke(note("a", "read"))).payload == b'"%d"' % LONG
    await put_down(host)
    assert (await store.get_snapshots([(0, NOTE_A)]))[NOTE_A].version == LONG + 1
    host.crash()


async def test_a_restart_with_a_checkpoint_and_rows_after_it_finds_all_of_it() -> None:
    store, config = MemoryStore(), HostConfig(shard_count=1)
    host = await begin(store, config)
    await written(host, "a", 20)
    await put_down(host)
    await written(host, "a", 3, id="after")
    host.crash()
    again = await begin(store, config)
    [held] = await load_many([(again._shards[0], NOTE_A)])
    assert (held.version, len(held.events)) == (23, 3)
    assert (await again.invoke(note("a", "read"))).payload == b'"2"'
    again.crash()


async def test_layers_that_an_older_checkpoint_wrote_outlive_it() -> None:
    store, config = MemoryStore(), HostConfig(shard_count=1)
    host = await begin(store, config)
    await asyncio.gather(*(written(host, f"k{number}", 1) for number in range(400)))
    for round in range(4):
        await put_down(host)
        await written(host, f"k{round}", 1, id="more")
    names = {name for _, name, _ in store.tables.checkpoints}
    assert len(names) == 3  # The newest two, and the one whose layer both name.
    host.crash()
    again = await begin(store, config)
    assert again.statistics()["objects"] == 400
    assert (await again.invoke(note("k399", "read"))).payload == b'"0"'
    again.crash()
