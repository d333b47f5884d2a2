"""What the claims about framed calls share.

Our client against the real server, by turns with a bare echo, a dict, and SQLite that commits the
same rows. Every acknowledged add is counted again at the end.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aidevos_cli.bench.contender import Caller, Contender, alternate
from aidevos_cli.bench.facts import Facts
from aidevos_cli.bench.load import CallOne, ClosedLoops, Target
from aidevos_cli.bench.measured import Measured
from aidevos_cli.bench.targets import at_random, each_once
from aidevos_client import Client

from benchmarks.baselines import CLIENT, UnaryCalls, a_dict, echo, echo_server
from benchmarks.common import ROUND_S, ROUNDS, WARM_UP_S
from benchmarks.framed_results import Rows
from benchmarks.same_rows import SameRows, WithRows
from benchmarks.server import Server, serving

OUTSTANDING = (64, 512)
LONG_S = 600.0
"""Enough for any number of objects that a claim makes."""


def adds(client: Client) -> CallOne:
    """Return the call of the claims: one more counted, durable before its answer."""

    async def add(target: Target) -> object:
        return await client.invoke(target, "add", b'{"n": 1}')

    return add


def totals(client: Client) -> CallOne:
    """Return the query of the claims: linearizable."""

    async def total(target: Target) -> object:
        return await client.invoke(target, "total")

    return total


@dataclass(frozen=True, slots=True)
class Work:
    """What is called: a name for people, the call, and among how many objects of which type."""

    name: str
    make: Callable[[Client], CallOne]
    objects: int
    type: str = "Counter"
    pick: Callable[[str, int], Iterator[Target]] = at_random

    def targets(self) -> Iterator[Target]:
        """Return its targets, from the beginning."""
        return self.pick(self.type, self.objects)


@dataclass(frozen=True, slots=True)
class Bench:
    """A server with a client of it, and a bare echo."""

    server: Server
    client: Client
    facts: Facts
    unary: UnaryCalls
    """Of the echo."""
    echo_address: str
    echo_pid: int

    async def call_each(self, work: Work) -> int:
        """Call each object once; return how many that were."""
        once = Work(work.name, work.make, work.objects, work.type, each_once)
        loops = ClosedLoops(once.make(self.client), once.targets(), OUTSTANDING[-1])
        await loops.run(LONG_S)
        return loops.done

    async def ours(self, work: Work, outstanding: int) -> Caller:
        """Return our side as a contender."""
        where, pids = await self.facts.handler(work.type)
        loops = ClosedLoops(work.make(self.client), work.targets(), outstanding)
        processes = {CLIENT: os.getpid(), **pids}
        return Caller(work.name, outstanding, loops, processes, self.facts.fsyncs, where)

    def baselines(self, work: Work, outstanding: int) -> list[Contender]:
        """Return echo and dict."""
        return [
            echo(self.unary, self.echo_pid, work.targets(), outstanding),
            a_dict(work.targets(), outstanding),
        ]


@asynccontextmanager
async def a_bench(data: Path | None = None, *options: str) -> AsyncIterator[Bench]:
    """Start server, worker, echo and client; end them all."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(serving(data, *options))
        address, pid = stack.enter_context(echo_server())
        client = await stack.enter_async_context(server.client())
        unary = UnaryCalls(address)
        stack.push_async_callback(unary.close)
        for type in ("Counter", "Padded"):
            await client.invoke((type, "first"), "total")  # Its worker is there once it answered.
        yield Bench(server, client, Facts(client), unary, address, pid)


async def durable(bench: Bench, name: str, objects: int) -> Rows:
    """Measure adds among so many objects, by turns with echo, dict and SQLite.

    Each object was called before: what the first call of a cold one costs is the claim `revive`.
    """
    work = Work(name, adds, objects)
    rows: dict[int, list[Measured]] = {}
    acknowledged = await bench.call_each(work)
    for outstanding in OUTSTANDING:
        ours, same = await bench.ours(work, outstanding), SameRows(outstanding)
        both = WithRows(ours, same, bench.facts, bench.server.data)
        rows[outstanding] = await by_turns(both, *bench.baselines(work, outstanding), same)
        acknowledged += ours.loops.done
    await check_totals(bench.client, work.type, acknowledged)
    return rows


async def by_turns(*contenders: Contender) -> list[Measured]:
    """Measure the contenders by turns, as long as this run allows."""
    return await alternate(contenders, ROUNDS, ROUND_S, WARM_UP_S)


async def check_totals(client: Client, type: str, acknowledged: int) -> None:
    """See that what was acknowledged is there, once: the totals of all objects are its sum."""
    counted = 0
    async for view in client.list(type, page_size=1_000):
        counted += int(view.index["total"] or 0)
    assert counted == acknowledged, f"{acknowledged} adds were acknowledged, {counted} are there"
