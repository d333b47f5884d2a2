"""A call runs once and is answered to everyone who asked, wherever a repeat of it arrives."""

from lane_stream import Stream
from lane_world import lane_world

FRAME = ("a.add", "b.add", "a.add", "a.refuse", "b.add")
WANT = [1, 1, 2, "FAILED_PRECONDITION", 2]


async def test_repeats_of_calls_that_run_wait_with_them_even_when_their_burst_is_cut() -> None:
    async with lane_world() as world:
        first, second = Stream(world.host), Stream(world.host)
        numbers = first.say(*FRAME)
        await world.go(1)
        second.say(*FRAME)
        await world.go(1)
        third = Stream(world.host)
        third.say(*FRAME)
        await world.go()
        for stream in (first, second, third):
            assert await stream.hear(numbers) == WANT
        assert sum(world.worker.frames) == 5


async def test_repeats_of_calls_whose_commit_is_under_way_leave_with_it() -> None:
    async with lane_world() as world:
        first, second = Stream(world.host), Stream(world.host)
        world.held.may_commit.clear()
        numbers = first.say(*FRAME)
        await world.go()
        await world.committing()
        second.say(*FRAME)
        await world.go()
        assert first.told == second.told == {}
        world.held.may_commit.set()
        assert await first.hear(numbers) == await second.hear(numbers) == WANT
        assert sum(world.worker.frames) == 5


async def test_repeats_of_committed_calls_get_the_same_answers_beside_new_calls() -> None:
    async with lane_world() as world:
        first, second = Stream(world.host), Stream(world.host)
        numbers = first.say(*FRAME)
        await world.go()
        assert await first.hear(numbers) == WANT
        more = second.say(*FRAME, "a.add", "b.add")
        await world.go()
        assert await second.hear(more) == [*WANT, 3, 3]
        repeated = [answer.repeated for number in more for answer in second.told[number]]  # type: ignore[union-attr]
        assert repeated == [True] * 5 + [False] * 2
        assert sum(world.worker.frames) == 7


async def test_a_number_that_meant_another_call_is_refused_and_harms_neither() -> None:
    async with lane_world() as world:
        first, second = Stream(world.host), Stream(world.host)
        numbers = first.say("a.add", "a.add", "b.add")
        second.say("a.add", "b.add", "b.add")
        await world.go()
        assert await first.hear(numbers) == [1, 2, 1]
        assert await second.hear(numbers) == [1, "ALREADY_EXISTS", 1]
        assert sum(world.worker.frames) == 3


async def test_one_number_twice_in_a_frame_runs_once() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        stream.say("a.add", "a.add", "a.add", numbers=[1, 2, 1])
        await world.go()
        assert await stream.hear([2]) == [2]
        await world.at_rest()
        assert [one.payload for one in stream.told[1]] == [b"1", b"1"]  # type: ignore[union-attr]
        assert sum(world.worker.frames) == 2


async def test_numbers_below_the_mark_are_refused_beside_new_ones() -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        await world.go()
        numbers = stream.say("a.add", "a.add", "a.add")
        await world.go()
        await stream.hear(numbers)
        late = Stream(world.host, sent=3)
        told = late.say("a.add", "a.add", "a.add", first=2, mark=2)
        await world.go()
        assert await late.hear(told) == ["ALREADY_ANSWERED", 3, 4]
        await world.at_rest()
        (entry,) = world.host._shards[0].machine.index.calls.sessions.values()
        assert entry.mark == 2
        assert entry.answers.keys() == {3, 4}


async def test_a_mark_in_a_burst_frees_the_answers_of_those_before() -> None:
    async with lane_world() as world:
        stream, calls = Stream(world.host), world.host._shards[0].machine.index.calls
        for _ in range(3):
            numbers = stream.say(
                *["a.add"] * 10, payloads=[b'{"reply":100}'] * 10, mark=stream.sent
            )
            await world.go()
            await stream.hear(numbers)
        assert (calls.count, calls.bytes) == (10, 1_020)


async def test_answers_that_nobody_took_are_kept_for_a_repeat_when_the_stream_was_closed() -> None:
    async with lane_world() as world:
        first = Stream(world.host)
        numbers = first.say("a.add", "b.add", "a.add")
        await world.go(1)
        first.port.close()
        await world.go()
        await world.at_rest()
        assert first.told == {}
        second = Stream(world.host)
        second.say("a.add", "b.add", "a.add")
        assert await second.hear(numbers) == [1, 1, 2]
        assert sum(world.worker.frames) == 3
