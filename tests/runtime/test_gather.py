"""What comes within some turns of the loop shares one piece of work."""

import asyncio

from aidevos.runtime.gather import QUIET_TURNS, TURNS_MAX, Gather


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_alone_the_work_is_done_in_the_next_turn_with_what_asked_in_this_one() -> None:
    done: list[int] = []
    gather = Gather(lambda: done.append(1), under_way=lambda: 0)
    gather.soon()
    gather.soon()
    assert done == []
    await turns(1)
    assert done == [1]


async def test_the_work_is_done_after_a_turn_for_each_call_without_a_new_one() -> None:
    done: list[int] = []
    gather = Gather(lambda: done.append(1), under_way=lambda: 3)
    gather.soon()
    await turns(2)
    gather.soon()
    await turns(3)
    assert done == []
    await turns(1)
    assert done == [1]
    await turns(5)
    assert done == [1]


async def test_a_crowd_is_not_waited_for_when_it_is_quiet() -> None:
    done: list[int] = []
    gather = Gather(lambda: done.append(1), under_way=lambda: 10_000)
    gather.soon()
    await turns(QUIET_TURNS)
    assert done == []
    await turns(1)
    assert done == [1]


async def test_the_first_waits_no_longer_than_the_bound_whoever_else_comes() -> None:
    done: list[int] = []
    gather = Gather(lambda: done.append(1), under_way=lambda: 10_000)
    for _ in range(TURNS_MAX):
        gather.soon()
        await turns(1)
    assert done == []
    gather.soon()
    await turns(1)
    assert done == [1]
