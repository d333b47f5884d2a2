"""Sessions of the shard machine: numbers, marks, ends, and what is remembered of them."""

import pytest
from checkpoints import through_a_checkpoint
from shard_driver import CALLER, NOW, Owner

from aidevos.core import codec
from aidevos.core.call import Answer
from aidevos.core.errors import (
    AlreadyAnsweredError,
    InvalidArgumentError,
    ResourceExhaustedError,
)
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.pending import LiveSession
from aidevos.core.record import CallRecord, Record
from aidevos.core.shard import Limits


def session(owner: Owner, *, expires: int = NOW + 1_000) -> LiveSession:
    return owner.machine.open_session((*CALLER, "s"), expires)


def test_a_mark_frees_the_answers_below_it_with_the_next_commit() -> None:
    owner = Owner()
    live = session(owner)
    for number in (1, 2):
        owner.numbered(live, number)
        owner.turn(number, seq=number)
        owner.commit()
    owner.machine.set_mark(live, 1)
    entry = owner.machine.index.calls.sessions[live.scope]
    assert (entry.mark, sorted(entry.answers)) == (0, [1, 2])
    owner.numbered(live, 3)
    owner.turn(3, seq=3)
    owner.commit()
    assert (entry.mark, sorted(entry.answers)) == (1, [2, 3])
    assert owner.machine.index.calls.count == 2


@pytest.mark.parametrize("committed", [False, True])
def test_a_number_at_or_below_the_mark_is_refused(committed: bool) -> None:
    owner = Owner()
    live = session(owner)
    owner.machine.set_mark(live, 2)
    if committed:
        owner.numbered(live, 3)
        owner.turn(3, seq=1)
        owner.commit()
        owner.machine.close_session(live)
        live = session(owner)
    owner.numbered(live, 2)
    owner.confirm()
    assert isinstance(owner.left[2], AlreadyAnsweredError)
    assert 2 not in owner.runs


def test_a_mark_stays_below_a_call_that_is_under_way() -> None:
    owner = Owner()
    live = session(owner)
    owner.numbered(live, 4)
    owner.machine.set_mark(live, 4)
    owner.numbered(live, 5)
    owner.turn(5, seq=1)
    [record] = owner.commit()
    assert record.call.mark == 3
    owner.turn(4, seq=2)
    owner.commit()
    assert owner.left[4] == Answer(version=2, payload=b"2")


def test_a_session_never_changes_its_end() -> None:
    owner = Owner()
    live = session(owner)
    with pytest.raises(InvalidArgumentError):
        session(owner, expires=NOW + 999)
    owner.numbered(live, 1)
    owner.turn(1, seq=1)
    owner.commit()
    owner.machine.close_session(live)
    with pytest.raises(InvalidArgumentError):
        session(owner, expires=NOW + 1_001)


def test_a_session_is_forgotten_when_it_expires_and_not_before() -> None:
    owner = Owner()
    live = session(owner)
    owner.numbered(live, 1)
    owner.turn(1, seq=1)
    owner.commit()
    owner.machine.close_session(live)
    for id, now, known in (("x", NOW + 999, 1), ("y", NOW + 1_000, 0)):
        owner.call(len(id) + now, id, now=now)
        owner.turn(len(id) + now, key=id)
        owner.commit()
        assert len(owner.machine.index.calls.sessions) == known


def test_sessions_and_marks_come_back_from_a_checkpoint_and_from_rows_alike() -> None:
    owner = Owner()
    live = session(owner)
    replayed = ShardIndex()
    for number in (1, 2, 3):
        owner.machine.set_mark(live, number - 1)
        owner.numbered(live, number)
        owner.turn(number, seq=number)
        replayed.apply(codec.decode_records(owner.appends[-1].batch.body), NOW)
        owner.commit()
    revived = through_a_checkpoint(owner.machine.index, owner.machine.checkpoint())
    bodies = [index.calls.sessions_body() for index in (revived, replayed, owner.machine.index)]
    assert bodies[0] == bodies[1] == bodies[2]
    assert [(kept.mark, len(kept.answers)) for kept in bodies[0]] == [(2, 1)]


def test_what_was_forgotten_counts_no_more() -> None:
    owner = Owner(Limits(calls_max=2))
    live = session(owner)
    for number in (1, 2):
        owner.numbered(live, number)
        owner.turn(number, seq=number)
        owner.commit()
    owner.numbered(live, 3)
    owner.confirm()
    assert isinstance(owner.left[3], ResourceExhaustedError)
    owner.call(9, "late", now=NOW + 1_000)
    assert 9 not in owner.runs
    owner.numbered(live, 4, now=NOW + 1_000)
    owner.commit()
    assert owner.machine.index.calls.count == owner.machine.index.calls.bytes == 0


def test_sessions_of_one_name_and_principal_are_two_in_two_tenants() -> None:
    index = ShardIndex()
    records = [
        Record(
            principal="p",  # One letter: the same text wherever it comes from.
            object=ObjectId(tenant, "Counter", "a"),
            method="add",
            call=CallRecord("s", number, b"p", NOW + 1_000, 0),
            now_ms=NOW,
            seed=7,
        )
        for tenant, number in (("one", 1), ("two", 1), ("two", 2))
    ]
    index.apply(records, NOW)
    found = {scope: sorted(entry.answers) for scope, entry in index.calls.sessions.items()}
    assert found == {("one", "p", "s"): [1], ("two", "p", "s"): [1, 2]}
