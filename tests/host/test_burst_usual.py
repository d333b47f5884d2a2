"""What is usual, and what goes call by call instead; bursts are made again when it is over."""

from aidevos_host.config import HostConfig
from lane_stream import Stream
from lane_world import lane_world

from aidevos.core.record import BurstRecord, Record


async def test_what_was_taken_back_after_a_burst_was_sent_makes_its_calls_run_again() -> None:
    async with lane_world() as world:
        stream, engine = Stream(world.host), world.engine
        numbers = stream.say("a.nothing", "b.add", "a.nothing")
        await world.go(0)
        engine.take_back(engine.residents.count, [world.object("a")])
        world.worker.waits = False
        await world.go()
        assert await stream.hear(numbers) == [0, 1, 0]
        assert sum(world.worker.frames) == 5
        records = world.recorded()
        await stream.hear(stream.say("a.add", "b.add"))
        assert list(map(type, records)) == [BurstRecord]


async def test_objects_that_a_dead_worker_held_are_held_again_before_their_calls_are_sent() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        again = world.worker.die(0)
        again.waits = False
        numbers = stream.say("a.add", "b.add", "a.add")
        assert await stream.hear(numbers) == [1, 1, 2]
        assert sum(again.frames) == 3, "none was lost first"
        await stream.hear(stream.say("a.add", "b.add", "a.add"))
        assert again.frames[-1] == 3


async def test_calls_of_objects_in_tagged_groups_go_one_by_one() -> None:
    async with lane_world(None, "a", "{g}x", "{g}y", waits=False) as world:
        stream = Stream(world.host)
        numbers = stream.say("{g}x.add", "a.add", "{g}y.add", "{g}x.add", "a.add")
        assert await stream.hear(numbers) == [1, 1, 1, 2, 2]
        kinds = sorted((type(one).__name__ for one in world.stored()), key=str)
        assert kinds == ["BurstRecord", "Record", "Record", "Record"]


async def test_expected_versions_are_judged_call_by_call() -> None:
    async with lane_world(waits=False) as world:
        stream = Stream(world.host)
        numbers = stream.say("a.add", "a.add", "b.add", expected_versions=[0, 0, -1])
        assert await stream.hear(numbers) == [1, "VERSION_CONFLICT", 1]
        assert all(isinstance(one, Record) for one in world.stored())


async def test_frames_of_several_shards_are_a_burst_for_each() -> None:
    keys = [f"k{n}" for n in range(24)]
    async with lane_world(HostConfig(shard_count=3), *keys) as world:
        stream = Stream(world.host)
        numbers = stream.say(*(f"{key}.add" for key in keys + keys))
        await world.go()
        assert await stream.hear(numbers) == [1] * 24 + [2] * 24
        assert len(world.worker.frames) == 3
        assert all(isinstance(one, BurstRecord) for one in world.stored())
        for shard in world.host._living():
            assert len(shard.machine.index.calls.sessions) == 1


async def test_a_call_alone_in_its_frame_is_a_single_one() -> None:
    async with lane_world(waits=False) as world:
        stream = Stream(world.host)
        assert await stream.hear(stream.say("a.add")) == [1]
        assert await stream.hear(stream.say("a.add", "a.total")) == [2, 2]
        assert [type(one) for one in world.stored()] == [Record, Record]


async def test_idle_objects_leave_only_when_their_bursts_are_over() -> None:
    async with lane_world() as world:
        stream, residents = Stream(world.host), world.engine.residents
        numbers = stream.say("a.add", "b.add", "a.add")
        await world.go(1)
        later = world.host.ports.monotonic_ms() + 1_000
        assert residents.hibernate(later, 3) == 1, "c alone"
        await world.go()
        assert await stream.hear(numbers) == [1, 1, 2]
        await world.at_rest()
        assert residents.hibernate(later, 3) == 2
        world.worker.waits = False
        assert await stream.hear(stream.say("a.add", "b.add")) == [3, 2]
