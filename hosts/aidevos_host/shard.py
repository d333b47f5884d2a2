"""One shard on this host: the asyncio shell around the shard machine.

call -> machine admits -> mailbox of its group -> turn -> machine batches -> log -> gate -> reply.
No task per call: a group has one while it is busy, the shard has one while it appends. When
the shard is lost, everything volatile here is dropped; the host opens it again.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from aidevos.core.call import Answer, Call, CallId
from aidevos.core.errors import AidevosError, ResourceExhaustedError, UnavailableError
from aidevos.core.fence import Committed, Opened
from aidevos.core.ids import GroupId, ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.shard import Append, Barrier, Effect, Gather, Release, Run, ShardMachine
from aidevos.storage.log import Asked, Outcome, ShardLog
from aidevos_host.config import HostConfig
from aidevos_host.feed import Feed
from aidevos_host.members import Members
from aidevos_host.ports import Ports
from aidevos_host.resident import Residents
from aidevos_host.tail import Tail

Turn = Callable[[int, int], Awaitable[None]]
"""Run the turn of a token at a time; must end in finish_*, or abandon, of this shard."""


class Shard:
    """A shard that this host owns. Made by `open_shard`; dead after `lost`."""

    def __init__(self, log: ShardLog, opened: Opened, config: HostConfig, ports: Ports) -> None:
        """Rebuild the index from checkpoint and rows; nothing is woken."""
        index = ShardIndex(opened.checkpoint)
        self.root = opened.checkpoint.root if opened.checkpoint else None
        """Of the newest checkpoint that was written whole."""
        self.tail = Tail()
        for row in opened.rows:
            self.tail.add(index.apply_row(row), row.log_time_ms, len(row.body))
        self.log = log
        self.config = config
        self.ports = ports
        self.machine = ShardMachine(opened.fence, index)
        self.members = Members(index.objects)
        self.residents = Residents(config.resident_max, self.committed_version)
        self.feed = Feed(config.watch_buffer)
        self.alive = True
        self.on_lost: Callable[[BaseException | None], None] = lambda error: None
        self.on_turns: Callable[[Shard], None] = lambda shard: None
        """Told when turns wait for `begin_turns`."""
        self.on_records: Callable[[Shard], None] = lambda shard: None
        """Told when records wait for an append: `asked`, then `appended`."""
        self._tokens = 0
        self._waiting: dict[int, asyncio.Future[object]] = {}
        self._jobs: dict[int, tuple[GroupId, int, Turn]] = {}
        self._mailboxes: dict[GroupId, deque[tuple[int, int]]] = {}
        self._mail_bytes = 0
        self._woken: list[GroupId] = []
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- calls -----------------------------------------------------------------------------

    async def change(self, call: Call, payload_hash: bytes, turn: Turn) -> Answer:
        """Run `turn` at most once for the call's id; return its answer after the gate."""
        assert isinstance(call.id, CallId)
        token, future = self._enter(call.object.group, len(call.payload), turn)
        key = (call.object.tenant, call.principal, call.id.session, call.id.number)
        self._do(
            self.machine.arrive_change(
                token, key, payload_hash, call.id.expires_at_ms, self.ports.clock_ms()
            )
        )
        answer = await self._wait(token, future)
        assert isinstance(answer, Answer)
        return answer

    async def observe(self, group: GroupId, size: int, turn: Turn) -> object:
        """Run a reader in its group's turn order; return its value after the gate."""
        token, future = self._enter(group, size, turn)
        self._do(self.machine.arrive_query(token, self.ports.clock_ms()))
        return await self._wait(token, future)

    async def settled(self) -> None:
        """Return once everything acknowledged before now is in the index, epoch confirmed."""
        self._tokens += 1
        token, future = self._tokens, asyncio.get_running_loop().create_future()
        self._waiting[token] = future
        self.machine.arrive_query(token, self.ports.clock_ms())
        self._do(self.machine.finish_query(token, None))
        await self._wait(token, future)

    def finish(self, effects: list[Effect]) -> None:
        """Do what the machine said at the end of a turn."""
        self._do(effects)

    def begin_turns(self) -> None:
        """Begin the turns that have gathered."""
        groups, self._woken = self._woken, []
        if self.alive:
            for group in groups:
                self._own(self._work(group))

    def asked(self) -> list[Asked]:
        """Return the append of the records that have gathered, if there are any."""
        machine = self.machine
        effects = machine.flush() if self.alive else []
        appends = (effect for effect in effects if isinstance(effect, Append))
        return [Asked(machine.fence, append.batch, append.checkpoint) for append in appends]

    def appended(self, asked: Asked, outcome: Outcome) -> None:
        """Take what became of an append: let answers leave, or lose the shard."""
        if not self.alive:
            return
        if not isinstance(outcome, Committed):
            self.lost(outcome if isinstance(outcome, AidevosError) else None)
            return
        records, effects = self.machine.committed(outcome.fence)
        self.tail.add(records, asked.batch.log_time_ms, len(asked.batch.body))
        self._do(effects)
        self.feed.publish(records, asked.batch.log_time_ms)

    # ---- what is known ---------------------------------------------------------------------

    def committed_version(self, object: ObjectId) -> int:
        """Return the committed version of `object`; 0 if it was never made."""
        return self.machine.index.objects.version(object)

    def version(self, object: ObjectId) -> int:
        """Return the version that the next turn builds on, committed or not.

        Only what is committed may hibernate, so an object out of memory has its committed one.
        """
        held = self.residents.peek(object)
        return held.version if held else self.committed_version(object)

    @property
    def tasks(self) -> frozenset["asyncio.Task[None]"]:
        """Turns and barriers under way."""
        return frozenset(self._tasks)

    # ---- inside ----------------------------------------------------------------------------

    def _enter(self, group: GroupId, size: int, turn: Turn) -> tuple[int, "asyncio.Future[object]"]:
        if not self.alive:
            raise UnavailableError("the shard is moving; retry", retry_after_ms=20)
        waiting = self._mailboxes.get(group)
        if waiting is not None and len(waiting) >= self.config.mailbox_max:
            raise _overloaded(f"{len(waiting)} calls wait for this object or its group")
        if self._mail_bytes + size > self.config.mailbox_bytes_max:
            raise _overloaded(f"{self._mail_bytes} bytes of calls wait on this shard")
        self._tokens += 1
        self._mail_bytes += size
        self._jobs[self._tokens] = (group, size, turn)
        future = asyncio.get_running_loop().create_future()
        self._waiting[self._tokens] = future
        return self._tokens, future

    async def _wait(self, token: int, future: "asyncio.Future[object]") -> object:
        try:
            value = await future
        finally:
            self._waiting.pop(token, None)
        if isinstance(value, AidevosError):
            raise value
        return value

    def _do(self, effects: list[Effect]) -> None:
        """Carry effects out, in order."""
        for effect in effects:
            match effect:
                case Release(token, value):
                    self._release(token, value)
                case Run(token, now_ms):
                    self._deliver(token, now_ms)
                case Gather():
                    self.on_records(self)
                case Barrier(ticket):
                    if self.ports.local_epoch:  # An exclusive lock: no other owner can be.
                        self._do(self.machine.confirmed(ticket))
                    else:
                        self._own(self._barrier(ticket))

    def _release(self, token: int, value: object) -> None:
        job = self._jobs.pop(token, None)
        if job is not None:
            self._mail_bytes -= job[1]
        future = self._waiting.get(token)
        if future is not None and not future.done():
            future.set_result(value)

    def _deliver(self, token: int, now_ms: int) -> None:
        """Into the mailbox of its group, which exists only while the group is busy."""
        group = self._jobs[token][0]
        waiting = self._mailboxes.get(group)
        if waiting is not None:
            waiting.append((token, now_ms))
            return
        self._mailboxes[group] = deque([(token, now_ms)])
        self._woken.append(group)
        self.on_turns(self)

    async def _work(self, group: GroupId) -> None:
        """Take the turns of one group, one at a time, until its mailbox is empty."""
        mailbox = self._mailboxes[group]
        while mailbox and self.alive:
            token, now_ms = mailbox[0]
            job = self._jobs.get(token)
            if job is not None:
                await job[2](token, now_ms)
            mailbox.popleft()
        self._mailboxes.pop(group, None)

    async def _barrier(self, ticket: int) -> None:
        try:
            owned = await self.log.barrier(self.machine.fence)
        except AidevosError as error:
            self.lost(error)
            return
        if owned and self.alive:
            self._do(self.machine.confirmed(ticket))
        elif self.alive:
            self.lost(None)

    def lost(self, error: BaseException | None) -> None:
        """Drop everything volatile; pending calls learn that their outcome is unknown."""
        if not self.alive:
            return
        self.alive = False
        self._do(self.machine.lost())
        self.residents.clear()
        self.feed.close(UnavailableError("the shard moved; watch again from the last sequence"))
        self.on_lost(error)

    def _own(self, work: Awaitable[None]) -> None:
        """Start a task that this shard owns until it ends; a bug in it stops the shard."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Future[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.ports.report_bug(task.exception())
            self.lost(task.exception())


def _overloaded(why: str) -> AidevosError:
    return ResourceExhaustedError(f"overloaded: {why}; retry after a pause", retry_after_ms=100)
