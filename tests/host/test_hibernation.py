"""What leaves memory and when; nothing that is lost with it."""

import asyncio

import pytest
from aidevos_host import hibernation
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from counter_type import until
from note_type import begin, note

from aidevos.core.ids import ObjectId
from aidevos.core.layer import Layer
from aidevos.core.objects_index import ObjectsIndex
from aidevos.storage.memory import MemoryStore


def residents(host: Host) -> list[str]:
    return sorted(resident.object.key for resident in host._engine.residents)


def index_of(host: Host, number: int = 0) -> ObjectsIndex:
    return host._shards[number].machine.index.objects


async def written(host: Host, *keys: str, id: str = "") -> None:
    payload = b'{"text":"x"}'
    await asyncio.gather(*(host.invoke(note(key, payload=payload, id=id + key)) for key in keys))


async def test_the_coldest_leave_first_and_the_hottest_in_the_end() -> None:
    host = await begin(MemoryStore())
    await written(host, "hot", *(f"old{number}" for number in range(50)))
    clock = host._engine.residents
    hot = clock.get(ObjectId("default", "Note", "hot"))
    assert hot is not None
    for resident in clock:
        resident.used = 10
    left = []
    for round in range(1, 9):
        clock.hibernate(0, len(clock), now_ms=1_000 * round, pressed=True)
        if round <= 4:
            hot.used = 1_000 * round + 500
        left.append(len(clock))
    assert left == [51, 51, 51, 1, 1, 1, 1, 0]
    assert (await host.invoke(note("old3", "read"))).payload == b'"x"'
    host.crash()


async def test_with_too_many_objects_some_leave() -> None:
    host = await begin(MemoryStore(), HostConfig(shard_count=1, resident_max=60))
    await written(host, *(f"k{number}" for number in range(100)))
    await until(lambda: host.statistics()["residents"] <= 60)
    assert (await host.invoke(note("k3", "read"))).payload == b'"x"'
    host.crash()


async def test_with_too_little_memory_objects_leave_and_come_back() -> None:
    host = await begin(MemoryStore(), HostConfig(shard_count=1, memory_bytes_max=1))
    await written(host, *"abcdef")
    await until(lambda: host.statistics()["residents"] < 6)
    assert [(await host.invoke(note(key, "read"))).payload for key in "abcdef"] == [b'"x"'] * 6
    host.crash()


async def test_an_object_whose_change_is_not_committed_stays() -> None:
    host = await begin(MemoryStore())
    calling = asyncio.create_task(written(host, "a"))
    await until(lambda: host._shards[0].machine.is_ahead(ObjectId("default", "Note", "a")))
    assert host._engine.residents.hibernate(host.ports.monotonic_ms() + 1, 10) == 0
    await calling
    assert host._engine.residents.hibernate(host.ports.monotonic_ms() + 1, 10) == 1
    host.crash()


async def test_a_shard_that_nobody_changes_is_written_down_and_takes_its_compact_form() -> None:
    store = MemoryStore()
    config = HostConfig(shard_count=1, hibernate_after_ms=40)
    host = await begin(store, config)
    await written(host, *(f"k{number}" for number in range(300)))
    index = index_of(host)
    await until(lambda: sum(map(len, index.layers)) == 300)
    await until(lambda: not host.statistics()["residents"])
    assert index.changed == 0
    assert all(isinstance(layer, Layer) for layer in index.layers)
    await until(lambda: host._shards[0].machine.fence.checkpoint is not None)
    host.crash()
    again = await begin(store, config)
    assert again._shards[0].tail.records == 0
    assert (await again.invoke(note("k7", "read"))).payload == b'"x"'
    again.crash()


async def test_memory_is_given_back_once_after_the_checkpoint_of_a_host_that_nobody_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[str] = []
    monkeypatch.setattr(hibernation, "give_back", lambda: given.append("all that is free"))
    host = await begin(MemoryStore(), HostConfig(shard_count=1, checkpoint_rows=5))
    for number in range(8):  # A row each.
        await written(host, f"k{number}")
    await until(lambda: host._shards[0].machine.fence.checkpoint is not None)
    await until(lambda: not host._checkpointing)
    counts = []
    for _ in range(4):
        await host._hibernation._drop_idle()
        counts.append(len(given))
    assert counts == [0, 1, 1, 1], "the first round finds calls since the one before"
    host.crash()


async def test_the_members_of_a_group_are_forgotten_and_found_again() -> None:
    host = await begin(MemoryStore(), HostConfig(shard_count=1, hibernate_after_ms=40))
    await written(host, "{g}b", "{g}a")
    members = host._shards[0].members
    assert len(members) == 1
    await until(lambda: len(members) == 0)
    group = ObjectId("default", "Note", "{g}b").group
    assert [object.key for object in members.of(group, "Note")] == ["{g}b", "{g}a"]
    host.crash()
