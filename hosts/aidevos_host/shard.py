"""One shard on this host: the asyncio shell around the shard machine.

Turns end -> `touch` -> what may leave does, records gather -> append -> commit -> answers leave.
No task per call: the shard has one while it confirms its epoch. When the shard is lost, everything
volatile of it is dropped; the host opens it again.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable

from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.core.fence import Committed, Opened
from aidevos.core.gate import Released
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.pending import Pending
from aidevos.core.shard import ShardMachine
from aidevos.storage.log import Asked, Outcome, ShardLog
from aidevos_host.config import HostConfig
from aidevos_host.feed import Feed
from aidevos_host.members import Members
from aidevos_host.ports import Ports
from aidevos_host.tail import Tail
from aidevos_host.waiters import Waiter


class Shard:
    """A shard that this host owns; dead after `lost`."""

    def __init__(self, log: ShardLog, opened: Opened, config: HostConfig, ports: Ports) -> None:
        """Rebuild the index from checkpoint and rows; nothing is woken."""
        index = ShardIndex(opened.checkpoint)
        self.root = opened.checkpoint.root if opened.checkpoint else None
        """Of the newest checkpoint that was written whole."""
        self.tail = Tail()
        for row in opened.rows:
            self.tail.add(index.apply_row(row), row.log_time_ms, len(row.body))
        self.log = log
        self.number = opened.fence.shard
        self.config = config
        self.ports = ports
        self.machine = ShardMachine(opened.fence, index, config.limits)
        self.members = Members(index.objects)
        self.feed = Feed(config.watch_buffer)
        self.alive = True
        self.mail_bytes = 0
        """Payload bytes of calls under way."""
        self.on_lost: Callable[[BaseException | None], None] = lambda error: None
        self.on_records: Callable[[Shard], None] = lambda shard: None
        """Told when records wait for an append: `asked`, then `appended`."""
        self.on_committed: Callable[[Shard], None] = lambda shard: None
        self._touched = False
        self._watching: list[asyncio.Future[None]] = []
        """Who waits for the next commit."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._long: dict[ObjectId, None] = {}

    # ---- readers ---------------------------------------------------------------------------

    async def settled(self) -> None:
        """Return once everything acknowledged before now is in the index, epoch confirmed."""
        waiter = Waiter()
        reader = Pending(waiter, 0)
        self.machine.arrive_query(reader, self.ports.clock_ms())
        self.machine.finish_query(reader, None)
        self.touch()
        await waiter.value()

    # ---- after turns -----------------------------------------------------------------------

    def touch(self) -> None:
        """Something ended or waits: look once, in the next turn of the loop, for all of it."""
        if not self._touched:
            self._touched = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._touched = False
        if not self.alive:
            return
        machine = self.machine
        leave(machine.release())
        ticket = machine.begin_barrier()
        if ticket is not None:
            if self.ports.local_epoch:  # An exclusive lock: no other owner can be.
                leave(machine.confirmed(ticket))
            else:
                self._own(self._barrier(ticket))
        if machine.can_append:
            self.on_records(self)

    # ---- commits ---------------------------------------------------------------------------

    def asked(self) -> Asked | None:
        """Return the append of the records that have gathered, if there are any."""
        append = self.machine.flush() if self.alive else None
        if append is None:
            return None
        return Asked(self.machine.fence, append.batch, append.checkpoint)

    def appended(self, asked: Asked, outcome: Outcome) -> None:
        """Take what became of an append: let answers leave, or lose the shard."""
        if not self.alive:
            return
        if not isinstance(outcome, Committed):
            self.lost(outcome if isinstance(outcome, AidevosError) else None)
            return
        records, bursts, released = self.machine.committed(outcome.fence)
        self.tail.add(records, asked.batch.log_time_ms, len(asked.batch.body))
        for burst in bursts:
            record = burst.record
            burst.sink.answer_burst(record.numbers, record.versions, record.replies)
        leave(released)
        self.feed.publish(records, asked.batch.log_time_ms)
        self._tell_watching()
        self.on_committed(self)
        machine = self.machine
        if machine.can_append:
            self.on_records(self)
        ticket = machine.begin_barrier()
        if ticket is not None:
            self._own(self._barrier(ticket))

    async def next_commit(self) -> None:
        """Return after the next commit, or when the shard is lost."""
        if self.alive:
            watching: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._watching.append(watching)
            await watching

    def _tell_watching(self) -> None:
        watching, self._watching = self._watching, []
        for one in watching:
            if not one.done():
                one.set_result(None)

    async def _barrier(self, ticket: int) -> None:
        try:
            owned = self.ports.local_epoch or await self.log.barrier(self.machine.fence)
        except AidevosError as error:
            self.lost(error)
            return
        if owned and self.alive:
            leave(self.machine.confirmed(ticket))
        elif self.alive:
            self.lost(None)

    # ---- what is known ---------------------------------------------------------------------

    def committed_version(self, object: ObjectId) -> int:
        """Return the committed version of `object`; 0 if it was never made."""
        return self.machine.index.objects.version(object)

    def note_long(self, object: ObjectId) -> None:
        """It was read back from many events: the next checkpoint should keep its state."""
        self._long[object] = None

    def take_long(self) -> list[ObjectId]:
        """Return what was noted since this was called last."""
        long, self._long = self._long, {}
        return list(long)

    @property
    def tasks(self) -> frozenset["asyncio.Task[None]"]:
        """Barriers under way."""
        return frozenset(self._tasks)

    # ---- the end ---------------------------------------------------------------------------

    def lost(self, error: BaseException | None) -> None:
        """Drop everything volatile; pending calls learn that their outcome is unknown."""
        if not self.alive:
            return
        self.alive = False
        leave(self.machine.lost())
        self._tell_watching()
        self.feed.close(UnavailableError("the shard moved; watch again from the last sequence"))
        self.on_lost(error)

    def _own(self, work: Coroutine[object, object, None]) -> None:
        """Start a task that this shard owns until it ends; a bug in it stops the shard."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Future[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.ports.report_bug(task.exception())
            self.lost(task.exception())


def leave(released: Iterable[Released]) -> None:
    """Hand each answer to who waits for it."""
    for sink, number, value in released:
        sink.answer(number, value)
