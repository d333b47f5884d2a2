"""What comes within some turns of the loop shares one piece of work."""

import asyncio

from aidevos.runtime.gather import TURNS_MAX, Gather


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_alone_the_work_is_done_at_once() -> None:
    done: list[int] = []
    gather = Gather(lambda: done.append(1), under_way=lambda: 0)
    gather.soon()
    gather.soon()
    assert done == [1, 1]


async def test_a_crowd_shares_the_work_after_a_turn_for_each() -> None:
    done: list[int] = []
    gather = Gather(lambda: done.append(1), under_way=lambda: 3)
    gather.soon()
    await turns(2)
    gather.soon()
    assert done == []
    await turns(2)
    assert done == [1]
    await turns(5)
    assert done == [1]


async def test_no_crowd_is_waited_for_longer_than_the_bound() -> None:
    done: list[int] = []
    gather = Gather(lambda: done.append(1), under_way=lambda: 10_000)
    gather.soon()
    await turns(TURNS_MAX + 1)
    assert done == [1]
