"""Checkpoints, history, snapshots and trim (PROTOCOL.md section 10)."""

import msgspec

from aidevos.core.record import CheckpointName
from aidevos.core.statements import ReadCheckpoint, WriteCheckpoint
from aidevos.storage.base import StoredSnapshot
from aidevos.storage.conformance.kit import NAME, SHARD, Kit, event, filled, read, rows, thing

A, B = thing("a"), thing("{g}b")


def snapshot(version: int, state: bytes = b'{"n":1}') -> StoredSnapshot:
    """Return a snapshot at `version`."""
    return StoredSnapshot(version=version, state=state, state_version=2)


class BlobCases(Kit):
    """Everything that is written without a condition."""

    async def test_a_checkpoint_is_read_back_to_the_byte(self) -> None:
        store = await self.open_store()
        body = bytes(range(256)) * 40
        await store.execute(WriteCheckpoint(SHARD, NAME, body))
        assert await store.execute(ReadCheckpoint(SHARD, NAME)) == body

    async def test_a_checkpoint_of_several_megabytes_is_read_back(self) -> None:
        store = await self.open_store()
        body = b"\x00\xff" * 2_000_000
        await store.execute(WriteCheckpoint(SHARD, NAME, body))
        assert await store.execute(ReadCheckpoint(SHARD, NAME)) == body

    async def test_a_checkpoint_is_found_by_shard_offset_and_epoch_together(self) -> None:
        store = await self.open_store()
        await store.execute(WriteCheckpoint(SHARD, NAME, b"mine"))
        await store.execute(WriteCheckpoint(SHARD, CheckpointName(2, 2), b"later owner"))
        assert await store.execute(ReadCheckpoint(SHARD, NAME)) == b"mine"
        assert await store.execute(ReadCheckpoint(SHARD, CheckpointName(2, 2))) == b"later owner"
        assert await store.execute(ReadCheckpoint(SHARD + 1, NAME)) is None
        assert await store.execute(ReadCheckpoint(SHARD, CheckpointName(3, 1))) is None

    async def test_a_checkpoint_written_again_is_harmless(self) -> None:
        store = await self.open_store()
        for _ in range(2):
            await store.execute(WriteCheckpoint(SHARD, NAME, b"mine"))
        assert await store.execute(ReadCheckpoint(SHARD, NAME)) == b"mine"

    async def test_a_checkpoint_outlives_a_restart(self) -> None:
        store = await self.open_store()
        await store.execute(WriteCheckpoint(SHARD, NAME, b"mine"))
        again = await self.reopen(store)
        assert await again.execute(ReadCheckpoint(SHARD, NAME)) == b"mine"

    async def test_history_is_read_in_order_after_a_sequence(self) -> None:
        store = await self.open_store()
        await store.put_history(tuple((A, event(number)) for number in (2, 1, 3)))
        assert await store.get_history(A, 0, 10) == (event(1), event(2), event(3))
        assert await store.get_history(A, 2, 10) == (event(3),)
        assert await store.get_history(A, 3, 10) == ()

    async def test_history_gives_no_more_than_was_asked_for(self) -> None:
        store = await self.open_store()
        await store.put_history(tuple((A, event(number)) for number in range(1, 6)))
        assert await store.get_history(A, 1, 2) == (event(2), event(3))

    async def test_histories_of_objects_are_apart(self) -> None:
        store = await self.open_store()
        await store.put_history(((A, event(1)), (B, event(1, b'{"of":"b"}'))))
        assert await store.get_history(B, 0, 10) == (event(1, b'{"of":"b"}'),)
        assert await store.get_history(thing("c"), 0, 10) == ()

    async def test_history_written_again_is_there_once(self) -> None:
        store = await self.open_store()
        for _ in range(2):
            await store.put_history(((A, event(1)), (A, event(2))))
        assert await store.get_history(A, 0, 10) == (event(1), event(2))

    async def test_history_keeps_any_body(self) -> None:
        store = await self.open_store()
        body = msgspec.json.encode({"text": "żółw\u0000 \U0001f422", "n": 2**53})
        await store.put_history(((A, event(1, body)),))
        assert (await store.get_history(A, 0, 1))[0].body == body

    async def test_history_outlives_a_restart(self) -> None:
        store = await self.open_store()
        await store.put_history(((A, event(1)),))
        again = await self.reopen(store)
        assert await again.get_history(A, 0, 10) == (event(1),)

    async def test_the_newest_snapshot_wins(self) -> None:
        store = await self.open_store()
        await store.put_snapshots(((A, snapshot(3)),))
        await store.put_snapshots(((A, snapshot(5, b"{}")),))
        assert await store.get_snapshots((A,)) == {A: snapshot(5, b"{}")}

    async def test_a_late_older_snapshot_changes_nothing(self) -> None:
        store = await self.open_store()
        await store.put_snapshots(((A, snapshot(5)),))
        await store.put_snapshots(((A, snapshot(3, b"{}")),))
        assert await store.get_snapshots((A,)) == {A: snapshot(5)}

    async def test_snapshots_are_read_together_and_missing_ones_left_out(self) -> None:
        store = await self.open_store()
        await store.put_snapshots(((A, snapshot(1)), (B, snapshot(2))))
        found = await store.get_snapshots((B, thing("nothing"), A))
        assert found == {A: snapshot(1), B: snapshot(2)}
        assert await store.get_snapshots(()) == {}

    async def test_a_snapshot_of_a_deleted_object_says_so(self) -> None:
        store = await self.open_store()
        gone = msgspec.structs.replace(snapshot(4), deleted=True)
        await store.put_snapshots(((A, gone),))
        assert (await store.get_snapshots((A,)))[A].deleted is True

    async def test_snapshots_outlive_a_restart(self) -> None:
        store = await self.open_store()
        await store.put_snapshots(((A, snapshot(1)),))
        again = await self.reopen(store)
        assert await again.get_snapshots((A,)) == {A: snapshot(1)}

    async def test_a_trim_drops_rows_below_it_and_keeps_the_header(self) -> None:
        store = await self.open_store()
        await filled(store, 4)
        before = await read(store)
        await store.trim(SHARD, 2)
        assert await rows(store, 0, 9) == ["b2", "b3"]
        assert await read(store) == before

    async def test_a_trim_of_one_shard_leaves_the_others(self) -> None:
        store = await self.open_store()
        await filled(store, 2)
        await store.trim(SHARD + 1, 2)
        assert await rows(store, 0, 9) == ["b0", "b1"]

    async def test_a_trim_outlives_a_restart_and_may_be_repeated(self) -> None:
        store = await self.open_store()
        await filled(store, 3)
        await store.trim(SHARD, 1)
        again = await self.reopen(store)
        await again.trim(SHARD, 1)
        assert await rows(again, 0, 9) == ["b1", "b2"]

    async def test_a_trim_keeps_the_checkpoint_that_covers_it(self) -> None:
        store = await self.open_store()
        await filled(store, 3)
        await store.execute(WriteCheckpoint(SHARD, NAME, b"mine"))
        await store.trim(SHARD, NAME.offset)
        assert await store.execute(ReadCheckpoint(SHARD, NAME)) == b"mine"

    async def test_closing_twice_is_harmless(self) -> None:
        store = await self.open_store()
        await filled(store, 1)
        await store.close()
        await store.close()
        assert (await read(await self.reopen(store))).tail == 1
