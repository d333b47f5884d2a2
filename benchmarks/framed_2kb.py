"""Claim: 2 kB of state leave 85 % of the rate of framed calls (10,000 objects at random).

By turns on one server: a counter, and a counter that carries 2 kB.
"""

from benchmarks.framed import OUTSTANDING, Work, a_bench, adds, by_turns, check_totals
from benchmarks.result import Found, Group, Result, at_least, ratio

OBJECTS, MUST = 10_000, 85
SMALL = Work("durable framed call, small state", adds, OBJECTS)
LARGE = Work("durable framed call, 2 kB of state", adds, OBJECTS, "Padded")


async def run() -> Found:
    """Return what is left of the rate, at 64 and 512 outstanding."""
    results: list[Result] = []
    groups: list[Group] = []
    async with a_bench() as bench:
        await bench.call_each(SMALL)
        acknowledged = await bench.call_each(LARGE)
        for outstanding in OUTSTANDING:
            large = await bench.ours(LARGE, outstanding)
            both = await by_turns(await bench.ours(SMALL, outstanding), large)
            left = ratio(both[1], both[0]) * 100
            name = f"durable framed call with 2 kB of state, {outstanding} outstanding"
            results.append(at_least(name, left, "%", MUST))
            groups.append(both)
            acknowledged += large.loops.done
        await check_totals(bench.client, LARGE.type, acknowledged)
    return Found(results, groups)
