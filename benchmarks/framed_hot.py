"""Claim: durable calls in frames on one hot object, the handler in a worker."""

from benchmarks.framed import a_bench, durable
from benchmarks.framed_results import found_against
from benchmarks.result import Found

GOALS = {64: (25_000, 30_000), 512: (48_000, 80_000)}


async def run() -> Found:
    """Return rates at 64 and 512 outstanding."""
    async with a_bench() as bench:
        rows = await durable(bench, "durable framed call, one hot object", 1)
    return found_against(rows, GOALS)
