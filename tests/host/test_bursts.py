"""Usual calls of a frame on a real host: one burst, each call answered once, nothing left."""

import time

import pytest
from aidevos_host.config import HostConfig
from lane_stream import Stream
from lane_world import lane_world


async def test_usual_calls_of_a_frame_are_one_frame_to_the_worker_and_one_record() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say("a.add", "b.add", "a.add", "c.nothing", "a.add")
        await world.go()
        assert world.worker.frames == [5]
        assert await stream.hear(numbers) == [1, 1, 2, 0, 3]
        (record,) = world.stored()
        assert list(record.numbers) == list(numbers)
        assert record.versions == [1, 1, 2, 0, 3]


@pytest.mark.parametrize("parts", [[1] * 6, [2, 4], [5, 1], [3, 3]])
async def test_results_that_come_in_parts_are_stored_and_answered_in_parts(
    parts: list[int],
) -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say("a.add", "b.add", "a.add", "a.add", "c.add", "a.add")
        done = 0
        for count in parts:
            await world.go(count)
            done += count
            await stream.hear(numbers[:done])
            assert stream.told.keys() == set(numbers[:done])
        assert await stream.hear(numbers) == [1, 1, 2, 3, 1, 4]
        assert [len(record.numbers) for record in world.stored()] == parts


@pytest.mark.parametrize("refused", [1, 4, 5, 8])
async def test_calls_that_are_refused_in_a_burst_harm_no_neighbour_and_are_remembered(
    refused: int,
) -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say(*(["a.add", "a.refuse"] * refused), "b.add", "a.add")
        await world.go()
        assert world.worker.frames == [2 * refused + 2]
        told = await stream.hear(numbers)
        assert told[1 : 2 * refused : 2] == ["FAILED_PRECONDITION"] * refused
        assert told[: 2 * refused : 2] == list(range(1, refused + 1))
        assert told[-2:] == [1, refused + 1]
        again = Stream(world.host)
        again.say(*(["a.add", "a.refuse"] * refused), "b.add", "a.add")
        assert await again.hear(numbers) == told
        assert world.worker.frames == [2 * refused + 2], "nothing ran twice"


async def test_a_handler_that_breaks_in_a_burst_leaves_nothing_and_can_be_tried_again() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say("a.add", "b.add", "a.fail", "a.add", "b.add")
        await world.go()
        world.worker.waits = False
        await world.go()
        assert await stream.hear(numbers) == [1, 1, "HANDLER_FAILED", 2, 2]
        again = Stream(world.host)
        assert await again.hear(again.say("a.add", first=numbers[2])) == [3]


async def test_calls_whose_deadline_is_past_are_late_and_their_neighbours_run() -> None:
    async with lane_world() as world:
        stream, later = Stream(world.host), time.monotonic_ns() // 1_000_000 + 60_000
        numbers = stream.say(
            *("a.add", "a.add", "b.add", "a.add"), deadlines_ms=[0, 1, later, later]
        )
        await world.go()
        late = "DEADLINE_EXCEEDED"
        assert await stream.hear(numbers) == [1, late, 1, 2]
        assert world.worker.frames == [3]


async def test_a_frame_in_time_is_a_burst_whatever_its_deadlines() -> None:
    async with lane_world() as world:
        stream, later = Stream(world.host), time.monotonic_ns() // 1_000_000 + 60_000
        numbers = stream.say("a.add", "a.add", deadlines_ms=[0, later])
        await world.go()
        assert await stream.hear(numbers) == [1, 2]
        assert len(world.stored()) == 1


async def test_queries_and_commands_of_one_object_stay_in_order_beside_a_burst() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say(
            *("a.total", "b.add", "a.add", "a.total", "b.add", "a.add", "c.add", "a.total")
        )
        await world.go()
        assert await stream.hear(numbers) == [0, 1, 1, 1, 2, 2, 1, 2]
        assert world.worker.frames == [3, 5]


async def test_frames_of_one_object_stay_in_order_with_single_calls_between() -> None:
    async with lane_world() as world:
        one, two = Stream(world.host, "s"), Stream(world.host, "t")
        frames = [
            *((one, ["a.add"], [1]), (two, ["a.add", "a.add"], [2, 3]), (one, ["a.total"], [3])),
            *((one, ["a.add", "b.add"], [4, 1]), (two, ["a.total", "b.add"], [4, 2])),
            (one, ["b.add", "a.add", "b.add"], [3, 5, 4]),
        ]
        numbers = [(stream, stream.say(*calls)) for stream, calls, _ in frames]
        await world.go()
        told = [await stream.hear(some) for stream, some in numbers]
        assert told == [want for _, _, want in frames]


async def test_objects_that_are_not_held_go_one_by_one_beside_a_burst() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say("new.add", "a.add", "new.add", "a.add", "{g}x.add", "{g}x.add")
        world.worker.waits = False
        await world.go()
        assert await stream.hear(numbers) == [1, 1, 2, 2, 1, 2]
        assert world.worker.frames[0] == 2


async def test_a_method_or_type_that_is_not_there_is_refused_alone() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        objects = [("Tally", "a"), ("Tally", "b"), ("Nothing", "c")]
        numbers = stream.say(
            *("a.add", "b.add", "a.add", "b.none", "c.add"),
            objects=objects,
            object_index=[0, 1, 0, 1, 2],
        )
        await world.go()
        assert await stream.hear(numbers) == [1, 1, 2, "NOT_FOUND", "NOT_FOUND"]


OVER = "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize(
    ("config", "want"),
    [
        (HostConfig(mailbox_max=3), [1, 2, 3, OVER, OVER]),
        (HostConfig(mailbox_bytes_max=25), [1, 2, OVER, OVER, OVER]),
        (HostConfig(calls_max=4), [1, 2, 3, 4, OVER]),
    ],
)
async def test_what_is_too_much_is_refused_call_by_call_and_the_rest_runs(
    config: HostConfig, want: list[object]
) -> None:
    async with lane_world(config, "a") as world:
        stream = Stream(world.host)
        numbers = stream.say(*["a.add"] * 5, payloads=[b'{"by": 1  }'] * 5)
        await world.go()
        assert await stream.hear(numbers) == want


async def test_a_burst_takes_its_place_in_mailbox_and_shard_until_it_is_answered() -> None:
    async with lane_world(HostConfig(mailbox_max=6, mailbox_bytes_max=40), "a", "b") as world:
        first, second = Stream(world.host, "s"), Stream(world.host, "t")
        one = first.say(*["a.add"] * 5)
        two = second.say("a.add", "a.add", "b.add", "b.add")
        three = second.say("b.add", payloads=[b'{"by":%s}' % (b"1" * 30)])
        await world.go(3)
        four = second.say("a.add", "b.add")
        await world.go()
        assert await first.hear(one) == [1, 2, 3, 4, 5]
        assert await second.hear(two) == [6, OVER, 1, 2]
        assert await second.hear(three) == [OVER]
        assert await second.hear(four) == [7, 3]
