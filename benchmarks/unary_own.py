"""Claim: a unary durable call through our own HTTP/2 door against a bare grpc.aio echo.

64 outstanding, both servers called by turns by the same generator of raw HTTP/2 frames: a client
on grpc.aio would be the slowest of the three.
"""

import os

from aidevos_cli.bench.contender import Caller

from benchmarks.baselines import CLIENT, ECHO_SHARE
from benchmarks.framed import a_bench, by_turns
from benchmarks.raw_unary import RawLoops
from benchmarks.result import Found, at_least, ratio

OUTSTANDING, OBJECTS = 64, 1_000
MUST, AIM = 3, 5


async def run() -> Found:
    """Return the ratio of the rates."""
    me = {CLIENT: os.getpid()}
    async with a_bench(None, "--door", "own") as bench:
        where, pids = await bench.facts.handler("Counter")
        loops = RawLoops(bench.server.grpc, OBJECTS, OUTSTANDING)
        name = "unary durable call, own door"
        ours = Caller(name, OUTSTANDING, loops, me | pids, bench.facts.fsyncs, where)
        bare = RawLoops(bench.echo_address, OBJECTS, OUTSTANDING)
        echoed = me | {"echo": bench.echo_pid}
        echo = Caller("bare grpc.aio echo", OUTSTANDING, bare, echoed, share=ECHO_SHARE)
        rows = await by_turns(ours, echo)
        for one in (loops, bare):
            one.close()
    times = ratio(*rows)
    name = "unary durable call through the own door, 64 outstanding"
    return Found([at_least(name, times, "x echo", MUST, AIM)], [rows])
