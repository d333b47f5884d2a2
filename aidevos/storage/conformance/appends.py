"""Appends and rows: header and row change together or not at all (PROTOCOL.md section 4)."""

import asyncio

from aidevos.core.record import BATCH_BYTES_MAX
from aidevos.core.statements import AppendRow, CreateHeader, ReadRows, TakeHeader
from aidevos.storage.conformance.kit import (
    NAME,
    SHARD,
    Kit,
    append,
    created,
    filled,
    header,
    names,
    read,
    row,
    rows,
)


class AppendCases(Kit):
    """Conditional appends, reads of rows, what survives a restart."""

    async def test_an_append_advances_the_tail_and_keeps_the_row(self) -> None:
        store = await self.open_store()
        await created(store)
        assert await store.execute(append(0, "b0", after=None)) is True
        seen = await read(store)
        assert (seen.tail, seen.last_batch) == (1, "b0")
        assert await store.execute(ReadRows(SHARD, 0, 0, 1)) == (row(0, "b0"),)

    async def test_an_append_names_its_checkpoint(self) -> None:
        store = await self.open_store()
        await created(store)
        named = AppendRow(SHARD, 0, 1, 0, None, row(0, "b0"), NAME)
        assert await store.execute(named) is True
        assert (await read(store)).checkpoint == NAME

    async def test_an_append_sent_twice_is_written_once(self) -> None:
        store = await self.open_store()
        await created(store)
        assert await store.execute(append(0, "b0", after=None)) is True
        assert await store.execute(append(0, "b0", after=None)) is False
        assert (await read(store)).tail == 1
        assert await rows(store, 0, 9) == ["b0"]

    async def test_an_append_by_a_fenced_owner_changes_nothing(self) -> None:
        store = await self.open_store()
        await filled(store, 1)
        await store.execute(TakeHeader(SHARD, 0, 1, "b", "n2"))
        assert await store.execute(append(1, "late", after="b0", epoch=1)) is False
        assert await rows(store, 0, 9) == ["b0"]
        assert (await read(store)).tail == 1

    async def test_an_append_at_a_wrong_tail_changes_nothing(self) -> None:
        store = await self.open_store()
        await filled(store, 2)
        for offset in (0, 1, 3):
            assert await store.execute(append(offset, "x", after="b1")) is False
        assert await rows(store, 0, 9) == names(2)

    async def test_an_append_behind_another_batch_changes_nothing(self) -> None:
        store = await self.open_store()
        await filled(store, 1)
        assert await store.execute(append(1, "x", after="other")) is False
        assert await store.execute(append(1, "x", after=None)) is False
        assert (await read(store)).last_batch == "b0"

    async def test_a_first_append_wants_no_batch_before(self) -> None:
        store = await self.open_store()
        await created(store)
        assert await store.execute(append(0, "x", after="b")) is False
        assert await rows(store, 0, 9) == []

    async def test_an_append_without_a_header_changes_nothing(self) -> None:
        store = await self.open_store()
        assert await store.execute(append(0, "b0", after=None)) is False
        assert await rows(store, 0, 9) == []

    async def test_of_two_appends_at_once_one_is_written(self) -> None:
        store = await self.open_store()
        await created(store)
        asked = [append(0, name, after=None) for name in ("x", "y")]
        won = await asyncio.gather(*(store.execute(one) for one in asked))
        assert sorted(map(bool, won)) == [False, True]
        assert await rows(store, 0, 9) == ["x" if won[0] else "y"]

    async def test_shards_that_commit_together_stand_alone(self) -> None:
        store = await self.open_store()
        await filled(store, 1)
        assert await store.execute(CreateHeader(SHARD + 1, 0, header())) is True
        other = AppendRow(SHARD + 1, 0, 1, 0, None, row(0, "o0"), None)
        answers = await asyncio.gather(
            store.execute(append(1, "fenced", after="b0", epoch=7)), store.execute(other)
        )
        assert list(answers) == [False, True]
        assert (await read(store)).tail == 1
        assert (await read(store, shard=SHARD + 1)).tail == 1

    async def test_rows_are_read_in_order_and_only_those_asked_for(self) -> None:
        store = await self.open_store()
        await filled(store, 5)
        assert await rows(store, 1, 4) == ["b1", "b2", "b3"]
        assert await rows(store, 0, 5) == names(5)
        assert await rows(store, 3, 99) == ["b3", "b4"]
        assert await rows(store, 2, 2) == []

    async def test_a_row_of_the_largest_size_is_kept_whole(self) -> None:
        store = await self.open_store()
        await created(store)
        large = row(0, "b0", body=bytes(range(256)) * (BATCH_BYTES_MAX // 256))
        assert await store.execute(AppendRow(SHARD, 0, 1, 0, None, large, None)) is True
        assert await store.execute(ReadRows(SHARD, 0, 0, 1)) == (large,)

    async def test_header_and_rows_outlive_a_restart(self) -> None:
        store = await self.open_store()
        await filled(store, 3)
        before = await read(store)
        again = await self.reopen(store)
        assert await read(again) == before
        assert await rows(again, 0, 9) == names(3)
        assert await again.execute(append(3, "b3", after="b2")) is True

    async def test_what_was_not_applied_is_not_there_after_a_restart(self) -> None:
        store = await self.open_store()
        await filled(store, 1)
        await store.execute(append(1, "x", after="other"))
        again = await self.reopen(store)
        assert await rows(again, 0, 9) == ["b0"]

    async def test_many_appends_at_once_on_many_shards_are_all_kept(self) -> None:
        store = await self.open_store()
        shards = range(40, 56)
        await asyncio.gather(*(store.execute(CreateHeader(s, 0, header())) for s in shards))
        asked = [AppendRow(s, 0, 1, 0, None, row(0, f"s{s}"), None) for s in shards]
        assert all(await asyncio.gather(*(store.execute(one) for one in asked)))
        for shard in shards:
            found = await store.execute(ReadRows(shard, 0, 0, 9))
            assert found == (row(0, f"s{shard}"),)
