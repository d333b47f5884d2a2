"""A real host on the memory store and on SQLite: nothing is replaced but disk hooks and types."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import ServicePolicy
from counter_type import CounterExecutor, call, install, until

from aidevos.core.call import Answer, CallId
from aidevos.core.errors import (
    AidevosError,
    AlreadyExistsError,
    DeadlineExceededError,
    ExpiredError,
    HandlerFailedError,
    InvalidArgumentError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnavailableError,
)
from aidevos.core.ids import ObjectId
from aidevos.doors.port import ListQuery
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore
from aidevos.storage.sqlite import SqliteStore
from aidevos.storage.tables import Tables

A = ObjectId("default", "Counter", "a")


@dataclass
class World:
    """One disk, and hosts on it one after another."""

    open_store: Callable[[], MemoryStore | SqliteStore]
    config: HostConfig
    host: Host
    counters: CounterExecutor

    async def again(self, *, crash: bool = True) -> None:
        """End the host (as kill -9 would, or cleanly) and start another on the same disk."""
        await end(self.host, crash=crash)
        self.host, self.counters = await begin(self.open_store(), self.config)


async def begin(
    store: MemoryStore | SqliteStore, config: HostConfig
) -> tuple[Host, CounterExecutor]:
    host = Host(ShardLog(store), config)
    counters = install(host)
    await host.start()
    return host, counters


async def end(host: Host, *, crash: bool) -> None:
    if crash:
        host.crash()
    else:
        await host.stop()
    await host._log.store.close()


@pytest.fixture(params=["memory", "sqlite"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    tables = Tables()

    def open_store() -> MemoryStore | SqliteStore:
        if request.param == "memory":
            return MemoryStore(tables)
        return SqliteStore(tmp_path / "aidevos.db")

    config = HostConfig(shard_count=2, checkpoint_rows=3)
    host, counters = await begin(open_store(), config)
    made = World(open_store, config, host, counters)
    yield made
    await end(made.host, crash=True)


async def test_a_repeat_gets_the_first_answer_also_after_a_crash(world: World) -> None:
    first = await world.host.invoke(call("a", "x"))
    await world.again()
    repeat = await world.host.invoke(call("a", "x"))
    assert first == Answer(version=1, payload=b"1")
    assert (repeat.version, repeat.payload, repeat.repeated) == (1, b"1", True)
    assert world.counters.runs == 0


async def test_answers_and_states_outlive_checkpoints(world: World) -> None:
    for number in range(20):
        await world.host.invoke(call("a", str(number)))
    await world.again()
    repeats = [await world.host.invoke(call("a", str(number))) for number in range(20)]
    assert [answer.version for answer in repeats] == list(range(1, 21))
    assert (await world.host.invoke(call("a", "new"))).payload == b"21"
    events = await world.host.list_events(A, "operator")
    assert [event.sequence for event in events] == list(range(1, 22))


async def test_copies_of_one_call_in_flight_run_once(world: World) -> None:
    answers = await asyncio.gather(*(world.host.invoke(call("a", "x")) for _ in range(10)))
    assert {answer.version for answer in answers} == {1}
    assert world.counters.runs == 1


async def test_the_same_id_with_another_payload_is_refused(world: World) -> None:
    await world.host.invoke(call("a", "x"))
    with pytest.raises(AlreadyExistsError):
        await world.host.invoke(call("a", "x", payload=b'{"by":2}'))


async def test_a_handlers_refusal_is_recorded(world: World) -> None:
    refused = await world.host.invoke(call("a", "x", "refuse"))
    await world.again()
    repeat = await world.host.invoke(call("a", "x", "refuse"))
    assert refused.error == repeat.error
    assert refused.error is not None
    assert repeat.repeated


async def test_a_failed_turn_leaves_nothing_and_may_run_again(world: World) -> None:
    for _ in range(2):
        with pytest.raises(HandlerFailedError):
            await world.host.invoke(call("a", "x", "fail"))
    assert world.counters.runs == 2
    with pytest.raises(NotFoundError):
        await world.host.get_object(A, "operator")


async def test_an_expected_version_that_is_not_the_current_one_is_refused(world: World) -> None:
    await world.host.invoke(call("a", "x"))
    refused = await world.host.invoke(call("a", "y", expected_version=0))
    taken = await world.host.invoke(call("a", "z", expected_version=1))
    assert refused.error is not None
    assert refused.error.reason == "VERSION_CONFLICT"
    assert taken.version == 2


async def test_an_object_that_must_exist_is_not_made(world: World) -> None:
    refused = await world.host.invoke(call("a", "x", must_exist=True))
    assert refused.error is not None
    assert refused.error.reason == "NOT_FOUND"
    assert (await world.host.list_objects(ListQuery(principal="operator"))).objects == ()


async def test_a_call_that_expired_is_refused_and_never_applied(world: World) -> None:
    late = call("a", "x")
    late = type(late)(object=late.object, method="add", id=CallId("x", 1))
    with pytest.raises(ExpiredError):
        await world.host.invoke(late)
    assert world.counters.runs == 0


async def test_a_call_past_its_deadline_does_not_run(world: World) -> None:
    with pytest.raises(DeadlineExceededError):
        await world.host.invoke(call("a", "x", deadline_ms=0))
    assert world.counters.runs == 0


async def test_two_objects_of_a_group_change_together(world: World) -> None:
    await world.host.invoke(call("{g}one", "x", "move", payload=b'{"by":5}'))
    await world.again()
    other = await world.host.get_object(ObjectId("default", "Counter", "{g}other"), "operator")
    one = await world.host.get_object(ObjectId("default", "Counter", "{g}one"), "operator")
    assert (one.state, other.state) == (b'{"count":5}', b'{"count":-5}')


async def test_a_hibernated_object_comes_back_as_it_was(world: World) -> None:
    for number in range(5):
        await world.host.invoke(call("a", str(number)))
    later = world.host.ports.monotonic_ms() + 1
    assert world.host._engine.residents.hibernate(later, 10) == 1
    assert world.host.statistics()["residents"] == 0
    assert (await world.host.invoke(call("a", "q", "read"))).payload == b"5"
    assert world.counters.folds <= 1


async def test_a_list_shows_what_was_acknowledged_and_wakes_nothing(world: World) -> None:
    for key in ("c", "a", "b"):
        await world.host.invoke(call(key, key, payload=b'{"by":2}' if key == "b" else b"{}"))
    await world.again()
    first = await world.host.list_objects(ListQuery(page_size=2))
    rest = await world.host.list_objects(ListQuery(page_size=2, page_token=first.next_page_token))
    found = [view.object.key for view in (*first.objects, *rest.objects)]
    chosen = await world.host.list_objects(ListQuery(where={"count": 2}))
    assert found == ["a", "b", "c"]
    assert [view.object.key for view in chosen.objects] == ["b"]
    assert world.host.statistics()["residents"] == 0


async def test_a_watcher_sees_old_and_new_events_once(world: World) -> None:
    await world.host.invoke(call("a", "x"))
    watching = world.host.watch(A, "operator")
    assert (await anext(watching)).sequence == 1
    coming = asyncio.ensure_future(anext(watching))
    await world.host.invoke(call("a", "y"))
    assert (await coming).request_id == "y"
    await watching.aclose()  # type: ignore[attr-defined]


async def test_what_no_grant_allows_is_denied(world: World) -> None:
    install(world.host, ServicePolicy(frozenset({("agent:pm", "Counter", "add")})))
    with pytest.raises(PermissionDeniedError):
        await world.host.invoke(call("a", "x"))
    assert (await world.host.invoke(call("a", "x", principal="agent:pm:7"))).version == 1


async def test_a_change_without_an_id_is_refused_with_the_field(world: World) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await world.host.invoke(call("a", ""))
    assert caught.value.violations[0].field == "request_id"


async def test_a_full_mailbox_says_when_to_come_again() -> None:
    host, counters = await begin(MemoryStore(), HostConfig(shard_count=1, mailbox_max=2))
    go = asyncio.Event()
    counters.before_turn = go.wait
    waiting = [asyncio.ensure_future(host.invoke(call("a", str(n)))) for n in range(2)]
    await until(lambda: counters.runs == 1)
    with pytest.raises(ResourceExhaustedError) as caught:
        await host.invoke(call("a", "one too many"))
    go.set()
    assert int(caught.value.metadata["retry_after_ms"]) > 0
    assert [answer.version for answer in await asyncio.gather(*waiting)] == [1, 2]
    await end(host, crash=True)


async def test_an_object_that_hibernates_during_its_turn_keeps_its_sequence() -> None:
    host, counters = await begin(MemoryStore(), HostConfig(shard_count=1))
    await host.invoke(call("a", "x"))
    go = asyncio.Event()
    counters.before_turn = go.wait
    running = asyncio.ensure_future(host.invoke(call("a", "y")))
    await until(lambda: counters.runs == 2)
    host._engine.residents.hibernate(host.ports.monotonic_ms() + 1, 10)
    go.set()
    assert (await running).version == 2
    assert [event.sequence for event in await host.list_events(A, "operator")] == [1, 2]
    await end(host, crash=True)


@dataclass
class Disk:
    """Holds or fails the commits of a SQLite store, in its writer thread."""

    go: threading.Event
    held: threading.Event
    fails: bool = False
    free: int = 0
    """So many commits pass before the next one is held."""

    def before_commit(self) -> None:
        if self.fails:
            raise OSError("no space left on device")
        if self.free > 0:
            self.free -= 1
            return
        self.held.set()
        self.go.wait(10)


@pytest.fixture
def disk() -> Disk:
    made = Disk(threading.Event(), threading.Event())
    made.go.set()
    return made


async def test_nothing_leaves_while_the_disk_is_slow(tmp_path: Path, disk: Disk) -> None:
    store = SqliteStore(tmp_path / "aidevos.db", disk.before_commit)
    host, counters = await begin(store, HostConfig(shard_count=1))
    disk.go.clear()
    change = asyncio.ensure_future(host.invoke(call("a", "x")))
    query = asyncio.ensure_future(host.invoke(call("a", "q", "read")))
    await until(lambda: counters.runs == 2)
    await asyncio.to_thread(disk.held.wait, 5)
    assert not change.done()
    assert not query.done()
    disk.go.set()
    assert (await change).payload == (await query).payload == b"1"
    await end(host, crash=True)


async def test_calls_during_a_slow_commit_share_the_next_one(tmp_path: Path, disk: Disk) -> None:
    store = SqliteStore(tmp_path / "aidevos.db", disk.before_commit)
    host, counters = await begin(store, HostConfig(shard_count=4))
    before = store.commits
    disk.go.clear()
    calls = [asyncio.ensure_future(host.invoke(call("first", "first")))]
    await until(lambda: counters.runs == 1)
    calls += [asyncio.ensure_future(host.invoke(call(str(n), str(n)))) for n in range(100)]
    await until(lambda: counters.runs == 101)
    disk.go.set()
    await asyncio.gather(*calls)
    assert store.commits - before == 2
    await end(host, crash=True)


async def test_a_failing_disk_gives_no_answer_and_a_clean_stop(tmp_path: Path, disk: Disk) -> None:
    path = tmp_path / "aidevos.db"
    host, _ = await begin(SqliteStore(path, disk.before_commit), HostConfig(shard_count=1))
    await host.invoke(call("a", "kept"))
    stopped: list[BaseException] = []
    host.on_fatal = stopped.append
    disk.fails = True
    with pytest.raises(OutcomeUnknownError):
        await host.invoke(call("a", "x"))
    with pytest.raises(UnavailableError):
        await host.invoke(call("a", "y"))
    assert isinstance(stopped[0], AidevosError)
    await end(host, crash=True)
    host, _ = await begin(SqliteStore(path), HostConfig(shard_count=1))
    assert (await host.invoke(call("a", "x"))).version == 2
    await end(host, crash=True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_bug_in_the_writers_thread_is_told_to_everybody_who_waits(tmp_path: Path) -> None:
    broken: list[int] = []

    def before_commit() -> None:
        if broken:
            raise ValueError("not an error of the disk")

    host, _ = await begin(SqliteStore(tmp_path / "aidevos.db", before_commit), HostConfig())
    stopped: list[BaseException] = []
    host.on_fatal = stopped.append
    broken.append(1)
    with pytest.raises(OutcomeUnknownError):
        await asyncio.wait_for(host.invoke(call("a", "x")), 5)
    assert "the writer has a bug" in str(stopped[0])
    await end(host, crash=True)


async def test_a_clean_stop_lets_the_checkpoint_under_way_end(tmp_path: Path, disk: Disk) -> None:
    path = tmp_path / "aidevos.db"
    config = HostConfig(shard_count=1, checkpoint_rows=1)
    host, _ = await begin(SqliteStore(path, disk.before_commit), config)
    disk.held.clear()
    disk.free = 1
    disk.go.clear()
    await host.invoke(call("a", "x"))
    await asyncio.to_thread(disk.held.wait, 5)
    last = asyncio.ensure_future(host.invoke(call("a", "y")))
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(host.stop())
    await asyncio.sleep(0)
    disk.go.set()
    await stopping
    assert (await last).version == 2
    await host._log.store.close()
    host, _ = await begin(SqliteStore(path), config)
    assert (await host.invoke(call("a", "y"))).repeated
    await end(host, crash=True)


async def test_a_fenced_host_drops_everything_and_takes_the_shard_back() -> None:
    tables = Tables()
    config = HostConfig(shard_count=1)
    one, _ = await begin(MemoryStore(tables), config)
    two, _ = await begin(MemoryStore(tables), config)
    with pytest.raises(OutcomeUnknownError):
        await one.invoke(call("a", "x"))
    await until(lambda: one.statistics()["shards"] == 1)
    assert (await one.invoke(call("a", "x"))).version == 1
    with pytest.raises(OutcomeUnknownError):
        await two.invoke(call("a", "y"))
    await end(one, crash=True)
    await end(two, crash=True)
