"""Claim: a unary durable call through our own HTTP/2 door against a bare grpc.aio echo.

64 outstanding, in one run by turns. The echo is the one of `unary_call`, asked by stubs of
grpc.aio, and once more by the generator of raw HTTP/2 frames that asks our door: the first says
what a user of grpc.aio on both sides has today, the second what the door alone saves.
"""

import os

from aidevos_cli.bench.contender import Caller

from benchmarks.baselines import CLIENT, ECHO_SHARE
from benchmarks.framed import Work, a_bench, adds, by_turns
from benchmarks.raw_unary import RawLoops
from benchmarks.result import Found, at_least, fact, ratio

OUTSTANDING, OBJECTS = 64, 1_000
MUST, AIM = 3, 5
WORK = Work("unary durable call, 1,000 objects", adds, OBJECTS)


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
        name = "bare grpc.aio echo, raw client"
        raw_echo = Caller(name, OUTSTANDING, bare, echoed, share=ECHO_SHARE)
        rows = await by_turns(ours, *bench.baselines(WORK, OUTSTANDING)[:1], raw_echo)
        for one in (loops, bare):
            one.close()
    durable, echo, raw_echo_row = rows
    name = "unary durable call through the own door, 64 outstanding"
    return Found(
        [
            at_least(name, ratio(durable, echo), "x echo", MUST, AIM),
            fact("the same, of the echo by the same raw client", ratio(durable, raw_echo_row), "x"),
        ],
        [rows],
    )
