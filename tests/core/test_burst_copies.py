"""Copies of a burst's calls: joined, cut off, split, lost; each is answered once, and rightly."""

from collections.abc import Callable

import pytest
from burst_driver import BurstOwner, Calls, Ear

from aidevos.core.call import Answer
from aidevos.core.errors import AlreadyExistsError, OutcomeUnknownError

LOST = [OutcomeUnknownError]


def test_a_repeat_while_the_burst_runs_gets_the_same_answer() -> None:
    owner = BurstOwner()
    burst = owner.admitted([1, 2])
    ear, other = owner.again(2), owner.again(2, b"other")
    owner.finish(burst)
    assert ear.heard == other.heard == []
    owner.commit()
    assert ear.heard == [owner.left[2]]
    assert isinstance(other.heard[0], AlreadyExistsError)


def test_a_repeat_while_the_burst_waits_for_its_commit_gets_the_same_answer() -> None:
    owner = BurstOwner()
    owner.finish(owner.admitted([1, 2]))
    ear, other = owner.again(2), owner.again(2, b"other")
    assert ear.heard == other.heard == []
    owner.commit()
    owner.confirmed()
    assert ear.heard == [owner.left[2]]
    assert [type(value) for value in other.heard] == [AlreadyExistsError]


def test_a_repeat_after_the_commit_is_answered_once_the_epoch_is_confirmed() -> None:
    owner = BurstOwner()
    owner.committed([1, 2])
    ear, other = owner.again(2), owner.again(2, b"other")
    assert ear.heard == other.heard == []
    owner.confirm()
    assert ear.heard == [Answer(version=2, payload=b"2", repeated=True)]
    assert isinstance(other.heard[0], AlreadyExistsError)


def versions(*ears: Ear) -> list[list[int]]:
    return [[answer.version for answer in ear.heard] for ear in ears]  # type: ignore[attr-defined]


def test_copies_joined_before_and_after_a_cut_are_each_answered_once() -> None:
    owner = BurstOwner()
    burst = owner.admitted([1, 2, 3, 4])
    before = [owner.again(number) for number in (1, 4)]
    rest = owner.cut(burst, 2)
    after = [owner.again(number) for number in (2, 3)]
    assert owner.finish(burst)
    assert owner.finish(rest)
    owner.commit()
    assert versions(*before, *after) == [[1], [], [2], []]
    owner.commit()
    assert versions(*before, *after) == [[1], [4], [2], [3]]
    assert sorted(owner.left) == [1, 2, 3, 4]


def test_copies_that_join_after_two_cuts_wait_with_their_own_part_alone() -> None:
    owner = BurstOwner()
    burst = owner.admitted([1, 2, 3])
    first = owner.again(1)
    middle = owner.cut(burst, 1)  # Nobody joined the rest ...
    last = owner.cut(middle, 1)  # ... nor the rest of that.
    second, third = owner.again(2), owner.again(3)
    for part in (burst, middle, last):
        assert owner.finish(part)
    owner.commit()
    owner.commit()
    assert versions(first, second, third) == [[1], [2], [3]]


def test_a_rest_that_was_cut_off_answers_repeats_itself() -> None:
    owner = BurstOwner()
    burst = owner.admitted([1, 2])
    rest = owner.cut(burst, 1)
    owner.finish(burst)
    owner.commit()
    assert list(owner.live.running) == [2]
    ear = owner.again(2)
    owner.finish(rest)
    owner.commit()
    assert versions(ear) == [[2]]


def test_copies_joined_before_and_after_a_split_are_each_answered_once() -> None:
    owner = BurstOwner()
    burst = owner.admitted([1, 2])
    before = [owner.again(number) for number in (1, 2)]
    other = owner.again(2, b"other")
    owner.split(burst)
    after = [owner.again(number) for number in (1, 2)]
    for number in (1, 2):
        owner.turn(number, seq=number)
    owner.commit()
    owner.commit()
    assert versions(*before, *after) == [[1], [2], [1], [2]]
    assert [type(value) for value in other.heard] == [AlreadyExistsError]
    assert sorted(owner.left) == [1, 2]
    assert owner.live.running == {}


def test_single_calls_that_a_burst_fell_into_keep_its_time_and_are_no_new_calls() -> None:
    owner = BurstOwner()
    owner.committed([1])
    owner.machine.set_mark(owner.live, 4)
    burst = owner.admitted([5, 6])
    calls = owner.split(burst)
    assert [(call.now_ms, call.arrived) for call in calls] == [(burst.now_ms, burst.arrived)] * 2
    assert [call.record().payload_hash for call in calls] == burst.hashes
    assert [call.record().mark for call in calls] == [4, 4]
    assert owner.machine._running == 2


Stage = Callable[[BurstOwner, Calls], object]
STAGES: dict[str, Stage] = {
    "runs": lambda owner, burst: None,
    "was cut": lambda owner, burst: owner.cut(burst, 1),
    "was cut twice": lambda owner, burst: owner.cut(owner.cut(burst, 1), 1),
    "was split": lambda owner, burst: owner.split(burst),
    "was cut and half split": lambda owner, burst: owner.split(owner.cut(burst, 2)),
    "was cut and half finished": lambda owner, burst: (owner.cut(burst, 1), owner.finish(burst)),
    "is in flight": lambda owner, burst: owner.finish(burst),
    "fills": lambda owner, burst: (owner.finish(owner.admitted([9])), owner.finish(burst)),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_lost_shard_tells_every_call_and_copy_of_a_burst_once(stage: str) -> None:
    owner = BurstOwner()
    burst = owner.admitted([1, 2, 3])
    ears = [owner.again(1), owner.again(3), owner.again(3, b"other")]
    STAGES[stage](owner, burst)
    ears += [owner.again(1), owner.again(2), owner.again(3)]
    owner.leave(owner.machine.lost())
    heard = [[type(value) for value in ear.heard] for ear in ears]
    assert heard == [LOST] * 6
    assert {1, 2, 3} <= set(owner.left)  # Once each: the driver would not take a second one.
    assert {type(value) for value in owner.left.values()} == set(LOST)
