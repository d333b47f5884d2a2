"""Many turns under way at once, also of one object: order, losses, drops, deadlines, deaths."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from aidevos_host.worker import WorkerExecutor, WorkerLimits
from bundles import jailed
from keeper import address_of
from world import World, until, world

from aidevos.core.errors import HandlerFailedError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORE = """
@command
def add_and_fail(self) -> int:
    self.emit(Added(n=1))
    return 1 // 0

@command
def add_and_refuse(self) -> int:
    self.emit(Added(n=1))
    raise aidevos.FailedPreconditionError("no")

@query
def totals(self) -> list[int]:
    return [each.state.total for each in self.group.all(Counter)]

@command
def add_when_told(self, millis: int) -> int:
    import time
    time.sleep(millis / 1000)
    self.emit(Added(n=1))
    return self.state.total

@command
def hang(self) -> int:
    while True: pass

@query
def much(self, size: int) -> str:
    return "x" * size
"""
KILLED = "took down its worker process (signal SIGKILL"
LIMITS = WorkerLimits(turn_ms=600)


@pytest_asyncio.fixture(loop_scope="module")
async def w() -> AsyncIterator[World]:
    async with world(await jailed(MORE, limits=LIMITS)) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def zygote_lives() -> AsyncIterator[None]:
    """Another service: it keeps the zygote alive through the module, which saves its start."""
    executor = await jailed()
    yield
    await executor.close()


def outcomes(w: World) -> list[str]:
    return [result.outcome for _, result in w.results]


async def test_hundreds_of_turns_of_one_object_run_in_the_order_in_which_they_were_sent(
    w: World,
) -> None:
    sent = [w.send("Counter/a", "add") for _ in range(1_500)]
    assert [await each.reply() for each in sent] == [b"%d" % n for n in range(1, 1_501)]
    assert w.activations == 1


async def test_a_turn_that_fails_in_the_middle_costs_those_behind_it_a_second_way(
    w: World,
) -> None:
    before = [w.send("Counter/a", "add") for _ in range(10)]
    fails = w.send("Counter/a", "add_and_fail")
    behind = [w.send("Counter/a", "add") for _ in range(10)]
    others = [w.send("Counter/b", "add") for _ in range(10)]
    assert (await fails.result).dropped == (address_of("Counter/a"),)
    replies = [await each.reply() for each in (*before, *behind)]
    assert replies == [b"%d" % n for n in range(1, 21)]
    assert [await each.reply() for each in others] == [b"%d" % n for n in range(1, 11)]
    assert outcomes(w).count("lost") == 10


async def test_a_refusal_after_events_lets_go_and_the_next_turn_finds_what_is_committed(
    w: World,
) -> None:
    sent = [w.send("Counter/a", name) for name in ("add", "add_and_refuse", "add")]
    assert [(await each.result).outcome for each in sent] == ["ok", "refused", "ok"]
    assert (await sent[1].result).version == 1
    assert await sent[2].reply() == b"2"


async def test_a_drop_comes_after_the_turns_sent_before_it(w: World) -> None:
    before = [w.send("Counter/a", "add") for _ in range(400)]
    w.executor.drop([address_of("Counter/a")])
    states = asyncio.ensure_future(w.executor.states([address_of("Counter/a")]))
    await asyncio.sleep(0)  # Asked for before the turn that is lost, which activates it again.
    behind = w.send("Counter/a", "add")
    assert [await each.reply() for each in before] == [b"%d" % n for n in range(1, 401)]
    assert await states == [None]
    assert await behind.reply() == b"401"
    assert outcomes(w).count("lost") == 1


async def test_states_are_as_the_turns_sent_before_left_them(w: World) -> None:
    for _ in range(300):
        w.send("Counter/a", "add")
    asked = w.executor.states([address_of("Counter/a"), address_of("Counter/none")])
    states = asyncio.ensure_future(asked)
    await asyncio.sleep(0)
    w.send("Counter/a", "add")
    assert await states == [Held(300, b'{"total":300}', 1), None]


async def test_many_large_states_come_in_pieces(w: World) -> None:
    objects = [address_of(f"Counter/{n}") for n in range(9)]
    body = b'{"total":%s}' % (b"1" * 4_000)
    for object in objects:
        w.executor.activate(object, Held(version=5, state=body, state_version=1))
    found = await w.executor.states(objects)
    assert [held and held.version for held in found] == [5] * 9


@pytest.mark.parametrize("wait", [False, True])
async def test_what_is_activated_while_a_turn_asks_its_group_is_found_by_it(
    w: World, wait: bool
) -> None:
    """The host answers with None for what it has activated: the worker must have taken it."""
    b = address_of("Counter/{g}b")
    await w.send("Counter/{g}b", "add", b'{"n":7}').reply()
    w.drop("Counter/{g}b")
    gets: list[ObjectId] = []

    async def find(tenant: str, type_name: str) -> list[tuple[ObjectId, Held | None]]:
        if wait:
            await asyncio.sleep(0)
        w.hold(b)
        return [(b, None)]

    async def get(object: ObjectId) -> Held:
        gets.append(object)
        return w.held(object)

    w.find, w.get = find, get  # type: ignore[method-assign]
    assert await w.send("Counter/{g}a", "totals").reply() == b"[7]"
    assert gets == []


async def test_a_host_that_is_asked_for_a_group_knows_what_the_turns_before_left(
    w: World,
) -> None:
    w.send("Counter/{g}b", "add", b'{"n":7}')
    assert await w.send("Counter/{g}a", "totals").reply() == b"[7]"


async def test_what_is_not_held_after_all_is_asked_for(w: World) -> None:
    b = address_of("Counter/{g}b")
    await w.send("Counter/{g}b", "add", b'{"n":7}').reply()
    w.executor.drop([b])
    assert await w.send("Counter/{g}a", "totals").reply() == b"[7]"


async def test_a_turn_whose_deadline_passed_before_it_was_sent_is_late(w: World) -> None:
    late = w.send("Counter/a", "add", deadline_ms=1)
    assert not late.result.done()
    assert (await late.result).outcome == "late"
    in_time = w.send("Counter/a", "add", deadline_ms=1 << 60)
    assert await in_time.reply() == b"1"


async def kill_in_the_middle(w: World, answered: Callable[[], bool]) -> None:
    await until(answered)
    pid = w.executor.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


async def test_a_worker_killed_with_500_turns_under_way_fails_the_one_that_it_was_in(
    w: World,
) -> None:
    slow = b'{"millis":1}'
    sent = [w.send(f"Counter/k{n % 7}", "add_when_told", slow) for n in range(500)]
    generation = w.executor.generation
    await kill_in_the_middle(w, lambda: len(w.results) > 50)
    results = [await each.result for each in sent]
    failed = [result for result in results if result.outcome == "failed"]
    assert len(failed) == 1
    assert failed[0].error is not None
    assert KILLED in failed[0].error.message
    assert [result.outcome for result in results].count("ok") == 499
    assert sum(len(kept.events) for kept in w.kept.values()) == 499
    assert w.executor.generation == generation + 1


async def test_a_turn_that_hangs_is_the_only_one_that_fails(w: World) -> None:
    before = [w.send(f"Counter/{n}", "add") for n in range(200)]
    hangs = w.send("Counter/h", "hang")
    behind = [w.send(f"Counter/{n}", "add") for n in range(200)]
    with pytest.raises(HandlerFailedError, match="ran for longer than 600 ms"):
        await hangs.reply()
    assert {await each.reply() for each in before} == {b"1"}
    assert {await each.reply() for each in behind} == {b"2"}


async def test_a_reply_of_100_mb_fails_its_turn_alone(w: World) -> None:
    before, size = w.send("Counter/a", "add"), 100 << 20
    large = w.send("Counter/a", "much", b'{"size":%d}' % size)
    behind = w.send("Counter/a", "add")
    with pytest.raises(HandlerFailedError, match="the reply has 104857602 bytes, at most"):
        await large.reply()
    assert [await before.reply(), await behind.reply()] == [b"1", b"2"]
    assert w.executor.starts == 1


async def test_large_replies_of_many_turns_all_arrive(w: World) -> None:
    sent = [w.send("Counter/a", "much", b'{"size":3000000}') for _ in range(30)]
    assert {len(await each.reply()) for each in sent} == {3_000_002}
    assert w.executor.starts == 1


async def test_a_worker_that_is_idle_ends_and_the_next_turn_starts_another() -> None:
    limits = WorkerLimits(idle_ms=40)
    async with world(await jailed(limits=limits)) as w:
        assert await w.send("Counter/a", "add").reply() == b"1"
        generation, pid = w.executor.generation, w.executor.worker_pid
        await until(lambda: w.executor.worker_pid is None)
        assert w.executor.generation == generation + 1
        assert await w.executor.states([address_of("Counter/a")]) == [None]
        assert await w.send("Counter/a", "add").reply() == b"2"
        assert w.executor.worker_pid not in (None, pid)


async def test_turns_and_activations_that_come_while_there_is_no_worker_wait_for_the_next(
    w: World,
) -> None:
    assert await w.send("Counter/a", "add").reply() == b"1"
    pid = w.executor.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: w.executor.worker_pid is None)
    sent = [w.send(f"Counter/{n % 3}", "add") for n in range(30)]
    assert [await each.reply() for each in sent[-3:]] == [b"10"] * 3
    assert "lost" not in outcomes(w)


class NoSpawner:
    """Starts nothing any more."""

    async def start(self, sock: object, mark_fd: int) -> None:
        raise UnavailableError("no process can be forked")

    async def close(self) -> None:
        """Nothing is held."""


async def test_where_no_worker_can_be_started_turns_fail_as_unavailable(w: World) -> None:
    executor: WorkerExecutor = w.executor
    spawner = executor._supervisor._spawner
    executor._supervisor._spawner = NoSpawner()  # type: ignore[assignment]
    pid = executor.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: executor.worker_pid is None)
    with pytest.raises(UnavailableError, match="cannot run: no process can be forked"):
        await w.send("Counter/a", "add").reply()
    executor._supervisor._spawner = spawner
    assert await w.send("Counter/a", "add").reply() == b"1"


async def test_a_worker_that_could_not_be_started_once_is_no_matter_to_those_who_wait(
    w: World,
) -> None:
    executor: WorkerExecutor = w.executor
    spawner = executor._supervisor._spawner

    class OnceNot(NoSpawner):
        async def start(self, sock: object, mark_fd: int) -> None:
            executor._supervisor._spawner = spawner
            await super().start(sock, mark_fd)

    executor._supervisor._spawner = OnceNot()  # type: ignore[assignment]
    pid = executor.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    sent = [w.send("Counter/a", "add") for _ in range(3)]
    await until(lambda: executor._turns.sent == 3)
    os.kill(pid, signal.SIGKILL)  # They wait for the next one while it is tried.
    assert [await each.reply() for each in sent] == [b"1", b"2", b"3"]
    assert executor._supervisor._spawner is spawner


async def test_a_closed_executor_answers_every_turn(w: World) -> None:
    under_way = [w.send("Counter/a", "add") for _ in range(300)]
    closing = asyncio.ensure_future(w.executor.close())
    await asyncio.sleep(0)
    too_late = w.send("Counter/a", "add")
    assert not too_late.result.done()
    await closing
    assert await under_way[-1].reply() == b"300"
    with pytest.raises(UnavailableError, match="being replaced or stopped"):
        await too_late.reply()
