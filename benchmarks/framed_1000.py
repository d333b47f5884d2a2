"""Claim: durable calls in frames, 1,000 objects at random, the handler in a worker."""

from benchmarks.framed import a_bench, durable
from benchmarks.framed_results import found_against
from benchmarks.result import Found, at_most

GOALS = {64: (22_000, 28_000), 512: (45_000, 70_000)}


async def run() -> Found:
    """Return rates at 64 and 512 outstanding, and the tail at 64."""
    async with a_bench() as bench:
        rows = await durable(bench, "durable framed call, 1,000 objects", 1_000)
    p99_ms = rows[64][0].p99_ms
    return found_against(
        rows, GOALS, at_most("p99 of the same, 64 outstanding", p99_ms, "ms", 8, 5)
    )
