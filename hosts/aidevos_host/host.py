"""The host: owns shards, answers doors (doors/port.ObjectPort), keeps everything bounded."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import cache

from aidevos.core.call import Answer, Call
from aidevos.core.errors import (
    AidevosError,
    UnavailableError,
)
from aidevos.core.ids import ObjectId, shard_of
from aidevos.core.pending import Sink
from aidevos.core.turn import TypeInfo
from aidevos.doors.port import (
    ListQuery,
    ObjectPage,
    ObjectView,
    OnAnswers,
    SessionName,
    SessionPort,
    StoredEvent,
)
from aidevos.storage.base import HistoryEvent
from aidevos.storage.log import ShardLog
from aidevos_host.catalog import Catalog
from aidevos_host.checkpoint import wants_checkpoint, write_checkpoint
from aidevos_host.commits import Commits
from aidevos_host.config import HostConfig
from aidevos_host.engine import Engine
from aidevos_host.hibernation import Hibernation
from aidevos_host.history import view_at
from aidevos_host.lane import open_lane
from aidevos_host.listing import PAGE_MAX, list_page
from aidevos_host.policy import READ, TRUSTED
from aidevos_host.ports import Ports
from aidevos_host.present import view_now
from aidevos_host.quiet import Quiet
from aidevos_host.revive import read_events
from aidevos_host.shard import Shard
from aidevos_host.unary import Unary

WATCH_PAGE = 1_000


class Host:
    """All shards of one cluster on one host. `start`, then calls, then `stop`."""

    def __init__(
        self, log: ShardLog, config: HostConfig | None = None, ports: Ports | None = None
    ) -> None:
        """Bind log, settings and ports; nothing happens before `start`."""
        self.config = config or HostConfig()
        self.ports = ports or Ports()
        self.catalog = Catalog()
        self.on_fatal: Callable[[BaseException], None] = lambda error: None
        self._log = log
        self._shards: dict[int, Shard] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._upkeep: asyncio.Task[None] | None = None
        self._checkpointing: set[int] = set()
        self._one_checkpoint = asyncio.Lock()
        """So that no commit carries the work of two."""
        self._stopping = False
        self._engine = Engine(self.catalog, self.config, self.ports)
        self._hibernation = Hibernation(
            self._engine.residents, self.config, self.ports, self._pids, self._living
        )
        self._unary = Unary(self._engine, self._shard)
        self._commits = Commits(log, self.ports, lambda: self._unary.under_way)
        self._unary.gather = self._commits.turn_waits

    # ---- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take every shard over; returns when all answer. Raises DataLossError."""
        await asyncio.gather(*(self._open(shard) for shard in range(self.config.shard_count)))
        self._upkeep = asyncio.create_task(self._keep_up())
        self._upkeep.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Refuse new calls, finish those under way, write checkpoints, release the shards."""
        self._stopping = True
        self._end_upkeep()
        await asyncio.gather(*self._tasks, return_exceptions=True)  # Checkpoints under way end.
        await self._drained()
        for shard in self._living():
            if shard.tail.rows:
                await write_checkpoint(shard, self._engine.residents)
        await self._drained()
        await self._engine.activations.close()
        for shard in self._living():
            await self._log.release(shard.machine.fence)

    def crash(self) -> None:
        """Drop everything volatile as kill -9 would; the store keeps what it has."""
        self._stopping = True
        self._end_upkeep()
        for task in (*self._tasks, *self._commits.under_way):
            task.cancel()
        for shard in self._shards.values():
            shard.lost(None)

    # ---- doors/port.ObjectPort -------------------------------------------------------------

    async def invoke(self, call: Call) -> Answer:
        """Run one call; see ObjectPort."""
        if self._stopping:
            raise _moving(stopping=True)
        return await self._unary.invoke(call)

    def submit(self, call: Call, sink: Sink) -> None:
        """Begin one call; see ObjectPort."""
        if self._stopping:
            sink.answer(0, _moving(stopping=True))
        else:
            self._unary.submit(call, sink)

    def open_session(
        self, name: SessionName, sent_number: int, on_answers: OnAnswers
    ) -> SessionPort:
        """Begin a stream of a session; see ObjectPort."""
        return open_lane(self._engine, self._shard, name, sent_number, on_answers)

    async def get_object(
        self, object: ObjectId, principal: str, *, version: int | None = None
    ) -> ObjectView:
        """Return the committed state after a barrier, now or as it was at `version`."""
        self._may_read(principal, object)
        shard = self._shard(object)
        if version is not None:
            return await view_at(shard, self.catalog, object, version)
        return await view_now(self._engine, self._engine.resident(object, shard))

    async def list_objects(self, query: ListQuery) -> ObjectPage:
        """Return one page in the order (type, key), from the shards' indexes."""
        shards = [self._alive(number) for number in range(self.config.shard_count)]
        await asyncio.gather(*(shard.settled() for shard in shards))
        tenant, principal = query.tenant, query.principal
        may_read = cache(lambda type: self._can_read(principal, tenant, type))
        return list_page([shard.machine.index for shard in shards], query, may_read)

    async def list_events(
        self, object: ObjectId, principal: str, *, after: int = 0, limit: int = 100
    ) -> tuple[StoredEvent, ...]:
        """Return committed events, oldest first."""
        self._may_read(principal, object)
        shard = self._shard(object)
        await shard.settled()
        events = await read_events(shard, object, after, min(limit, PAGE_MAX))
        return tuple(_stored(event) for event in events)

    async def watch(
        self, object: ObjectId, principal: str, *, after: int = 0
    ) -> AsyncIterator[StoredEvent]:
        """Yield committed events with sequence > `after`, then each new one."""
        self._may_read(principal, object)
        shard = self._shard(object)
        while page := await read_events(shard, object, after, WATCH_PAGE):
            for event in page:  # What a reader takes its time for does not fill its buffer.
                yield _stored(event)
            after = page[-1].sequence
        queue = shard.feed.open(object)
        try:
            for event in await read_events(shard, object, after):
                after = event.sequence
                yield _stored(event)
            while True:
                item = await queue.get()
                if isinstance(item, AidevosError):
                    raise item
                if item.sequence > after:
                    after = item.sequence
                    yield _stored(item)
        finally:
            shard.feed.close_one(object, queue)

    @property
    def turns_begun(self) -> int:
        """Turns so far, queries among them."""
        return self.ports.begun

    def types(self, tenant: str) -> tuple[TypeInfo, ...]:
        """Return the schemas of all installed types."""
        return self.catalog.types(tenant)

    def statistics(self) -> dict[str, int]:
        """Return plain counts for metrics."""
        shards = self._shards.values()
        return {
            "shards": sum(shard.alive for shard in shards),
            "objects": sum(len(shard.machine.index.objects) for shard in shards),
            "residents": len(self._engine.residents),
            "call_records": sum(shard.machine.index.calls.count for shard in shards),
            "sessions": sum(len(shard.machine.index.calls.sessions) for shard in shards),
            "rows": sum(shard.machine.fence.tail for shard in shards),
        }

    # ---- inside ----------------------------------------------------------------------------

    async def _open(self, number: int) -> None:
        opened = await self._log.open(number, self.config.name)
        shard = Shard(self._log, opened, self.config, self.ports)
        shard.on_records = self._commits.records_wait
        shard.on_committed = self._after_commit
        shard.on_lost = lambda error: self._lost(number, error)
        self._shards[number] = shard

    async def _drained(self) -> None:
        """Return when no turn, append or answer is under way."""
        self._commits.flush()
        while True:
            uses = [self._engine.waiting, *(service.use for service in self.catalog.services())]
            for use in uses:
                await use.ended()
            await asyncio.sleep(0)  # What ended is looked at in the next turn of the loop.
            self._commits.flush()
            tasks = self._commits.under_way.union(*(s.tasks for s in self._shards.values()))
            if tasks:
                await asyncio.wait(tasks)
            elif not any(use.count for use in uses):
                return

    def _living(self) -> list[Shard]:
        return [shard for shard in self._shards.values() if shard.alive]

    def _lost(self, number: int, error: BaseException | None) -> None:
        """Open a lost shard again, unless the store is gone for good."""
        self._engine.residents.lose(self._shards[number])
        self._engine.activations.lost(self._shards[number])
        if self._stopping:
            return
        if isinstance(error, AidevosError) and error.metadata.get("fatal"):
            self._stopping = True
            self.on_fatal(error)
            return
        self._own(self._open(number))

    def _after_commit(self, shard: Shard) -> None:
        self._engine.activations.committed(shard)
        if wants_checkpoint(shard):
            self._begin_checkpoint(shard)

    def _begin_checkpoint(self, shard: Shard) -> None:
        if shard.number not in self._checkpointing and not self._stopping:
            self._checkpointing.add(shard.number)
            self._own(self._checkpoint(shard))

    async def _checkpoint(self, shard: Shard) -> None:
        try:
            async with self._one_checkpoint:
                await write_checkpoint(shard, self._engine.residents, self._behind)
        except Exception as error:  # Boundary: what was begun cannot be begun again on this shard.
            if not isinstance(error, UnavailableError):
                self.ports.report_bug(error)
            shard.lost(error)
        finally:
            self._checkpointing.discard(shard.number)

    def _behind(self) -> int:
        """Return how many checkpoints are wanted beside the one under way, now or soon."""
        living = self._living()
        return len(self._checkpointing) - 1 + sum(map(wants_checkpoint, living))

    async def _keep_up(self) -> None:
        """Do what has to be done now and then, calls or not."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hibernation.run())
            group.create_task(self._look_for_quiet())

    async def _look_for_quiet(self) -> None:
        quiet = Quiet()
        while True:
            await asyncio.sleep(self.config.hibernate_after_ms / 4_000)
            for shard in quiet.look(self._living()):
                self._begin_checkpoint(shard)

    def _pids(self) -> list[int]:
        """Return the processes that hold objects: this one and the workers."""
        executors = (service.executor for service in self.catalog.services())
        workers = (getattr(executor, "worker_pid", None) for executor in executors)
        return [os.getpid(), *(pid for pid in workers if pid)]

    def _shard(self, object: ObjectId) -> Shard:
        return self._alive(shard_of(object.group, self.config.shard_count))

    def _alive(self, number: int) -> Shard:
        shard = self._shards.get(number)
        if shard is None or not shard.alive or self._stopping:
            raise _moving(stopping=self._stopping)
        return shard

    def _may_read(self, principal: str, object: ObjectId) -> None:
        self.catalog.get(object).service.policy.check(principal, object.type, READ)

    def _can_read(self, principal: str, tenant: str, type_name: str) -> bool:
        """Whether objects of a type may be listed: all services with one of that name allow it."""
        if principal in TRUSTED:
            return True
        entries = self.catalog.named(tenant, type_name)
        return bool(entries) and all(
            entry.service.policy.allows(principal, type_name, READ) for entry in entries
        )

    def _end_upkeep(self) -> None:
        if self._upkeep is not None:
            self._upkeep.cancel()

    def _own(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Tell the operator what nobody waited for: a shard that could not be opened again."""
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.ports.report_bug(task.exception())


def _moving(*, stopping: bool) -> UnavailableError:
    return UnavailableError(
        "the server is stopping" if stopping else "the shard is moving; retry", retry_after_ms=50
    )


def _stored(event: HistoryEvent) -> StoredEvent:
    return StoredEvent(
        sequence=event.sequence,
        type=event.type,
        type_version=event.type_version,
        body=event.body,
        time_ms=event.time_ms,
        principal=event.principal,
        method=event.method,
        request_id=event.request_id,
    )
