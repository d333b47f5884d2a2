"""The shard log: open, append, roll, release over any back end (PROTOCOL.md sections 3 to 5).

Thin: it runs the sans-I/O machines of `aidevos/core` against a `ConditionalStore`.
"""

import asyncio
import itertools
import time
import uuid
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from typing import Any, Final, TypeVar, cast

import msgspec

from aidevos.core.append import Append, append
from aidevos.core.ask import ask
from aidevos.core.checkpoint import Writing
from aidevos.core.checkpoint_io import write_checkpoint
from aidevos.core.errors import AidevosError
from aidevos.core.fence import Committed, Fence, Fenced, Opened
from aidevos.core.record import Batch, CheckpointName, Header
from aidevos.core.roll import roll
from aidevos.core.statements import (
    TIMEOUT,
    AppendRow,
    Pause,
    ReadHeader,
    ReleaseHeader,
    WriteHint,
)
from aidevos.core.takeover import takeover
from aidevos.storage.base import ConditionalStore, StoreTimeoutError

T = TypeVar("T")
Sleep = Callable[[int], Awaitable[None]]
Outcome = Committed | Fenced | AidevosError
PAUSE_MS_MAX: Final = 1_000


class Asked(msgspec.Struct, frozen=True):
    """One shard's part of `append_many`."""

    fence: Fence
    batch: Batch
    checkpoint: CheckpointName | None = None


def random_nonces() -> Iterator[str]:
    """Yield nonces that no other attempt of any host ever had."""
    return (uuid.uuid4().hex for _ in itertools.count())


async def sleep_ms(ms: int) -> None:
    """Sleep on the running loop."""
    await asyncio.sleep(ms / 1_000)


def monotonic_ms() -> int:
    """Return the host's monotonic clock in ms."""
    return time.monotonic_ns() // 1_000_000


class ShardLog:
    """The logs of all shards of one cluster.

    One append, roll or release per shard at a time; shards are independent of each other.
    """

    def __init__(
        self,
        store: ConditionalStore,
        *,
        nonces: Iterator[str] | None = None,
        now_ms: Callable[[], int] = monotonic_ms,
        sleep: Sleep = sleep_ms,
    ) -> None:
        """Bind the machines to `store`; clock, sleep and nonces are ports for simulation."""
        self.store = store
        self._nonces = nonces or random_nonces()
        self._now_ms = now_ms
        self._sleep = sleep

    async def open(self, shard: int, owner: str) -> Opened:
        """Take the shard over: fence first, then read checkpoint and rows.

        Raises DataLossError if the log contradicts itself. Cancel: perhaps taken; harmless.
        """
        opened: Opened = await self._drive(takeover(shard, owner, self._nonces))
        await self._drive(ask(WriteHint(shard, opened.fence.segment)))
        return opened

    async def append(
        self, fence: Fence, batch: Batch, checkpoint: CheckpointName | None = None
    ) -> Committed | Fenced:
        """Append `batch` at the fence's tail, whole or not at all.

        Raises UnavailableError: unknown whether appended; drop the shard and open it again.
        Durability: on Committed the batch survives the loss of this process.
        Cancel: unknown whether appended; open the shard again before going on.
        """
        return await self._drive(append(fence, batch, checkpoint))

    async def append_many(self, asked: Sequence[Asked]) -> list[Outcome]:
        """Append for several shards side by side, in one commit of a store that can.

        The outcomes are those of `append`; what it raises for one shard is its outcome here.
        """
        machines = [append(one.fence, one.batch, one.checkpoint) for one in asked]
        statements = [next(machine) for machine in machines]
        answers = await self.store.append_rows(cast(list[AppendRow], statements))
        if all(answer is True for answer in answers):
            return [_ended(machine) for machine in machines]
        ends = zip(machines, answers, strict=True)
        return await asyncio.gather(*(self._end(*begun) for begun in ends))

    async def _end(self, machine: Append, answer: object) -> Outcome:
        try:
            return await self._drive(machine, answer)
        except AidevosError as error:
            return error

    async def barrier(self, fence: Fence) -> bool:
        """Return whether `fence` still owns its shard, by a serial read that begins now."""
        header = await self._drive(ask(ReadHeader(fence.shard, fence.segment)))
        return isinstance(header, Header) and header.epoch == fence.epoch and not header.sealed

    async def roll(self, fence: Fence) -> Fence | Fenced:
        """Begin a new segment at the tail. No append of the shard may be in flight."""
        rolled = await self._drive(roll(fence))
        if isinstance(rolled, Fence):
            await self._drive(ask(WriteHint(rolled.shard, rolled.segment)))
        return rolled

    async def release(self, fence: Fence) -> None:
        """Give the shard up: the next owner need not suspect anything."""
        await self._drive(ask(ReleaseHeader(fence.shard, fence.segment, fence.epoch)))

    async def put_checkpoint(self, shard: int, writing: Writing) -> None:
        """Write an encoded checkpoint; name it in an append only after this returned."""
        await self._drive(write_checkpoint(shard, writing))

    async def _drive(self, machine: Generator[Any, Any, T], answer: object = None) -> T:
        """Feed `machine` with `answer`, then with the store's, until it returns."""
        started = self._now_ms()
        while True:
            try:
                effect = machine.send(answer)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            if isinstance(effect, Pause):
                await self._sleep(min(PAUSE_MS_MAX, 10 * 2 ** min(effect.attempt, 10)))
                answer = self._now_ms() - started
                continue
            try:
                answer = await self.store.execute(effect)
            except StoreTimeoutError:
                answer = TIMEOUT


def _ended(machine: Append) -> Outcome:
    """Return what a machine comes to whose row was written."""
    try:
        machine.send(True)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome
    raise AssertionError("an append that was applied asks nothing more")
