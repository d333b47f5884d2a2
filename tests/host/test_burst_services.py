"""Services that are replaced or removed while bursts of their calls are under way."""

from lane_stream import Stream
from lane_world import lane_world
from step_worker import worker_of

FRAME = ("a.add", "b.add", "a.add", "c.add", "a.add")
WANT = [1, 1, 2, 1, 3]


async def test_calls_of_a_replaced_service_end_with_it_and_later_ones_build_on_them() -> None:
    async with lane_world() as world:
        old, service = world.executor, world.service
        stream = Stream(world.host)
        numbers = stream.say(*FRAME)
        await world.go(1)
        world.install(2)
        more = stream.say(*FRAME)
        assert not world.executor._turns.added, "the objects are with the old one"
        worker_of(old).go()
        assert await stream.hear(numbers) == WANT
        assert await stream.hear(more) == [4, 2, 5, 2, 6]
        assert service.use.count == 0
        world.worker.waits = True
        last = stream.say(*FRAME)
        await world.go()
        assert await stream.hear(last) == [7, 3, 8, 3, 9]
        assert world.worker.frames[-1] == 5, "bursts again"
        await old.close()


async def test_a_burst_that_falls_apart_after_its_service_was_replaced_goes_on_with_the_new() -> (
    None
):
    async with lane_world() as world:
        old = world.executor
        stream = Stream(world.host)
        numbers = stream.say(*FRAME)
        await world.go(0)
        world.install(2)
        worker_of(old).die(0)
        assert await stream.hear(numbers) == WANT
        await old.close()


async def test_a_service_that_is_removed_ends_its_bursts_and_refuses_later_calls() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say(*FRAME)
        await world.go(1)
        world.host.catalog.remove("default", "tallies")
        more = stream.say("a.add", "b.add")
        await world.go()
        assert await stream.hear(numbers) == WANT
        assert await stream.hear(more) == ["NOT_FOUND"] * 2


async def test_calls_that_wait_for_their_object_do_not_hold_up_the_version_that_will_run_them() -> (
    None
):
    """They wait for a commit; the new version waits for turns of the old, which they are not."""
    async with lane_world() as world:
        stream, old = Stream(world.host), world.executor
        world.held.may_commit.clear()
        numbers = stream.say("a.add", "a.add")
        await world.go()
        world.worker.die(0)
        waiting = stream.say("a.add")
        await world.go(0)
        world.install(2)
        behind = stream.say("a.add")
        world.held.may_commit.set()
        assert await stream.hear(numbers) == [1, 2]
        assert await stream.hear([*waiting, *behind]) == [3, 4]
        await old.close()
