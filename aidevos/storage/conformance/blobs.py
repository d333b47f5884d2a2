"""Checkpoints, history, snapshots and trim (PROTOCOL.md section 10)."""

import msgspec

from aidevos.core.checkpoint import Stored
from aidevos.core.record import CheckpointName
from aidevos.core.statements import ReadCheckpoint, WriteCheckpoint
from aidevos.storage.base import HistoryEvent, StoredSnapshot
from aidevos.storage.conformance.kit import (
    NAME,
    SHARD,
    Kit,
    chunk,
    filled,
    read,
    record,
    rows,
    thing,
)
from aidevos.storage.history import decode_chunk, events_after

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

    async def test_the_parts_of_a_checkpoint_are_apart(self) -> None:
        store = await self.open_store()
        for part in (0, 2, 1):
            await store.execute(WriteCheckpoint(SHARD, NAME, b"part %d" % part, part))
        assert await store.execute(ReadCheckpoint(SHARD, NAME)) == b"part 0"
        assert await store.execute(ReadCheckpoint(SHARD, NAME, 2)) == b"part 2"
        assert await store.execute(ReadCheckpoint(SHARD, NAME, 3)) is None

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

    async def test_each_chunk_of_history_is_found_at_its_own_place(self) -> None:
        store = await self.open_store()
        chunks = [chunk(A, record(1), record(2)), chunk(B, record(1, 3)), chunk(A, record(3))]
        first = await store.put_history(SHARD, chunks[:2])
        places = [*first, *await store.put_history(SHARD, chunks[2:])]
        assert len(set(places)) == 3
        assert min(places) > 0
        for one, place in zip(chunks, places, strict=True):
            assert list(await store.get_history([(SHARD, place)])) == [one]

    async def test_history_keeps_each_event_with_its_cause(self) -> None:
        store = await self.open_store()
        [place] = await store.put_history(SHARD, [chunk(A, record(1, 2, b'{"n":1}'))])
        [found] = await store.get_history([(SHARD, place)])
        assert found is not None
        assert list(events_after(decode_chunk(found.records), 1)) == [
            HistoryEvent(
                sequence=2,
                type="Made",
                type_version=1,
                body=b'{"n":1}',
                time_ms=1_001,
                principal="anonymous",
                method="make",
                request_id="r1",
            )
        ]

    async def test_a_chunk_says_where_the_one_before_is(self) -> None:
        store = await self.open_store()
        [first] = await store.put_history(SHARD, [chunk(A, record(1))])
        [second] = await store.put_history(SHARD, [chunk(A, record(2), before=first)])
        [found] = await store.get_history([(SHARD, second)])
        assert found is not None
        assert found.before == first

    async def test_chunks_of_many_objects_are_read_together_in_the_order_asked_for(self) -> None:
        store = await self.open_store()
        many = [chunk(thing(f"k{number}"), record(number)) for number in range(1, 301)]
        places = await store.put_history(SHARD, many)
        other = await store.put_history(SHARD + 1, many[:2])
        asked = [(SHARD, place) for place in reversed(places)] + [(SHARD + 1, other[1])]
        assert list(await store.get_history(asked)) == [*reversed(many), many[1]]
        assert list(await store.get_history([])) == []

    async def test_nothing_is_found_where_nothing_was_put(self) -> None:
        store = await self.open_store()
        [place] = await store.put_history(SHARD, [chunk(A, record(1))])
        found = await store.get_history([(SHARD, place), (SHARD, place + (1 << 40))])
        assert [one is None for one in found] == [False, True]

    async def test_history_written_again_is_at_both_places(self) -> None:
        store = await self.open_store()
        places = [(await store.put_history(SHARD, [chunk(A, record(1))]))[0] for _ in range(2)]
        found = await store.get_history([(SHARD, place) for place in places])
        assert list(found) == [chunk(A, record(1))] * 2

    async def test_chunks_of_any_size_are_kept_beside_each_other(self) -> None:
        store = await self.open_store()
        bodies = [b"1" * size for size in (0, 70_000, 3, 2_000_000, 5, 65_536, 1)]
        chunks = [chunk(A, record(n, 1, body)) for n, body in enumerate(bodies, 1)]
        places = await store.put_history(SHARD, chunks)
        assert list(await store.get_history([(SHARD, place) for place in places])) == chunks

    async def test_history_keeps_any_body(self) -> None:
        store = await self.open_store()
        body = msgspec.json.encode({"text": "żółw\u0000 \U0001f422", "n": 2**53})
        [place] = await store.put_history(SHARD, [chunk(A, record(1, 1, body))])
        [found] = await store.get_history([(SHARD, place)])
        assert found is not None
        assert decode_chunk(found.records)[0].events[0].body == body

    async def test_history_outlives_a_restart(self) -> None:
        store = await self.open_store()
        [place] = await store.put_history(SHARD, [chunk(A, record(1))])
        again = await self.reopen(store)
        assert list(await again.get_history([(SHARD, place)])) == [chunk(A, record(1))]
        [later] = await again.put_history(SHARD, [chunk(A, record(2))])
        assert later != place

    async def test_the_newest_snapshot_wins(self) -> None:
        store = await self.open_store()
        await store.put_snapshots(SHARD, [(A, snapshot(3))])
        await store.put_snapshots(SHARD, [(A, snapshot(5, b"{}"))])
        assert await store.get_snapshots([(SHARD, A)]) == {A: snapshot(5, b"{}")}

    async def test_a_late_older_snapshot_changes_nothing(self) -> None:
        store = await self.open_store()
        await store.put_snapshots(SHARD, [(A, snapshot(5))])
        await store.put_snapshots(SHARD, [(A, snapshot(3, b"{}"))])
        assert await store.get_snapshots([(SHARD, A)]) == {A: snapshot(5)}

    async def test_snapshots_are_read_together_and_missing_ones_left_out(self) -> None:
        store = await self.open_store()
        many = [thing(f"k{number}") for number in range(250)]
        await store.put_snapshots(SHARD, [(one, snapshot(n)) for n, one in enumerate(many, 1)])
        await store.put_snapshots(SHARD + 1, [(B, snapshot(2))])
        places = [*((SHARD, one) for one in many), (SHARD, thing("nothing")), (SHARD, B)]
        found = await store.get_snapshots(places)
        assert found == {one: snapshot(n) for n, one in enumerate(many, 1)}
        assert await store.get_snapshots([]) == {}

    async def test_a_snapshot_of_a_deleted_object_says_so(self) -> None:
        store = await self.open_store()
        gone = msgspec.structs.replace(snapshot(4), deleted=True)
        await store.put_snapshots(SHARD, [(A, gone)])
        assert (await store.get_snapshots([(SHARD, A)]))[A].deleted is True

    async def test_snapshots_outlive_a_restart(self) -> None:
        store = await self.open_store()
        await store.put_snapshots(SHARD, [(A, snapshot(1))])
        again = await self.reopen(store)
        assert await again.get_snapshots([(SHARD, A)]) == {A: snapshot(1)}

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

    async def test_a_trim_keeps_those_older_parts_that_are_named(self) -> None:
        store = await self.open_store()
        await filled(store, 3)
        for part in range(5):
            await store.execute(WriteCheckpoint(SHARD, NAME, b"%d" % part, part))
        await store.execute(WriteCheckpoint(SHARD, CheckpointName(2, 2), b"other", 2))
        await store.trim(SHARD, NAME.offset + 1, [Stored(NAME, 1, 2, b""), Stored(NAME, 4, 1, b"")])
        left = [await store.execute(ReadCheckpoint(SHARD, NAME, part)) for part in range(5)]
        assert left == [None, b"1", b"2", None, b"4"]
        assert await store.execute(ReadCheckpoint(SHARD, CheckpointName(2, 2), 2)) is None

    async def test_closing_twice_is_harmless(self) -> None:
        store = await self.open_store()
        await filled(store, 1)
        await store.close()
        await store.close()
        assert (await read(await self.reopen(store))).tail == 1
