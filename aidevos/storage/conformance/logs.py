"""The shard log over the back end: open, append, fencing, barrier (PROTOCOL.md sections 3, 4)."""

import pytest

from aidevos.core.errors import DataLossError
from aidevos.core.fence import Committed, Fence, Fenced
from aidevos.core.record import Batch
from aidevos.core.statements import TakeHeader
from aidevos.storage.conformance.kit import SHARD, Kit, batch, log_on, names, read
from aidevos.storage.log import Asked, ShardLog


async def appended(log: ShardLog, fence: Fence, one: Batch) -> Fence:
    """Append a batch that must be committed; return the fence after it."""
    outcome = await log.append(fence, one)
    assert isinstance(outcome, Committed), outcome
    return outcome.fence


async def grown(log: ShardLog, fence: Fence, count: int) -> Fence:
    """Append `count` batches."""
    for name in names(count):
        fence = await appended(log, fence, batch(f"{fence.epoch}.{fence.tail}.{name}"))
    return fence


class LogCases(Kit):
    """What a host relies on."""

    async def test_an_empty_shard_opens_with_the_first_epoch(self) -> None:
        log = log_on(await self.open_store())
        opened = await log.open(SHARD, "a")
        assert (opened.fence.epoch, opened.fence.tail, opened.rows) == (1, 0, ())
        assert opened.checkpoint is None

    async def test_opening_again_advances_the_epoch_and_gives_all_rows(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        await grown(log, (await log.open(SHARD, "a")).fence, 3)
        opened = await log_on(store, "m").open(SHARD, "b")
        assert opened.fence.epoch == 2
        assert [one.offset for one in opened.rows] == [0, 1, 2]
        assert opened.fence.last_hash == opened.rows[-1].hash

    async def test_the_owner_before_is_fenced_off(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        before = (await log.open(SHARD, "a")).fence
        after = (await log_on(store, "m").open(SHARD, "b")).fence
        assert await log.append(before, batch("x")) == Fenced(after.epoch)
        assert (await log_on(store, "o").open(SHARD, "c")).rows == ()

    async def test_shards_append_side_by_side_and_each_finds_its_own_rows(self) -> None:
        log = log_on(await self.open_store())
        fences = [(await log.open(shard, "a")).fence for shard in range(3)]
        for round in names(2):
            asked = [Asked(one, batch(f"{round}.{one.shard}")) for one in reversed(fences)]
            outcomes = await log.append_many(asked)
            fences = [one.fence for one in reversed(outcomes) if isinstance(one, Committed)]
        for shard in range(3):
            rows = (await log.open(shard, "b")).rows
            assert [one.batch_id for one in rows] == [f"b0.{shard}", f"b1.{shard}"]

    async def test_a_fenced_shard_leaves_its_neighbours_their_commit(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fences = [(await log.open(shard, "a")).fence for shard in range(3)]
        after = (await log_on(store, "m").open(1, "b")).fence
        asked = [Asked(one, batch(f"x.{one.shard}")) for one in fences]
        left, fenced, right = await log.append_many(asked)
        assert isinstance(left, Committed)
        assert isinstance(right, Committed)
        assert fenced == Fenced(after.epoch)
        assert (await log.open(1, "c")).rows == ()
        assert len((await log.open(2, "c")).rows) == 1

    async def test_a_committed_batch_chains_to_the_one_before(self) -> None:
        log = log_on(await self.open_store())
        fence = await grown(log, (await log.open(SHARD, "a")).fence, 2)
        rows = (await log.open(SHARD, "a")).rows
        assert rows[1].prev_hash == rows[0].hash
        assert rows[1].hash == fence.last_hash

    async def test_a_barrier_confirms_the_owner(self) -> None:
        log = log_on(await self.open_store())
        fence = (await log.open(SHARD, "a")).fence
        assert await log.barrier(fence) is True

    async def test_a_barrier_tells_a_fenced_owner(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence = (await log.open(SHARD, "a")).fence
        await store.execute(TakeHeader(SHARD, 0, fence.epoch, "b", "other"))
        assert await log.barrier(fence) is False

    async def test_a_roll_begins_a_segment_at_the_tail(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence = await grown(log, (await log.open(SHARD, "a")).fence, 2)
        rolled = await log.roll(fence)
        assert isinstance(rolled, Fence)
        assert (rolled.segment, rolled.base, rolled.tail, rolled.epoch) == (1, 2, 2, 1)
        assert (await read(store)).sealed is True

    async def test_the_log_goes_on_over_a_roll(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        rolled = await log.roll(await grown(log, (await log.open(SHARD, "a")).fence, 2))
        assert isinstance(rolled, Fence)
        await grown(log, rolled, 2)
        opened = await log_on(store, "m").open(SHARD, "b")
        assert [one.offset for one in opened.rows] == [0, 1, 2, 3]
        assert opened.fence.segment == 1

    async def test_a_fenced_owner_cannot_roll(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence = (await log.open(SHARD, "a")).fence
        after = (await log_on(store, "m").open(SHARD, "b")).fence
        assert await log.roll(fence) == Fenced(after.epoch)

    async def test_a_released_shard_is_opened_by_another(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        fence = await grown(log, (await log.open(SHARD, "a")).fence, 1)
        await log.release(fence)
        assert (await read(store)).owner is None
        opened = await log_on(store, "m").open(SHARD, "b")
        assert (opened.fence.epoch, opened.fence.owner, len(opened.rows)) == (2, "b", 1)

    async def test_log_time_may_not_fall(self) -> None:
        log = log_on(await self.open_store())
        fence = await appended(log, (await log.open(SHARD, "a")).fence, batch("x", log_time_ms=9))
        with pytest.raises(AssertionError, match="log_time"):
            await log.append(fence, batch("y", log_time_ms=8))

    async def test_a_log_with_a_missing_row_stops_the_shard(self) -> None:
        store = await self.open_store()
        log = log_on(store)
        await grown(log, (await log.open(SHARD, "a")).fence, 3)
        await store.trim(SHARD, 1)  # Without a checkpoint that covers it: a hole.
        with pytest.raises(DataLossError, match="1 rows from 0"):
            await log_on(store, "m").open(SHARD, "b")
