"""Claim: linearizable queries in frames on one hot object. By turns with a bare echo and a dict."""

from benchmarks.framed import OUTSTANDING, Work, a_bench, by_turns, totals
from benchmarks.framed_results import found_against
from benchmarks.result import Found

GOALS = {64: (40_000, 60_000), 512: (70_000, 100_000)}
WORK = Work("linearizable framed query, one hot object", totals, 1)


async def run() -> Found:
    """Return rates at 64 and 512 outstanding."""
    async with a_bench() as bench:
        rows = {
            outstanding: await by_turns(
                await bench.ours(WORK, outstanding), *bench.baselines(WORK, outstanding)
            )
            for outstanding in OUTSTANDING
        }
    return found_against(rows, GOALS)
