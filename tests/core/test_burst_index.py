"""What is remembered of committed bursts: live, from rows, from a checkpoint."""

import pytest
from burst_driver import BurstOwner, counter
from checkpoints import through_a_checkpoint
from shard_driver import FENCE, NOW

from aidevos.core import codec
from aidevos.core.call import Answer
from aidevos.core.calls import SessionEntry
from aidevos.core.errors import AlreadyExistsError, DataLossError
from aidevos.core.index import ShardIndex
from aidevos.core.record import BATCH_BYTES_MAX, BATCH_RECORDS_MAX, BurstRecord, Record, turns_of
from aidevos.core.shard import Limits, ShardMachine
from aidevos.core.turn import EventRecord


def replayed(owner: BurstOwner) -> ShardIndex:
    """Return the index that the rows alone give."""
    index = ShardIndex()
    for append in owner.appends:
        records = codec.decode_records(append.batch.body)
        assert append.batch.record_count == sum(map(turns_of, records))
        index.apply(records, append.batch.log_time_ms)
    return index


def content(index: ShardIndex) -> object:
    """Return all that an index says."""
    calls = index.calls
    sizes = (calls.count, calls.bytes, index.offset, index.log_time_ms)
    return list(index.objects.items()), calls.sessions_body(), calls.calls_body(), sizes


def taken_over(owner: BurstOwner, index: ShardIndex) -> BurstOwner:
    """Return an owner that begins with what `index` says."""
    fresh = BurstOwner()
    index.offset = FENCE.tail
    fresh.machine = ShardMachine(FENCE, index, Limits())
    fresh.live = fresh.machine.open_session(owner.live.scope, owner.live.expires_ms)
    return fresh


@pytest.mark.parametrize("how", ["rows", "a checkpoint"])
def test_a_repeat_after_a_takeover_gets_the_same_answer(how: str) -> None:
    owner = BurstOwner()
    owner.committed([1, 2, 3], "aba")
    index = owner.machine.index
    found = (
        replayed(owner)
        if how == "rows"
        else through_a_checkpoint(index, owner.machine.checkpoint())
    )
    fresh = taken_over(owner, found)
    ear, other = fresh.again(3), fresh.again(3, b"other")
    assert not fresh.machine.arrive_burst(fresh.made([3, 4]), NOW)
    fresh.confirm()
    assert ear.heard == [Answer(version=2, payload=b"2", repeated=True)]
    assert isinstance(other.heard[0], AlreadyExistsError)


def test_rows_with_bursts_among_single_calls_give_the_index_that_was_live() -> None:
    owner = BurstOwner()
    owner.committed([1, 2, 3], "aba")
    for first in (10, 20):  # The second time all of it waits while the row of the first is written.
        owner.machine.set_mark(owner.live, first - 10 + 2)
        owner.numbered(owner.live, first)
        owner.turn(first, seq=owner.machine.version(counter("a")) + 1)
        owner.finish(owner.admitted([first + 1, first + 2, first + 3], "acc"))
        owner.numbered(owner.live, first + 4)
        owner.turn(first + 4, seq=owner.machine.version(counter("c")) + 1, key="c")
    while not owner.machine.idle:
        owner.commit()
    index = owner.machine.index
    assert content(replayed(owner)) == content(index)
    cut = content(through_a_checkpoint(index, owner.machine.checkpoint()))
    assert cut == content(index)
    assert [(str(object.key), entry.version) for object, entry in index.objects.items()] == [
        ("a", 6),
        ("b", 1),
        ("c", 6),
    ]


def test_a_batch_keeps_bursts_and_single_calls_in_the_order_in_which_they_ended() -> None:
    owner = BurstOwner()
    owner.flushes = False
    for number in (1, 5):
        owner.numbered(owner.live, number)
        owner.turn(number, seq=number)
        owner.finish(owner.admitted([number + 1, number + 2, number + 3]))
    owner.flushes = True
    owner.look()
    records = codec.decode_records(owner.appends[0].batch.body)
    assert [type(record) for record in records] == [Record, BurstRecord, Record, BurstRecord]
    assert [record.version for record in owner.commit()] == list(range(1, 9))
    assert sorted(owner.left) == list(range(1, 9))


