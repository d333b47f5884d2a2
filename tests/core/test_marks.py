"""Marks that move by one or leap, over answers of bursts and single calls, dense and sparse."""

import random

import pytest

from aidevos.core.calls import CallIndex
from aidevos.core.ids import ObjectId
from aidevos.core.record import BurstRecord, Record

A = ObjectId("default", "Counter", "a")
END_MS = 1 << 50


def burst(numbers: list[int], mark: int) -> BurstRecord:
    count = len(numbers)
    return BurstRecord(
        principal="p",
        session="s",
        expires_at_ms=END_MS,
        mark=mark,
        now_ms=0,
        traceparent="",
        objects=[A],
        methods=["add"],
        numbers=numbers,
        object_index=[0] * count,
        method_index=[0] * count,
        hashes=[b"%d" % number for number in numbers],
        versions=numbers,
        replies=[b"12"] * count,
        events=[()] * count,
        index=[{}] * count,
        seeds=[0] * count,
    )


@pytest.mark.parametrize("sparse", [1, 50])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_above_the_mark_is_kept_and_nothing_else(seed: int, sparse: int) -> None:
    chance = random.Random(seed)
    calls, left, mark, next_number = CallIndex(), set[int](), 0, 1
    for _ in range(60):
        numbers = [next_number + n * chance.randint(1, sparse) for n in range(chance.randint(1, 9))]
        numbers = list(dict.fromkeys(numbers))
        next_number = max(numbers) + 1
        mark = max(mark, chance.randint(max(0, min(left, default=0) - 1), min(numbers) - 1))
        one: BurstRecord | Record = burst(numbers, mark)
        calls.apply(list(one.single()) if len(numbers) % 2 else [one], 5)  # type: ignore[union-attr]
        left = {number for number in left.union(numbers) if number > mark}
        check(calls, left, mark)


def check(calls: CallIndex, left: set[int], mark: int) -> None:
    (session,) = calls.sessions_body()
    assert {number for number, _ in session.answers} == left
    assert all(kept.version == number for number, kept in session.answers)
    assert all(kept.payload_hash == b"%d" % number for number, kept in session.answers)
    assert session.mark == mark
    assert calls.count == len(left)
    assert calls.bytes >= 2 * len(left), "a burst is let go of as a whole"


def test_a_mark_that_leaps_as_far_as_numbers_go_is_no_work() -> None:
    calls = CallIndex()
    calls.apply([burst([1, 2, 3], 0)], 5)
    calls.apply([burst([1 << 62], (1 << 62) - 1)], 5)
    check(calls, {1 << 62}, (1 << 62) - 1)
    assert calls.bytes == 2
