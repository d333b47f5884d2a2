"""Claim: a unary durable call on grpc.aio against a bare grpc.aio echo, 64 outstanding, in one run.

One load generator (this process, plain stubs) drives both servers by turns.
"""

import os

from aidevos_cli.bench.contender import Caller
from aidevos_cli.bench.load import ClosedLoops
from aidevos_cli.bench.measured import Measured

from benchmarks.baselines import CLIENT, UnaryCalls
from benchmarks.framed import Work, a_bench, adds, by_turns
from benchmarks.result import Found, at_least, fact, ratio

OUTSTANDING = 64
WORK = Work("unary durable call, 1,000 objects", adds, 1_000)


async def run() -> Found:
    """Return the ratio, and what it was made of."""
    async with a_bench(None, "--door", "grpcio") as bench:
        calls = UnaryCalls(bench.server.grpc)
        where, pids = await bench.facts.handler(WORK.type)
        loops = ClosedLoops(calls, WORK.targets(), OUTSTANDING)
        processes = {CLIENT: os.getpid(), **pids}
        ours = Caller(WORK.name, OUTSTANDING, loops, processes, bench.facts.fsyncs, where)
        rows = await by_turns(ours, *bench.baselines(WORK, OUTSTANDING))
        await calls.close()
    durable, echo, _ = rows
    of_echo = ratio(durable, echo) * 100
    return Found(
        [
            at_least(
                "unary durable call on grpc.aio, 64 outstanding",
                of_echo,
                "% of echo",
                60,
                75,
            ),
            fact("the same in CPU of the servers", _servers(echo, durable), "%"),
        ],
        [rows],
    )


def _servers(echo: Measured, durable: Measured) -> float:
    """Return what the echo's server costs, in percent of host and worker."""
    host = sum(us for process, us in durable.cpu_us.items() if process != CLIENT)
    return echo.cpu_us["echo"] / host * 100
