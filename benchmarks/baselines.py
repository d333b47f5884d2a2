"""What a durable call is compared with: a bare grpc.aio echo, and a dict."""

import asyncio
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from aidevos_cli.bench.contender import Caller
from aidevos_cli.bench.load import ClosedLoops, Target

from aidevos.v1 import objects_pb2 as pb
from aidevos.v1.objects_pb2_grpc import ObjectServiceStub
from benchmarks.common import child, first_line

CHANNELS = 4
CLIENT = "client"
ECHO_SHARE, DICT_SHARE = 0.7, 0.25


class UnaryCalls:
    """Counter.add by plain stubs over a few channels; ids never repeat."""

    def __init__(self, address: str) -> None:
        """Connect."""
        self._channels = [
            grpc.aio.insecure_channel(address, options=(("bench.channel", number),))
            for number in range(CHANNELS)
        ]
        stubs = [ObjectServiceStub(channel) for channel in self._channels]
        self._invokes = itertools.cycle([stub.Invoke for stub in stubs])
        self._numbers = itertools.count()

    async def __call__(self, target: Target) -> object:
        """Make one call."""
        request = pb.InvokeRequest(
            object_type=target[0],
            key=target[1],
            method="add",
            payload=b'{"n": 1}',
            request_id=f"bench-{next(self._numbers)}",
        )
        return await next(self._invokes)(request)

    async def close(self) -> None:
        """Disconnect."""
        for channel in self._channels:
            await channel.close()


@contextmanager
def echo_server() -> Iterator[tuple[str, int]]:
    """Run the bare echo; yield its address and pid."""
    with child("-m", "benchmarks.echo_server") as process:
        yield f"127.0.0.1:{int(first_line(process))}", process.pid


def echo(calls: UnaryCalls, pid: int, targets: Iterator[Target], outstanding: int) -> Caller:
    """Return the echo as a contender."""
    pids = {CLIENT: os.getpid(), "echo": pid}
    loops = ClosedLoops(calls, targets, outstanding)
    return Caller("bare grpc.aio echo", outstanding, loops, pids, share=ECHO_SHARE)


def a_dict(targets: Iterator[Target], outstanding: int) -> Caller:
    """Return the same loops over a dict in their own process: what the load generator costs."""
    totals: dict[Target, int] = {}

    async def add(target: Target) -> object:
        totals[target] = total = totals.get(target, 0) + 1
        await asyncio.sleep(0)
        return total

    loops = ClosedLoops(add, targets, outstanding)
    return Caller("a dict", outstanding, loops, {CLIENT: os.getpid()}, share=DICT_SHARE)
