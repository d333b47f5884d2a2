"""Lists page by page while objects come, change and go; events and watches over long histories."""

import asyncio
import random

import pytest
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from note_type import begin, note

from aidevos.core.errors import UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.doors.port import ListQuery
from aidevos.storage.memory import MemoryStore

A = ObjectId("default", "Note", "a")
CONFIG = HostConfig(shard_count=3, checkpoint_rows=4)


async def pages(host: Host, **query: object) -> list[list[str]]:
    found, token = [], ""
    while True:
        page = await host.list_objects(ListQuery(page_token=token, **query))  # type: ignore[arg-type]
        found.append([view.object.key for view in page.objects])
        token = page.next_page_token
        if not token:
            return found


async def test_pages_hold_each_object_once_whatever_comes_and_goes_between_them() -> None:
    host = await begin(MemoryStore(), CONFIG)
    chance = random.Random(3)
    stay = [f"s{number:02}" for number in range(30)]
    keys = [*stay, *(f"t{number:02}" for number in range(10))]
    chance.shuffle(keys)
    await asyncio.gather(*(host.invoke(note(key)) for key in keys))

    async def trouble() -> None:
        for number in range(10):
            await host.invoke(note(f"t{number:02}", "remove"))
            await host.invoke(note(f"a{number:02}"))
            await host.invoke(note(f"s{number:02}", id=f"again {number}"))

    going = asyncio.ensure_future(trouble())
    found = [key for page in await pages(host, page_size=7) for key in page]
    await going
    assert [key for key in found if key in stay] == stay
    assert found == sorted(set(found))


async def test_lists_take_prefix_type_field_and_who_asks_together() -> None:
    host = await begin(MemoryStore(), CONFIG)
    for key in ("b2", "a1", "b1", "b3", "c"):
        await host.invoke(note(key, payload=b'{"rank":%d}' % (key != "b3")))
    await host.invoke(note("b2", "remove"))
    assert await pages(host, type="Note", key_prefix="b") == [["b1", "b3"]]
    assert await pages(host, key_prefix="b", where={"rank": 1}) == [["b1"]]
    assert await pages(host, type="Note", page_size=2) == [["a1", "b1"], ["b3", "c"]]
    assert await pages(host, type="Not") == await pages(host, tenant="other") == [[]]


async def test_a_page_of_events_is_read_alone_and_pages_meet_over_checkpoint_and_tail() -> None:
    host = await begin(MemoryStore(), HostConfig(shard_count=1, checkpoint_rows=3))
    for number in range(20):
        await host.invoke(note("a", id=str(number)))
    found: list[int] = []
    while page := await host.list_events(A, "operator", after=len(found), limit=3):
        assert len(page) <= 3
        found += [event.sequence for event in page]
    assert found == list(range(1, 21))


async def test_a_watch_that_begins_on_a_lost_shard_ends_with_a_reason() -> None:
    host = await begin(MemoryStore(), HostConfig(shard_count=1))
    await host.invoke(note("a"))
    watching = host.watch(A, "operator")
    assert (await anext(watching)).sequence == 1
    host.crash()
    with pytest.raises(UnavailableError):
        await asyncio.wait_for(anext(watching), 1)


async def test_a_slow_reader_of_a_long_history_is_not_ended_for_new_events() -> None:
    host = await begin(MemoryStore(), HostConfig(shard_count=1, watch_buffer=2))
    for number in range(5):
        await host.invoke(note("a", id=str(number)))
    watching = host.watch(A, "operator")
    seen = [(await anext(watching)).sequence]
    for number in range(5, 15):
        await host.invoke(note("a", id=str(number)))
    seen += [(await anext(watching)).sequence for _ in range(14)]
    assert seen == list(range(1, 16))
