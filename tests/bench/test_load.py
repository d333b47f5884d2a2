"""The load generator: percentiles, closed loops, targets; each row is what its rounds were."""

import asyncio
import itertools
import os
import time

import pytest
from aidevos_cli.bench.load import ClosedLoops, Target
from aidevos_cli.bench.measured import Tally, percentile_ms
from aidevos_cli.bench.processes import Used, cpu_ns, memory_mb
from aidevos_cli.bench.targets import at_random, each_once

LONG_S = 60.0


@pytest.mark.parametrize(
    ("count", "share", "ms"),
    [(1_000, 0.5, 500), (1_000, 0.99, 990), (1_000, 0.999, 999), (10, 0.999, 10), (1, 0.5, 1)],
)
def test_a_percentile_is_the_smallest_that_so_many_do_not_exceed(
    count: int, share: float, ms: float
) -> None:
    assert percentile_ms([number / 1e3 for number in range(1, count + 1)], share) == ms


async def test_no_more_calls_are_under_way_than_asked_for_and_no_fewer() -> None:
    under_way, most = 0, 0

    async def call(_: Target) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    loops = ClosedLoops(call, iter([("T", "a")] * 100), 7)
    _, latencies = await loops.run(LONG_S)
    assert (most, under_way, loops.done, len(latencies)) == (7, 0, 100, 100)


async def test_the_first_failure_ends_the_load_as_itself() -> None:
    async def call(target: Target) -> None:
        await asyncio.sleep(0)
        if target[1] == "bad":
            raise LookupError(target)

    targets = itertools.chain([("T", "good")] * 5, [("T", "bad")], itertools.repeat(("T", "good")))
    with pytest.raises(LookupError):
        await ClosedLoops(call, targets, 3).run(LONG_S)


def test_each_object_comes_once_and_at_random_from_all() -> None:
    once = [key for _, key in each_once("T", 100)]
    picked = {key for _, key in itertools.islice(at_random("T", 100), 2_000)}
    assert sorted(once) == sorted({f"b{number}" for number in range(100)})
    assert once != sorted(once)
    assert picked == set(once)


def test_a_row_is_the_median_of_its_rounds_and_all_its_cpu() -> None:
    tally = Tally("work", 64)
    for calls, seconds in ((100, 1.0), (300, 1.0), (200, 1.0)):
        tally.add_round(calls, seconds, fsyncs=10)
        tally.add_used({"host": Used(0, 0)}, {"host": Used(600_000, 1_000)})
    row = tally.measured()
    assert (row.calls, row.calls_per_s, row.calls_per_fsync) == (600, 200.0, 20.0)
    assert row.cpu_us == {"host": 3.0}
    assert row.written_bytes == 5.0
    assert row.calls_per_cpu_s == pytest.approx(1e6 / 3)


def test_the_kernel_says_what_this_process_used() -> None:
    before = cpu_ns(os.getpid())
    mine = time.process_time_ns()
    while time.process_time_ns() - mine < 5_000_000:
        pass
    assert 5_000_000 <= cpu_ns(os.getpid()) - before < 1_000_000_000
    assert memory_mb(os.getpid()) > 1
