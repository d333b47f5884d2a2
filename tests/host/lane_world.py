"""A real host whose worker goes step by step, and streams of sessions that keep what they hear."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import OPEN
from aidevos_host.shard import Shard
from aidevos_host.worker_executor import WorkerExecutor
from counter_type import until
from lane_stream import Stream
from step_worker import StepWorker, stepped, worker_of
from tally_type import HeldStore, Tally

from aidevos.core.codec import decode_records
from aidevos.core.ids import ObjectId
from aidevos.core.record import Record, Recorded, single
from aidevos.storage.base import ConditionalStore
from aidevos.storage.log import ShardLog


class LaneWorld:
    """A host, its store, and its one service."""

    def __init__(
        self,
        config: HostConfig | None = None,
        store: ConditionalStore | None = None,
        executor: WorkerExecutor | None = None,
    ) -> None:
        self.held = HeldStore()
        self.store = store or self.held
        self.host = Host(ShardLog(self.store), config or HostConfig())
        self.install(executor=executor)
        self.engine = self.host._engine

    def install(self, version: int = 1, executor: WorkerExecutor | None = None) -> None:
        """Install a version of the service, with a worker of its own."""
        self.executor = executor or stepped(Tally, waits=False)
        self.service = Service("default", "tallies", version, self.executor, OPEN)
        self.host.catalog.install(self.service)

    @property
    def worker(self) -> StepWorker:
        return worker_of(self.executor)

    @property
    def stepped(self) -> bool:
        """Whether its worker is one that goes step by step, and has not ended."""
        return isinstance(self.executor._worker, StepWorker)

    @property
    def next(self) -> int:
        """The number that the worker knows the next turn by."""
        return self.executor._turns._sent._next

    async def holding(self, *keys: str, waits: bool = True) -> None:
        """Make objects be held, so that calls of them are usual; from then on `waits` counts."""
        stream = Stream(self.host, "holding")
        await stream.hear(stream.say(*(f"{key}.total" for key in keys)))
        stream.port.close()
        if self.stepped:
            self.worker.waits = waits
            self.worker.frames.clear()

    def object(self, key: str) -> ObjectId:
        """Return the address of a tally."""
        return ObjectId("default", self.executor.types[0].name, key)

    def stored(self) -> list[Recorded]:
        """Return what the log holds, row by row."""
        tables = self.held.tables.rows
        rows = [
            rows[offset]
            for place in sorted(tables)
            for rows in [tables[place]]
            for offset in sorted(rows)
        ]
        return [record for row in rows for record in decode_records(row.body)]

    def recorded(self) -> list[Recorded]:
        """Return a list that what is committed from now on comes into."""
        records: list[Recorded] = []
        feed = self.host._shards[0].feed
        publish = feed.publish

        def noted(some: Sequence[Recorded], log_time_ms: int) -> None:
            records.extend(some)
            publish(some, log_time_ms)

        feed.publish = noted  # type: ignore[method-assign]
        return records

    def singles(self) -> list[Record]:
        """Return the turns that the log holds."""
        return list(single(self.stored()))

    async def committing(self) -> None:
        """Return when the store was asked for one more commit."""
        asked = self.held.asked
        await until(lambda: self.held.asked > asked)

    async def reopened(self, lost: Shard) -> None:
        """Return when the host has another shard in the place of one that it lost."""
        await until(lambda: self.host._shards[lost.number] is not lost)

    async def go(self, count: int = 1_000_000) -> None:
        """Let the worker do `count` of the things that it was sent by now."""
        await until(lambda: not self.executor._scheduled)
        self.worker.go(count)

    async def at_rest(self) -> None:
        """Check that nothing is left of any call when all were answered."""
        shards = self.host._living()
        await until(lambda: all(shard.machine.idle for shard in shards))
        for resident in self.engine.residents:
            assert (resident.running, resident.old, resident.waiting) == (0, 0, None), resident
        assert self.service.use.count == 0
        turns = self.executor._turns
        assert (turns.sent, turns.waiting, turns._sent.bytes) == (0, [], 0)
        assert turns.added == turns.taken
        for shard in shards:
            assert (shard.mail_bytes, shard.machine._running) == (0, 0)
            live = shard.machine._sessions.values()
            assert all(session.streams and not session.running for session in live), live


@asynccontextmanager
async def lane_world(
    config: HostConfig | None = None,
    *keys: str,
    waits: bool = True,
    store: ConditionalStore | None = None,
    executor: WorkerExecutor | None = None,
) -> AsyncIterator[LaneWorld]:
    """Serve a host that holds `keys`; its worker waits for the test. Checks it when it is done."""
    world = LaneWorld(config, store, executor)
    await world.host.start()
    await world.holding(*keys or ("a", "b", "c"), waits=waits)
    yield world
    await world.at_rest()
    if world.stepped:
        world.worker.waits = False
    await world.host.stop()
    await world.executor.close()
