"""The shard machine alone: every step is a method call, no clock and no loop."""

import pytest
from checkpoints import through_a_checkpoint
from shard_driver import NOW, Owner

from aidevos.core import codec
from aidevos.core.call import REMEMBER_MS_DEFAULT, Answer
from aidevos.core.errors import (
    AlreadyExistsError,
    DeadlineExceededError,
    ExpiredError,
    OutcomeUnknownError,
    ResourceExhaustedError,
    UnavailableError,
)
from aidevos.core.index import ShardIndex
from aidevos.core.record import BATCH_RECORDS_MAX, CheckpointName
from aidevos.core.shard import Limits


def test_an_answer_leaves_only_after_its_commit() -> None:
    owner = Owner()
    owner.call(1, "x")
    owner.turn(1, seq=1)
    assert owner.left == {}
    assert len(owner.appends) == 1
    owner.commit()
    assert owner.left == {1: Answer(version=1, payload=b"1")}


def test_a_repeat_gets_the_first_answer() -> None:
    owner = Owner()
    owner.committed_call(1, "x", 1)
    owner.call(2, "x")
    assert owner.left.get(2) is None
    owner.confirm()
    assert owner.left[2] == Answer(version=1, payload=b"1", repeated=True)
    assert len(owner.runs) == 1


def test_a_repeat_joins_the_turn_that_runs() -> None:
    owner = Owner()
    owner.call(1, "x")
    owner.call(2, "x")
    assert len(owner.runs) == 1
    owner.turn(1, seq=1)
    owner.commit()
    assert owner.left[1] == owner.left[2]


def test_a_repeat_between_turn_and_commit_is_answered_with_the_first() -> None:
    owner = Owner()
    owner.call(1, "x")
    owner.turn(1, seq=1)
    owner.call(2, "x")
    assert owner.left == {}
    owner.commit()
    if owner.barriers:
        owner.confirm()
    assert owner.left[2] == owner.left[1]
    assert len(owner.runs) == 1


@pytest.mark.parametrize("finished", [False, True])
def test_a_repeat_in_flight_with_another_payload_is_refused_after_the_commit(
    finished: bool,
) -> None:
    owner = Owner()
    owner.call(1, "x")
    if finished:
        owner.turn(1, seq=1)
    owner.call(2, "x", payload=b"other")
    if not finished:
        owner.turn(1, seq=1)
    assert owner.left == {}
    owner.commit()
    if owner.barriers:
        owner.confirm()
    assert isinstance(owner.left[2], AlreadyExistsError)


def test_a_known_call_with_another_payload_is_refused_after_a_barrier() -> None:
    owner = Owner()
    owner.committed_call(1, "x", 1)
    owner.call(2, "x", payload=b"other")
    assert 2 not in owner.left
    owner.confirm()
    assert isinstance(owner.left[2], AlreadyExistsError)


def test_a_refusal_is_remembered_like_an_answer() -> None:
    owner = Owner()
    owner.call(1, "x")
    owner.turn(1)
    owner.commit()
    owner.call(2, "x")
    assert len(owner.runs) == 1


def test_an_abandoned_call_may_run_again() -> None:
    owner = Owner()
    owner.call(1, "x")
    owner.abandon(1, ResourceExhaustedError("full"))
    owner.call(2, "x")
    assert owner.runs == [1, 2]


def test_a_copy_that_joined_does_not_die_of_the_first_callers_deadline() -> None:
    owner = Owner()
    owner.call(1, "x")
    owner.call(2, "x")
    owner.abandon(1, DeadlineExceededError("too late"))
    if owner.barriers:
        owner.confirm()
    assert isinstance(owner.left[1], DeadlineExceededError)
    assert isinstance(owner.left[2], UnavailableError)
    owner.call(3, "x")
    assert owner.runs[-1] == 3


def test_an_expired_call_is_refused_after_the_log_time_that_judged_it_is_committed() -> None:
    owner = Owner()
    owner.call(1, "x", expires=NOW)
    assert owner.runs == []
    assert owner.left == {}
    assert owner.appends[0].batch.log_time_ms == NOW
    owner.commit()
    assert isinstance(owner.left[1], ExpiredError)


def test_a_call_runs_until_the_last_millisecond_before_it_expires() -> None:
    owner = Owner()
    owner.call(1, "x", expires=NOW + 1)
    assert owner.runs == [1]


def test_a_clock_that_falls_does_not_bring_an_expired_call_back() -> None:
    owner = Owner()
    owner.call(1, "x", now=NOW + 500, expires=NOW + 500)
    owner.commit()
    owner.call(2, "x", now=NOW, expires=NOW + 500)
    assert owner.runs == []


