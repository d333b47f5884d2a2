"""Takeovers over checkpoints, segments and wrong hints (PROTOCOL.md sections 3, 10)."""

from collections import deque
from typing import cast

import pytest

from aidevos.core.checkpoint import Writing
from aidevos.core.errors import DataLossError
from aidevos.core.fence import Committed, Fence, Opened
from aidevos.core.index import ShardIndex
from aidevos.core.record import CheckpointName
from aidevos.core.statements import SealHeader, TakeHeader, WriteHint
from aidevos.core.turn import ChangeRecord, EventRecord
from aidevos.storage.base import ConditionalStore
from aidevos.storage.conformance.kit import SHARD, Kit, batch, log_on, read, thing
from aidevos.storage.conformance.logs import grown
from aidevos.storage.log import ShardLog


async def checkpointed(log: ShardLog, fence: Fence) -> tuple[Fence, Writing]:
    """Write a checkpoint of an index with one object; let its name ride on an append."""
    index = ShardIndex()
    index.objects.apply(ChangeRecord(thing("a"), 1, (EventRecord("E", 1, b"{}"),)), 7)
    index.offset, index.log_time_ms = fence.tail, fence.log_time_ms
    body = index.body(fence.epoch, fence.last_hash)
    deque(index.objects.settle(), maxlen=0)
    writing = Writing(body, index.objects.layers)
    deque(writing.steps(), maxlen=0)
    await log.put_checkpoint(SHARD, writing)
    outcome = await log.append(fence, batch(f"ckpt{fence.tail}"), writing.name)
    assert isinstance(outcome, Committed)
    return outcome.fence, writing


def index_of(opened: Opened) -> ShardIndex:
    """Return the index of the checkpoint that a takeover read."""
    assert opened.checkpoint is not None
    return ShardIndex(opened.checkpoint)


class TakeoverCases(Kit):
    """A new owner finds everything, or stops."""

    async def test_a_takeover_reads_the_checkpoint_and_only_rows_after_it(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence = await grown(log, (await log.open(SHARD, "a")).fence, 3)
        fence, _ = await checkpointed(log, fence)
        await grown(log, fence, 1)
        opened = await log_on(store, "m").open(SHARD, "b")
        assert index_of(opened).objects.version(thing("a")) == 1
        assert [one.offset for one in opened.rows] == [3, 4]

    async def test_a_takeover_after_a_trim_needs_no_older_row(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence = await grown(log, (await log.open(SHARD, "a")).fence, 3)
        await checkpointed(log, fence)
        await store.trim(SHARD, 3)
        opened = await log_on(await self.reopen(store), "m").open(SHARD, "b")
        assert [one.offset for one in opened.rows] == [3]

    async def test_a_named_checkpoint_that_is_not_there_stops_the_shard(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence = (await log.open(SHARD, "a")).fence
        await log.append(fence, batch("x"), CheckpointName(0, 1))
        with pytest.raises(DataLossError, match="checkpoint"):
            await log_on(store, "m").open(SHARD, "b")

    async def test_a_checkpoint_without_one_of_its_parts_stops_the_shard(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence, writing = await checkpointed(log, (await log.open(SHARD, "a")).fence)
        assert writing.root is not None
        later = await grown(log, fence, 1)
        await store.trim(SHARD, later.tail, (writing.root.body, writing.root.layers[0]))
        with pytest.raises(DataLossError, match="part 0"):
            await log_on(store, "m").open(SHARD, "b")

    async def test_a_checkpoint_outlives_a_roll(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence, writing = await checkpointed(log, (await log.open(SHARD, "a")).fence)
        assert isinstance(await log.roll(fence), Fence)
        opened = await log_on(store, "m").open(SHARD, "b")
        assert opened.checkpoint is not None
        assert opened.checkpoint.root == writing.root

    async def test_a_hint_to_nothing_counts_as_none(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        await grown(log, (await log.open(SHARD, "a")).fence, 1)
        await store.execute(WriteHint(SHARD, 17))
        opened = await log_on(store, "m").open(SHARD, "b")
        assert (opened.fence.segment, opened.fence.epoch) == (0, 2)

    async def test_a_stale_hint_costs_a_walk_and_nothing_else(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence = (await log.open(SHARD, "a")).fence
        for _ in range(3):
            rolled = await log.roll(await grown(log, fence, 1))
            assert isinstance(rolled, Fence)
            fence = rolled
        await store.execute(WriteHint(SHARD, 0))
        opened = await log_on(store, "m").open(SHARD, "b")
        assert opened.fence.segment == 3
        assert [one.offset for one in opened.rows] == [0, 1, 2]

    async def test_a_crash_between_seal_and_create_is_healed(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence = await grown(log, (await log.open(SHARD, "a")).fence, 2)
        await store.execute(SealHeader(SHARD, 0, fence.epoch, fence.tail))
        opened = await log_on(store, "m").open(SHARD, "b")
        assert (opened.fence.segment, opened.fence.epoch, opened.fence.tail) == (1, 2, 2)
        assert [one.offset for one in opened.rows] == [0, 1]

    async def test_a_takeover_that_lost_the_race_tries_again_with_a_fresh_nonce(self) -> None:
        store = await self.open_store()
        await log_on(store).open(SHARD, "a")
        raced = Raced(store)
        opened = await log_on(cast(ConditionalStore, raced), "m").open(SHARD, "b")
        assert (opened.fence.epoch, opened.fence.nonce, opened.fence.owner) == (3, "m2", "b")
        assert (await read(store)).nonce == "m2"

    async def test_ten_owners_in_turn_lose_nothing(self) -> None:
        store = await self.open_store()
        for number in range(10):
            log = log_on(store, f"o{number}.")
            opened = await log.open(SHARD, f"host-{number}")
            assert len(opened.rows) == number
            await grown(log, opened.fence, 1)
        assert (await read(store)).epoch == 10


class Raced:
    """The same store, seen by one who is overtaken once between its read and its take."""

    def __init__(self, store: ConditionalStore) -> None:
        """Overtake the first take."""
        self._store = store
        self._raced = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def execute(self, statement: object) -> object:
        """Let another owner take first, once."""
        if isinstance(statement, TakeHeader) and not self._raced:
            self._raced = True
            other = TakeHeader(SHARD, statement.segment, statement.if_epoch, "c", "other")
            assert await self._store.execute(other) is True
        return await self._store.execute(statement)  # type: ignore[arg-type]
