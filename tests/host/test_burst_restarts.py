"""What came in bursts is there after a crash: objects, answers, events, listings."""

from pathlib import Path

import pytest
from lane_stream import Stream
from lane_world import LaneWorld, lane_world

from aidevos.doors.port import ListQuery
from aidevos.storage.sqlite import SqliteStore

FRAME = ("a.add", "b.add", "a.add", "a.refuse", "new.add", "b.nothing")
WANT = [1, 1, 2, "FAILED_PRECONDITION", 1, 1]


@pytest.mark.parametrize("crash", [True, False], ids=["from rows", "from a checkpoint"])
async def test_objects_and_answers_of_bursts_survive_a_restart(tmp_path: Path, crash: bool) -> None:
    path = tmp_path / "aidevos.db"
    async with lane_world(None, "a", "b", store=SqliteStore(path), waits=False) as world:
        stream = Stream(world.host)
        assert await stream.hear(stream.say(*FRAME)) == WANT
        await world.at_rest()
        if crash:
            world.host.crash()
    await world.store.close()
    async with lane_world(None, "c", store=SqliteStore(path), waits=False) as world:
        again = Stream(world.host)
        numbers = again.say(*FRAME)
        assert await again.hear(numbers) == WANT
        assert sum(world.worker.frames) == 0, "nothing ran"
        more = again.say("a.add", "b.add", "a.add", "new.add")
        assert await again.hear(more) == [3, 2, 4, 2]
        await check_readers(world)
    await world.store.close()


async def check_readers(world: LaneWorld) -> None:
    host = world.host
    events = await host.list_events(world.object("a"), "operator")
    assert [(event.sequence, event.method) for event in events] == [
        (sequence, "add") for sequence in range(1, 5)
    ]
    assert {event.request_id for event in events} == {"s"}
    page = await host.list_objects(ListQuery(type="Tally"))
    assert [(view.object.key, view.version) for view in page.objects] == [
        *(("a", 4), ("b", 2), ("new", 2)),
    ]
    view = await host.get_object(world.object("a"), "operator", version=3)
    assert (view.version, view.state) == (3, b'{"total":3}')


async def test_a_watcher_sees_each_event_of_a_burst_once_and_in_order() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        watch = world.host.watch(world.object("a"), "operator")
        first = stream.say("a.add", "b.add")
        await world.go()
        await stream.hear(first)
        seen = [(await anext(watch)).sequence]
        numbers = stream.say("a.add", "b.add", "a.add", "a.nothing", "a.add")
        await world.go()
        await stream.hear(numbers)
        seen += [(await anext(watch)).sequence for _ in range(3)]
        assert seen == [1, 2, 3, 4]