@pytest.mark.parametrize(
    ("later", "runs"), [(REMEMBER_MS_DEFAULT - 1, 1), (REMEMBER_MS_DEFAULT, 2)]
)
def test_a_plain_request_id_is_remembered_for_ten_minutes_of_log_time(
    later: int, runs: int
) -> None:
    owner = Owner()
    owner.committed_call(1, "x", 1)
    owner.call(2, "y", now=NOW + later)
    owner.turn(2, seq=2)
    owner.commit()
    owner.call(3, "x", now=NOW + later)
    assert len(owner.runs) - 1 == runs


def test_calls_that_arrive_during_an_append_share_the_next_one() -> None:
    owner = Owner()
    for token in (1, 2, 3):
        owner.call(token, str(token))
        owner.turn(token, seq=token)
    assert len(owner.appends) == 1
    owner.commit()
    assert [append.batch.record_count for append in owner.appends] == [1, 2]
    owner.commit()
    assert set(owner.left) == {1, 2, 3}


def test_records_that_gather_share_one_append() -> None:
    owner = Owner()
    owner.flushes = False
    for token, id in ((1, "x"), (2, "y")):
        owner.call(token, id)
        owner.turn(token, seq=token)
    assert owner.appends == []
    owner.flushes = True
    owner.look()
    owner.look()
    assert [append.batch.record_count for append in owner.appends] == [2]
    owner.commit()
    assert set(owner.left) == {1, 2}


def test_a_batch_takes_no_more_records_than_its_cap() -> None:
    owner = Owner()
    count = BATCH_RECORDS_MAX + 2
    for token in range(1, count + 1):
        owner.call(token, str(token))
        owner.turn(token, seq=token)
    for _ in range(3):
        owner.commit()
    assert [append.batch.record_count for append in owner.appends] == [1, BATCH_RECORDS_MAX, 1]
    assert len(owner.left) == count


def test_a_query_waits_for_the_changes_that_it_could_have_seen() -> None:
    owner = Owner()
    owner.call(1, "x")
    owner.turn(1, seq=1)
    owner.query(2)
    assert owner.left == {}
    owner.commit()
    if owner.barriers:
        owner.confirm()
    assert owner.left[2] == "seen"


def test_a_barrier_that_began_before_a_query_does_not_let_it_go() -> None:
    owner = Owner()
    owner.query(1)
    first = owner.barriers[-1]
    owner.query(2)
    owner.leave(owner.machine.confirmed(first))
    assert 1 in owner.left
    assert 2 not in owner.left


def test_a_lost_shard_tells_every_caller_that_the_outcome_is_unknown() -> None:
    owner = Owner()
    owner.call(1, "x")
    owner.turn(1, seq=1)
    owner.call(2, "x")
    owner.call(3, "y")
    owner.call(4, "y", payload=b"other")
    owner.query(5)
    owner.leave(owner.machine.lost())
    assert set(owner.left) == {1, 2, 3, 4, 5}
    assert all(isinstance(value, OutcomeUnknownError) for value in owner.left.values())


def test_a_sequence_with_a_gap_never_reaches_the_log() -> None:
    owner = Owner()
    owner.call(1, "x")
    assert not owner.turn(1, seq=2)
    assert owner.appends == []
    owner.leave(owner.machine.lost())
    assert isinstance(owner.left[1], OutcomeUnknownError)


def test_a_full_shard_refuses_a_new_call_and_still_answers_a_repeat() -> None:
    owner = Owner(Limits(calls_max=1))
    owner.committed_call(1, "x", 1)
    owner.call(2, "y")
    owner.confirm()
    assert isinstance(owner.left[2], ResourceExhaustedError)
    owner.call(3, "x")
    owner.confirm()
    assert owner.left[3] == Answer(version=1, payload=b"1", repeated=True)


def test_a_repeat_is_answered_from_a_checkpoint_and_from_rows_alike() -> None:
    owner = Owner()
    owner.committed_call(1, "x", 1)
    index = owner.machine.index
    revived = through_a_checkpoint(index, owner.machine.checkpoint())
    replayed = ShardIndex()
    replayed.apply(codec.decode_records(owner.appends[0].batch.body), NOW)
    assert revived.calls.plain == replayed.calls.plain == index.calls.plain
    objects = [list(one.objects.items()) for one in (revived, replayed, index)]
    assert objects[0] == objects[1] == objects[2] != []


def test_a_checkpoint_is_named_by_an_append_of_an_idle_shard() -> None:
    owner = Owner()
    owner.committed_call(1, "x", 1)
    body = owner.machine.checkpoint()
    name = CheckpointName(body.offset, body.w_epoch)
    owner.machine.name_checkpoint(name)
    owner.look()
    assert owner.appends[-1].checkpoint == name
    assert owner.appends[-1].batch.record_count == 0