def test_a_mark_frees_a_part_of_a_burst_and_then_the_rest() -> None:
    owner = BurstOwner()
    owner.committed([1, 2, 3])
    calls = owner.machine.index.calls
    entry: SessionEntry = calls.sessions[owner.live.scope]
    assert (calls.count, calls.bytes) == (3, 3)
    owner.machine.set_mark(owner.live, 2)
    owner.committed([4])
    assert (entry.mark, list(entry.answers), calls.count) == (2, [3, 4], 2)
    [written] = through_a_checkpoint(
        owner.machine.index, owner.machine.checkpoint()
    ).calls.sessions_body()
    assert (written.mark, [number for number, _ in written.answers]) == (2, [3, 4])
    ear = owner.again(3)
    owner.confirm()
    assert ear.heard == [Answer(version=3, payload=b"3", repeated=True)]
    for number in (5, 6):
        owner.machine.set_mark(owner.live, number - 1)
        owner.committed([number])
    assert (list(entry.answers), calls.count, calls.bytes) == ([6], 1, 1)


@pytest.mark.parametrize("mark", [0, 2])
def test_nothing_of_a_burst_is_counted_when_its_session_has_expired(mark: int) -> None:
    owner = BurstOwner()
    owner.committed([1, 2, 3])
    owner.machine.set_mark(owner.live, mark)
    owner.committed([4, 5])
    owner.call(99, "late", now=NOW + 1_000)
    owner.turn(99, key="late")
    owner.commit()
    calls = owner.machine.index.calls
    assert (calls.count, calls.bytes, len(calls.sessions)) == (1, len(b"None"), 0)


def test_answers_are_kept_without_the_events_of_their_burst() -> None:
    owner = BurstOwner()
    burst = owner.admitted([1, 2])
    event = EventRecord("Added", 1, b"x" * 1_000)
    burst.events = [(event,)] * 2
    owner.finish(burst)
    owner.commit()
    [kept] = set(owner.machine.index.calls.sessions[owner.live.scope].answers.values())
    columns = [getattr(kept, name) for name in type(kept).__slots__]  # type: ignore[arg-type]
    assert event not in [one for column in columns if isinstance(column, list) for one in column]
    assert not any(isinstance(column, BurstRecord) for column in columns)


def test_bursts_that_do_not_fit_into_a_row_together_go_into_two() -> None:
    owner = BurstOwner()
    owner.flushes = False
    half = BATCH_RECORDS_MAX // 2
    for part in range(3):
        numbers = range(part * half + 1, (part + 1) * half + 1)
        assert owner.finish(owner.admitted(list(numbers)))
    owner.flushes = True
    owner.look()
    owner.commit()
    assert [append.batch.record_count for append in owner.appends] == [2 * half, half]
    owner.commit()
    assert sorted(owner.left) == list(range(1, 3 * half + 1))


def test_bursts_of_many_bytes_go_into_two_rows() -> None:
    owner = BurstOwner()
    owner.flushes = False
    for number in (1, 3):
        burst = owner.admitted([number, number + 1])
        burst.events = [(EventRecord("Added", 1, bytes(BATCH_BYTES_MAX // 3)),)] * 2
        assert owner.finish(burst)
    owner.flushes = True
    owner.look()
    owner.commit()
    assert [append.batch.record_count for append in owner.appends] == [2, 2]
    assert all(len(append.batch.body) <= BATCH_BYTES_MAX for append in owner.appends)


def test_a_row_that_holds_a_burst_twice_is_refused() -> None:
    owner = BurstOwner()
    owner.committed([1, 2])
    index = replayed(owner)
    with pytest.raises((AssertionError, DataLossError)):
        index.apply(codec.decode_records(owner.appends[0].batch.body), NOW)
