"""Claim: durable framed calls against Redis with `appendfsync always`, side by side in one run.

INCR over redis-py's asyncio client (with hiredis where it is there), the same callers, the same
objects, the same disk. Redis keeps no history, no answers and no versions; the counter does.
"""

from benchmarks.framed import OUTSTANDING, Work, a_bench, adds, by_turns
from benchmarks.redis_server import increments, redis_client, redis_server, redis_versions
from benchmarks.result import Found, Group, at_least, fact, ratio

WORK = Work("durable framed call, 1,000 objects", adds, 1_000)


async def run() -> Found:
    """Return our rate by Redis's at 64 and 512 outstanding."""
    groups: list[Group] = []
    with redis_server() as (port, pid):
        async with a_bench() as bench, redis_client(port, max(OUTSTANDING)) as client:
            for outstanding in OUTSTANDING:
                ours = await bench.ours(WORK, outstanding)
                redis = increments(client, pid, WORK.targets(), outstanding)
                groups.append(await by_turns(ours, redis))
    few, many = (ratio(*group) for group in groups)
    return Found(
        [
            fact("durable framed call against Redis, 64 outstanding", few, "x", redis_versions()),
            at_least("durable framed call against Redis, 512 outstanding", many, "x", 1, 2),
        ],
        groups,
    )
