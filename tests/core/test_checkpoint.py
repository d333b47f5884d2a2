"""Checkpoints in parts: what did not change is not written again, what was damaged is refused."""

import pytest
from checkpoints import SHARD, read_back, written

from aidevos.core.checkpoint import (
    CALLS_AT_ONCE,
    PART_BYTES,
    SESSIONS_AT_ONCE,
    RememberedCall,
    Writing,
)
from aidevos.core.errors import DataLossError
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.record import CallRecord, Record
from aidevos.core.turn import ChangeRecord, EventRecord
from aidevos.storage.tables import Tables

EVENT = EventRecord("E", 1, b"{}")


def made(index: ShardIndex, keys: range) -> None:
    """Commit one row that makes these objects."""
    records = [
        Record(
            principal="p",
            object=(object := ObjectId("t", "A", f"k{key:06}")),
            method="m",
            call=CallRecord(f"c{key}", 1, b"h", None),
            changes=(ChangeRecord(object, 1, (EVENT,)),),
            now_ms=1,
            seed=1,
        )
        for key in keys
    ]
    index.apply(records, 1)


def parts(writing: Writing, tables: Tables) -> int:
    return sum(name == writing.name for _, name, _ in tables.checkpoints)


def test_a_layer_that_did_not_change_is_named_again_and_not_written_again() -> None:
    index, tables = ShardIndex(), Tables()
    made(index, range(30_000))
    first = written(index, index.body(1, b""), tables)
    made(index, range(30_000, 30_010))
    second = written(index, index.body(1, b""), tables)
    assert first.root is not None
    assert second.root is not None
    assert second.root.layers[0] == first.root.layers[0]
    assert [stored.name == second.name for stored in second.root.layers] == [False, True]
    found = ShardIndex(read_back(second.name, tables))
    assert len(found.objects) == 30_010
    assert found.objects.version(ObjectId("t", "A", "k030009")) == 1


def test_a_large_layer_is_cut_into_parts_and_read_back() -> None:
    index, tables = ShardIndex(), Tables()
    made(index, range(20_000))
    writing = written(index, index.body(1, b""), tables)
    assert all(len(part) <= PART_BYTES for part in writing.parts)
    assert max(stored.parts for stored in writing.root.layers) > 1  # type: ignore[union-attr]
    assert [*read_back(writing.name, tables).layers[0].names(0, 3)] == [
        index.objects.names.name(ObjectId("t", "A", f"k{key:06}")) for key in range(3)
    ]


def test_calls_of_many_steps_are_read_back_in_order() -> None:
    index, tables = ShardIndex(), Tables()
    made(index, range(2 * CALLS_AT_ONCE + 1))
    body = index.body(1, b"")
    found = read_back(written(index, body, tables).name, tables)
    assert found.body == body
    assert all(isinstance(call, RememberedCall) for call in found.body.calls)


def test_sessions_are_read_back_with_their_marks_and_answers() -> None:
    index, tables = ShardIndex(), Tables()
    for number in range(1, 4):
        records = [
            Record(
                principal="p",
                object=ObjectId("t", "A", "k"),
                method="m",
                call=CallRecord(f"s{session}", number, b"h", 9_999, mark=number - 2),
                reply=b"%d" % number,
                now_ms=1,
                seed=1,
            )
            for session in range(SESSIONS_AT_ONCE + 1)
        ]
        index.apply(records, 1)
    body = index.body(1, b"")
    found = read_back(written(index, body, tables).name, tables)
    assert found.body == body
    assert len(found.body.sessions) == SESSIONS_AT_ONCE + 1
    assert {(one.mark, *(number for number, _ in one.answers)) for one in found.body.sessions} == {
        (1, 2, 3)
    }


def test_a_damaged_part_is_refused_whichever_it_is() -> None:
    index, tables = ShardIndex(), Tables()
    made(index, range(10))
    name = written(index, index.body(1, b""), tables).name
    for part in range(4):  # The root, the body, the calls, the layer.
        whole = tables.checkpoints[SHARD, name, part]
        tables.checkpoints[SHARD, name, part] = whole[:-1] + bytes([whole[-1] ^ 1])
        with pytest.raises(DataLossError, match="does not match its hash"):
            read_back(name, tables)
        tables.checkpoints[SHARD, name, part] = whole
    assert len(read_back(name, tables).body.calls) == 10


def test_what_changes_after_the_cut_is_not_in_the_checkpoint() -> None:
    index, tables = ShardIndex(), Tables()
    made(index, range(10))
    body = index.body(1, b"")
    made(index, range(10, 15))
    found = ShardIndex(read_back(written(index, body, tables).name, tables))
    assert (len(found.objects), found.offset) == (10, 1)
    assert len(index.objects) == 15


def test_no_step_of_writing_a_large_layer_makes_more_than_one_part() -> None:
    index = ShardIndex()
    made(index, range(30_000))
    body = index.body(1, b"")
    for _ in index.objects.settle():
        pass
    writing, before = Writing(body, index.objects.layers), 0
    for _ in writing.steps():
        assert len(writing.parts) <= before + 1
        before = len(writing.parts)
    assert before > 4
    assert max(map(len, writing.parts)) <= PART_BYTES
