"""What a turn finds in its group: everything, in the order of its making, memory or not."""

import asyncio

import pytest
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from counter_type import until
from note_type import begin, note

from aidevos.core import codec
from aidevos.storage.memory import MemoryStore


async def write(host: Host, *names: str) -> None:
    payloads = {name: codec.to_json({"text": name}) for name in names}
    await asyncio.gather(*(host.invoke(note(f"{{g}}{n}", payload=p)) for n, p in payloads.items()))


async def names(host: Host) -> list[str]:
    return codec.from_json((await host.invoke(note("{g}x", "names"))).payload)  # type: ignore[no-any-return]


async def test_a_group_larger_than_memory_is_found_whole() -> None:
    store, config = MemoryStore(), HostConfig(shard_count=1, resident_max=2)
    host = await begin(store, config)
    await write(host, *"abcdef")
    assert await names(host) == list("abcdef")
    host = await begin(store, config)
    assert await names(host) == list("abcdef")
    await until(lambda: host.statistics()["residents"] <= config.resident_max)
    assert await names(host) == list("abcdef")


@pytest.mark.parametrize("checkpoint_rows", [1, 1_000])
async def test_objects_of_one_commit_keep_their_order_over_a_restart(checkpoint_rows: int) -> None:
    store, config = MemoryStore(), HostConfig(shard_count=1, checkpoint_rows=checkpoint_rows)
    host = await begin(store, config)
    await write(host, "z", "m", "a", "q")
    await host.invoke(note("{g}m", "remove"))
    await host.invoke(note("{g}m", payload=b'{"text":"m again"}'))
    before = await names(host)
    await host.stop()
    assert before == ["z", "a", "q", "m again"]
    assert await names(await begin(store, config)) == before
