"""The executor in the host's own process: order, waiting for a group, taking turns back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from keeper import Keeper, Sent, address_of
from test_turns import Box

from aidevos.core.errors import FailedPreconditionError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held
from aidevos.objects.executor import InProcessExecutor


class SlowKeeper(Keeper):
    """Reads of a group wait until `let_go`."""

    def __init__(self, executor: InProcessExecutor) -> None:
        super().__init__(executor)
        self.gate = asyncio.Event()
        self.reads: list[ObjectId | str] = []
        self.error: Exception | None = None

    async def get(self, object: ObjectId) -> Held:
        self.reads.append(object)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return await super().get(object)

    async def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held | None]]:
        self.reads.append(type_name)
        await self.gate.wait()
        return [(object, None) for object in self.kept if object.type == type_name]


@pytest_asyncio.fixture
async def slow() -> AsyncIterator[SlowKeeper]:
    keeper = SlowKeeper(InProcessExecutor([Box], monotonic_ms=lambda: 100))
    for address in ("Box/{g}a", "Box/{g}b"):
        await keeper.send(address, "put", b'{"n":5}').reply()
    yield keeper
    await keeper.executor.close()


async def loop_turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def ended(*sent: Sent) -> list[bool]:
    return [each.result.done() for each in sent]


async def test_nothing_is_told_before_run_returns() -> None:
    keeper = Keeper(InProcessExecutor([Box]))
    sent = keeper.send("Box/a", "put", b'{"n":1}')
    assert not sent.result.done()
    assert await sent.reply() == b"1"


async def test_turns_of_one_object_run_in_the_order_in_which_they_were_sent() -> None:
    keeper = Keeper(InProcessExecutor([Box]))
    sent = [keeper.send("Box/a", "put", b'{"n":1}') for _ in range(200)]
    assert [await each.reply() for each in sent] == [b"%d" % n for n in range(1, 201)]


async def test_a_turn_that_waits_for_its_group_holds_up_its_group_alone(slow: SlowKeeper) -> None:
    slow.drop("Box/{g}b")
    waits = slow.send("Box/{g}a", "send", b'{"to":"{g}b","n":2}')
    behind = slow.send("Box/{g}a", "total")
    other = slow.send("Box/x", "put", b'{"n":1}')
    await loop_turns()
    assert ended(waits, behind, other) == [False, False, True]
    slow.gate.set()
    assert await waits.reply() == b"7"
    assert await behind.reply() == b"10"


async def test_a_turn_that_was_stopped_after_events_runs_again_from_what_was(
    slow: SlowKeeper,
) -> None:
    slow.drop("Box/{g}b")
    waits = slow.send("Box/{g}a", "put_then_look", b'{"n":1,"key":"{g}b"}')
    await loop_turns()
    assert slow.reads == [address_of("Box/{g}b")]
    slow.gate.set()
    assert await waits.reply() == b"6"
    assert await slow.send("Box/{g}a", "other", b'{"key":"{g}a"}').reply() == b"6"


async def test_what_cannot_be_read_fails_the_turn_and_those_behind_it_go_on(
    slow: SlowKeeper,
) -> None:
    slow.drop("Box/{g}b")
    slow.error = UnavailableError("the store is down")
    fails = slow.send("Box/{g}a", "other", b'{"key":"{g}b"}')
    behind = slow.send("Box/{g}a", "put", b'{"n":1}')
    await loop_turns()
    slow.gate.set()
    with pytest.raises(UnavailableError, match="the store is down"):
        await fails.reply()
    assert (await fails.result).outcome == "failed"
    assert await behind.reply() == b"6"


async def test_an_object_out_of_the_group_is_refused_by_the_handler() -> None:
    keeper = Keeper(InProcessExecutor([Box]))
    with pytest.raises(FailedPreconditionError, match="not in the group"):
        await keeper.send("Box/{g}a", "other", b'{"key":"{h}b"}').reply()


async def test_a_list_is_read_once_however_often_a_turn_is_stopped(slow: SlowKeeper) -> None:
    slow.drop("Box/{g}b")
    total = slow.send("Box/{g}a", "total")
    slow.gate.set()
    assert await total.reply() == b"10"
    assert slow.reads == ["Box", address_of("Box/{g}b")]


async def test_a_drop_keeps_its_place_behind_a_turn_that_waits(slow: SlowKeeper) -> None:
    slow.drop("Box/{g}b")
    waits = slow.send("Box/{g}a", "send", b'{"to":"{g}b","n":2}')
    await loop_turns()
    slow.executor.drop([address_of("Box/{g}a")])
    states = asyncio.ensure_future(slow.executor.states([address_of("Box/{g}a")]))
    await loop_turns()
    assert not states.done()
    slow.gate.set()
    assert await waits.reply() == b"7"
    assert await states == [None]


async def test_states_are_as_the_turns_before_left_them() -> None:
    keeper = Keeper(InProcessExecutor([Box]))
    keeper.send("Box/a", "put", b'{"n":3}')
    held, none = await keeper.executor.states([address_of("Box/a"), address_of("Box/b")])
    assert held is not None
    assert held.version == 2
    assert held.state is not None
    assert held.state.startswith(b'{"n":3,')
    assert none is None


async def test_a_turn_whose_deadline_has_passed_does_not_begin(slow: SlowKeeper) -> None:
    late = slow.send("Box/x", "put", b'{"n":1}', deadline_ms=100)
    in_time = slow.send("Box/x", "put", b'{"n":2}', deadline_ms=101)
    assert (await late.result).outcome == "late"
    assert await in_time.reply() == b"2"


async def test_closing_lets_turns_under_way_end(slow: SlowKeeper) -> None:
    slow.drop("Box/{g}b")
    waits = slow.send("Box/{g}a", "send", b'{"to":"{g}b","n":2}')
    closing = asyncio.ensure_future(slow.executor.close())
    await loop_turns()
    assert not closing.done()
    slow.gate.set()
    await closing
    assert await waits.reply() == b"7"
