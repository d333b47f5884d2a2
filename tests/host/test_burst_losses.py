"""Workers that die or lie, states taken back, shards lost: under bursts."""

import pytest
from lane_stream import Stream
from lane_world import lane_world

from aidevos.core.errors import UnavailableError

FRAME = ("a.add", "b.add", "a.add", "c.add", "a.add")
WANT = [1, 1, 2, 1, 3]


@pytest.mark.parametrize("begun", [1, 3, 5])
async def test_a_call_that_kills_its_worker_fails_alone_and_the_others_run_once_more(
    begun: int,
) -> None:
    async with lane_world() as world:
        stream, first = Stream(world.host), world.next
        numbers = stream.say(*FRAME)
        await world.go(0)
        again = world.worker.die(first + begun - 1)
        again.waits = False
        told = await stream.hear(numbers)
        assert told.pop(begun - 1) == "HANDLER_FAILED"
        keys = [call[0] for call in FRAME]
        del keys[begun - 1]
        assert told == [keys[: place + 1].count(key) for place, key in enumerate(keys)]
        assert sum(again.frames) == 4
        await world.at_rest()
        assert {one.principal for one in world.singles()} == {"someone"}
        assert len(world.singles()) == 4


async def test_what_was_answered_before_a_worker_died_stays_and_the_rest_runs_again() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say(*FRAME)
        await world.go(2)
        again = world.worker.die(0)
        again.waits = False
        assert await stream.hear(numbers) == WANT
        assert sum(again.frames) == 3


async def test_bursts_that_wait_for_a_worker_that_forgot_everything_run_once() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say(*FRAME)
        assert world.executor._turns.waiting, "not sent yet"
        world.worker.die(0).waits = False
        await world.go()
        assert await stream.hear(numbers) == WANT
        assert len(world.singles()) == 5


GARBAGE = {
    "not JSON": (2, b"{", [("Added", 1, b'{"by":1}')], {}),
    "more events": (0, b"1", [("Added", 1, b'{"by":1}')], {}),
    "not indexed": (2, b"2", [("Added", 1, b'{"by":1}')], {"by": 1}),
}


@pytest.mark.parametrize("why", GARBAGE)
async def test_garbage_for_one_of_a_burst_fails_it_alone_and_ends_its_worker(why: str) -> None:
    async with lane_world() as world:
        stream, liar = Stream(world.host), world.worker
        liar.lies = {world.next + 2: GARBAGE[why]}
        numbers = stream.say(*FRAME)
        await world.go()
        assert why in liar.doubted
        world.worker.waits = False
        await world.go()
        assert await stream.hear(numbers) == [1, 1, "HANDLER_FAILED", 1, 2]


@pytest.mark.parametrize("version", [0, 1, 3, 9])
async def test_a_version_that_does_not_go_on_is_not_taken_and_the_call_runs_again(
    version: int,
) -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        events = [("Added", 1, b'{"by":1}')] if version else []
        world.worker.lies = {world.next + 2: (version, b"7", events, {})}
        numbers = stream.say(*FRAME)
        await world.go()
        world.worker.waits = False
        await world.go()
        assert await stream.hear(numbers) == WANT


async def test_a_state_that_is_taken_back_under_a_burst_is_built_on_by_none_of_it() -> None:
    """The first frame's turn leaves more than is kept, so what it did is taken back."""
    async with lane_world() as world:
        stream = Stream(world.host)
        large = stream.say("a.add", payloads=[b'{"by":5,"reply":1100000}'])
        numbers = stream.say(*FRAME)
        world.worker.waits = False
        await world.go()
        assert await stream.hear(large) == ["HANDLER_FAILED"]
        assert await stream.hear(numbers) == WANT


async def test_a_burst_that_is_more_than_one_record_holds_goes_on_call_by_call() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        small, half, large = b"{}", b'{"reply":600000}', b'{"reply":1100000}'
        payloads = [small, half, half, large, small]
        numbers = stream.say(*["a.add"] * 5, payloads=payloads)
        world.worker.waits = False
        await world.go()
        await stream.hear(numbers)
        versions = [getattr(stream.told[number][0], "version", None) for number in numbers]
        assert versions == [1, 2, 3, None, 4]


@pytest.mark.parametrize("when", ["waiting", "sent", "in part", "finished"])
async def test_a_shard_that_is_lost_tells_each_call_once_that_nothing_is_known(when: str) -> None:
    async with lane_world() as world:
        stream, shard = Stream(world.host), world.host._shards[0]
        world.held.may_commit.clear()
        numbers = stream.say(*FRAME)
        if when != "waiting":
            await world.go({"sent": 0, "in part": 2}.get(when, 9))
        copies = Stream(world.host)
        copies.say(*FRAME)
        shard.lost(None)
        world.held.may_commit.set()
        await world.go()
        for one in (stream, copies):
            assert await one.hear(numbers) == ["OUTCOME_UNKNOWN"] * 5
        assert shard.mail_bytes == 0
        await world.reopened(shard)
        again = Stream(world.host)
        again.say(*FRAME)
        world.worker.waits = False
        await world.go()
        assert await again.hear(numbers) == WANT
        assert len(world.singles()) == 5


async def test_when_no_worker_can_be_started_every_call_of_a_burst_may_be_tried_again() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say(*FRAME)
        world.executor.unavailable(UnavailableError("no worker"))
        assert await stream.hear(numbers) == ["UNAVAILABLE"] * 5
        again = Stream(world.host)
        again.say(*FRAME)
        await world.go()
        assert await again.hear(numbers) == WANT


async def test_an_executor_that_is_closed_refuses_a_burst_call_by_call() -> None:
    async with lane_world() as world:
        await world.executor.close()
        stream = Stream(world.host)
        assert await stream.hear(stream.say(*FRAME)) == ["UNAVAILABLE"] * 5
