"""A burst is admitted whole or not at all, and taken only if all of it goes on."""

import pytest
from burst_driver import BurstOwner, counter
from shard_driver import NOW

from aidevos.core import codec
from aidevos.core.errors import OutcomeUnknownError, ResourceExhaustedError
from aidevos.core.record import BATCH_RECORDS_MAX, RECORD_BYTES_MAX
from aidevos.core.shard import Limits
from aidevos.core.turn import EventRecord


def check_refused(owner: BurstOwner, numbers: list[int], *, now: int = NOW) -> None:
    """Assert that a burst of these is not admitted, and that nothing is left of the attempt."""
    machine, live = owner.machine, owner.live
    before = (dict(live.running), machine._running, live.mark, machine.idle, dict(owner.left))
    assert not machine.arrive_burst(owner.made(numbers), now)
    assert before == (dict(live.running), machine._running, live.mark, machine.idle, owner.left)


def test_a_burst_with_an_answered_number_is_not_admitted() -> None:
    owner = BurstOwner()
    owner.committed([1, 2])
    check_refused(owner, [2, 3])


@pytest.mark.parametrize("finished", [False, True])
def test_a_burst_with_a_number_under_way_is_not_admitted(finished: bool) -> None:
    owner = BurstOwner()
    burst = owner.admitted([1, 2])
    if finished:
        owner.finish(burst)
    check_refused(owner, [2, 3])


def test_a_burst_with_the_number_of_a_single_call_under_way_is_not_admitted() -> None:
    owner = BurstOwner()
    owner.numbered(owner.live, 2)
    check_refused(owner, [1, 2])


def test_a_burst_with_a_number_at_the_mark_is_not_admitted() -> None:
    owner = BurstOwner()
    owner.machine.set_mark(owner.live, 4)
    check_refused(owner, [4, 5])
    owner.admitted([5, 6])


def test_a_burst_with_a_number_at_a_committed_mark_is_not_admitted() -> None:
    owner = BurstOwner()
    owner.machine.set_mark(owner.live, 4)
    owner.committed([5, 6])
    owner.machine.close_session(owner.live)
    owner.live = owner.machine.open_session(owner.live.scope, owner.live.expires_ms)
    check_refused(owner, [4, 7])


def test_a_burst_with_a_number_twice_is_not_admitted() -> None:
    check_refused(BurstOwner(), [1, 2, 1])


def test_a_burst_of_an_expired_session_is_not_admitted() -> None:
    owner = BurstOwner()
    check_refused(owner, [1, 2], now=NOW + 1_000)
    assert owner.machine.arrive_burst(owner.made([1, 2]), NOW) is False, "time never falls"


def test_a_burst_runs_until_the_last_millisecond_of_its_session() -> None:
    owner = BurstOwner()
    assert owner.machine.arrive_burst(owner.made([1, 2]), NOW + 999)


def test_a_burst_that_is_one_call_too_many_is_not_admitted() -> None:
    owner = BurstOwner(Limits(calls_max=5))
    owner.committed([1, 2])
    owner.admitted([3])
    check_refused(owner, [4, 5, 6])
    owner.admitted([4, 5])


def test_a_burst_of_one_session_too_many_is_not_admitted() -> None:
    owner = BurstOwner(Limits(sessions_max=1))
    owner.committed([1, 2])
    owner.live = owner.machine.open_session(("default", "anonymous", "t"), NOW + 1_000)
    check_refused(owner, [1, 2])


def test_a_burst_of_more_turns_than_a_row_takes_is_not_admitted() -> None:
    owner = BurstOwner()
    check_refused(owner, list(range(1, BATCH_RECORDS_MAX + 2)))
    owner.committed(list(range(1, BATCH_RECORDS_MAX + 1)))
    assert owner.appends[0].batch.record_count == BATCH_RECORDS_MAX


def test_answers_of_a_burst_leave_after_its_commit_each_number_once() -> None:
    owner = BurstOwner()
    assert owner.finish(owner.admitted([3, 1, 2], "aba"))
    assert owner.left == {}
    owner.commit()
    assert {number: answer.version for number, answer in owner.left.items()} == {3: 1, 1: 1, 2: 2}  # type: ignore[attr-defined]
    assert owner.machine.version(counter("a")) == 2
    assert owner.live.running == {}
    assert owner.machine._running == 0


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_burst_is_not_taken_if_one_version_does_not_go_on(place: int) -> None:
    owner = BurstOwner()
    owner.committed([1, 2], "ab")
    burst = owner.admitted([3, 4, 5], "aab")
    record = burst.result(owner)
    record.versions[place] += 1
    assert not owner.finish(burst, record)
    assert [owner.machine.version(counter(key)) for key in "ab"] == [1, 1]
    assert len(owner.appends) == 1
    assert not burst.batch


def test_a_burst_that_ran_on_what_another_took_is_not_taken() -> None:
    owner = BurstOwner()
    first, second = owner.admitted([1, 2]), owner.admitted([3, 4])
    stale = second.result(owner)
    assert owner.finish(first)
    assert not owner.finish(second, stale)
    assert owner.finish(second)


def test_a_call_that_changed_nothing_must_have_seen_the_newest_version() -> None:
    owner = BurstOwner()
    owner.committed([1, 2])
    burst = owner.admitted([3, 4])
    burst.events = [(), burst.events[1]]
    record = burst.result(owner)
    record.versions[0] -= 1
    assert not owner.finish(burst, record)
    record.versions[0] += 1
    assert owner.finish(burst, record)


@pytest.mark.parametrize(("most", "taken"), [(2, False), (3, True)])
def test_a_burst_counts_the_objects_that_it_makes_with_those_not_yet_committed(
    most: int, taken: bool
) -> None:
    owner = BurstOwner(Limits(objects_max=most))
    owner.committed([1, 2], "aa")
    owner.finish(owner.admitted([3, 4], "bb"))
    assert owner.finish(owner.admitted([5, 6, 7], "cac")) is taken


def test_a_burst_that_makes_one_object_too_many_falls_apart_and_one_call_is_refused() -> None:
    owner = BurstOwner(Limits(objects_max=2))
    burst = owner.admitted([1, 2, 3], "abc")
    assert not owner.finish(burst)
    owner.split(burst)
    assert owner.turn(1, seq=1, key="a")
    assert owner.turn(2, seq=1, key="b")
    with pytest.raises(ResourceExhaustedError):
        owner.turn(3, seq=1, key="c")


def test_objects_count_no_more_as_being_made_once_they_are_committed() -> None:
    owner = BurstOwner(Limits(objects_max=3))
    owner.committed([1, 2], "ab")
    assert owner.machine._made == 0
    assert owner.finish(owner.admitted([3, 4], "ca"))


def test_a_burst_of_more_bytes_than_a_record_has_is_not_taken() -> None:
    owner = BurstOwner()
    burst = owner.admitted([1, 2])
    burst.events = [(EventRecord("Added", 1, bytes(RECORD_BYTES_MAX // 2)),)] * 2
    record = burst.result(owner)
    assert len(codec.encode_record(record)) > RECORD_BYTES_MAX
    assert not owner.finish(burst, record)
    owner.leave(owner.machine.lost())
    assert {type(value) for value in owner.left.values()} == {OutcomeUnknownError}
