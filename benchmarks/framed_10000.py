"""Claim: durable calls in frames, 10,000 objects at random, the handler in a worker."""

from benchmarks.framed import a_bench, durable
from benchmarks.framed_results import found_against
from benchmarks.result import Found

GOALS = {64: (20_000, 25_000), 512: (40_000, 60_000)}


async def run() -> Found:
    """Return rates at 64 and 512 outstanding."""
    async with a_bench() as bench:
        rows = await durable(bench, "durable framed call, 10,000 objects", 10_000)
    return found_against(rows, GOALS)
