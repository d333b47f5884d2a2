"""Frames that no honest client sends, workers that lie: no harm to the log, to order, to memory."""

from lane_stream import Stream
from lane_world import lane_world

ADDED = [("Added", 1, b'{"by":1}')]


async def test_an_object_that_is_twice_in_a_frames_table_keeps_the_order_of_its_calls() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        twice = [("Tally", "a"), ("Tally", "a")]
        numbers = stream.say(
            *("a.add", "a.total", "a.add", "a.add"), objects=twice, object_index=[0, 1, 0, 1]
        )
        await world.go()
        assert await stream.hear(numbers) == [1, 1, 2, 3]


async def test_a_worker_that_makes_one_version_twice_is_not_believed_whatever_the_table() -> None:
    """The log could not be replayed with it."""
    async with lane_world() as world:
        stream = Stream(world.host)
        twice = [("Tally", "a"), ("Tally", "a")]
        world.worker.lies = {world.next + 1: (1, b"1", ADDED, {})}
        numbers = stream.say("a.add", "a.add", objects=twice, object_index=[0, 1])
        await world.go()
        world.worker.waits = False
        await world.go()
        assert await stream.hear(numbers) == [1, 2]
        events = await world.host.list_events(world.object("a"), "operator")
        assert [event.sequence for event in events] == [1, 2]


async def test_what_a_frame_names_and_does_not_call_is_not_stored() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        table = [("Tally", "b"), ("Tally", "a"), ("Tally", "c")]
        numbers = stream.say(
            *("a.add", "a.add"), objects=table, object_index=[1, 1],
            methods=["x" * 1_000, "add", "nothing"], method_index=[1, 1],
        )  # fmt: skip
        await world.go()
        assert await stream.hear(numbers) == [1, 2]
        assert world.worker.frames == [2]
        (record,) = world.stored()
        assert (record.objects, record.methods) == ([world.object("a")], ["add"])


async def test_parts_of_a_burst_name_their_own_objects_alone() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say("a.add", "b.add", "b.nothing", "c.add")
        for _ in numbers:
            await world.go(1)
        assert await stream.hear(numbers) == [1, 1, 1, 1]
        await world.at_rest()
        assert [([o.key for o in r.objects], r.methods) for r in world.stored()] == [
            *((["a"], ["add"]), (["b"], ["add"])),
            *((["b"], ["nothing"]), (["c"], ["add"])),
        ]


async def test_a_stream_that_was_closed_admits_nothing_and_leaves_no_session() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        stream.port.close()
        stream.say("a.add", "b.add")
        stream.say("a.add")
        await world.go()
        assert stream.told == {}
        assert world.worker.frames == []
        assert not world.host._shards[0].machine._sessions
