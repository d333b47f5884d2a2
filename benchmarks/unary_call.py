"""Claim: a unary durable call reaches half of a bare grpc.aio echo, 64 outstanding, in one run.

One load generator (this process, plain stubs) drives both servers in turn, each a process of its
own; the durable one is the real server on SQLite with examples/counter.py in its worker.
"""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import grpc
import uvloop

from aidevos.v1 import admin_pb2
from aidevos.v1 import objects_pb2 as pb
from aidevos.v1.admin_pb2_grpc import AdminServiceStub
from aidevos.v1.objects_pb2_grpc import ObjectServiceStub
from benchmarks.common import ROOT, Result, at_least, child, cpu_seconds, fact

COMMAND = "make bench ONLY=unary_call"
OUTSTANDING, CHANNELS, OBJECTS = 64, 4, 1_000
ROUNDS, ROUND_S, WARM_UP_S = 5, 2.0, 1.0
PORTS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]


class Load:
    """64 callers in closed loops over 4 channels; ids never repeat."""

    def __init__(self, address: str) -> None:
        """Connect."""
        self._channels = [
            grpc.aio.insecure_channel(address, options=(("bench.channel", number),))
            for number in range(CHANNELS)
        ]
        self._stubs = [ObjectServiceStub(channel) for channel in self._channels]
        self._numbers = iter(range(1 << 62))
        self.done = 0

    async def rate(self, seconds: float) -> float:
        """Return calls per second over so many seconds."""
        before, begun = self.done, time.perf_counter()
        end = begun + seconds
        await asyncio.gather(*(self._caller(caller, end) for caller in range(OUTSTANDING)))
        return (self.done - before) / (time.perf_counter() - begun)

    async def _caller(self, caller: int, end: float) -> None:
        invoke = self._stubs[caller % CHANNELS].Invoke
        while time.perf_counter() < end:
            number = next(self._numbers)
            await invoke(
                pb.InvokeRequest(
                    object_type="Counter",
                    key=f"c{number % OBJECTS}",
                    method="add",
                    payload=b'{"n": 1}',
                    request_id=f"bench-{number}",
                )
            )
            self.done += 1

    async def close(self) -> None:
        """Disconnect."""
        for channel in self._channels:
            await channel.close()


def run() -> list[Result]:
    """Return the ratio, and what it was made of."""
    with tempfile.TemporaryDirectory() as data:
        types = str(ROOT / "examples" / "counter.py")
        durable = ("-m", "aidevos_standalone", "--data", data, "--types", types, "--no-agents")
        with child("-m", "benchmarks.echo_server") as bare, child(*durable, *PORTS) as server:
            assert bare.stdout is not None
            assert server.stdout is not None
            port = int(bare.stdout.readline())
            ready = json.loads(server.stdout.readline())
            address = json.loads((Path(data) / "address.json").read_text())
            assert ready["event"] == "ready", ready
            return uvloop.run(_compare(f"127.0.0.1:{port}", bare.pid, address))


async def _compare(bare: str, bare_pid: int, address: dict[str, str]) -> list[Result]:
    echo, durable = Load(bare), Load(address["grpc"])
    for load in (echo, durable):
        await load.rate(WARM_UP_S)
    before = await about(address)
    worker = int(before.handler_processes["Counter"].split()[1])
    echo_cpu, durable_cpu = Cpu(echo, bare_pid), Cpu(durable, before.process_id, worker)
    pairs = [(await echo.rate(ROUND_S), await durable.rate(ROUND_S)) for _ in range(ROUNDS)]
    costs = echo_cpu.per_call_us(), durable_cpu.per_call_us()
    after = await about(address)
    await echo.close()
    await durable.close()
    fsyncs = after.statistics["log_commits"] - before.statistics["log_commits"]
    median = [statistics.median(values) for values in zip(*pairs, strict=True)]
    ratio = statistics.median(called / echoed for echoed, called in pairs) * 100
    who = before.handler_processes["Counter"].split()[0]
    return [
        at_least("unary durable call against a bare echo", ratio, "%", 50, COMMAND),
        fact("bare grpc.aio echo", median[0], "calls/s", COMMAND),
        fact(f"unary durable call, handler in the {who}", median[1], "calls/s", COMMAND),
        fact("CPU of the echo's server", costs[0], "us/call", COMMAND),
        fact(f"CPU of server and {who}", costs[1], "us/call", COMMAND),
        fact("fsyncs meanwhile", fsyncs, "fsyncs", COMMAND),
        fact("calls in one fsync", durable_cpu.calls() / fsyncs, "calls", COMMAND),
    ]


class Cpu:
    """CPU of some processes from now on, by the calls of one load."""

    def __init__(self, load: Load, *pids: int) -> None:
        """Begin to count."""
        self._load = load
        self._pids = pids
        self._calls = load.done
        self._seconds = self._now()

    def calls(self) -> int:
        """Return the calls since then."""
        return self._load.done - self._calls

    def per_call_us(self) -> float:
        """Return microseconds of CPU for each call since then."""
        return (self._now() - self._seconds) * 1e6 / self.calls()

    def _now(self) -> float:
        return sum(cpu_seconds(pid) for pid in self._pids)


async def about(address: dict[str, str]) -> admin_pb2.GetServerInfoResponse:
    """Return what the server at `address` says about itself."""
    async with grpc.aio.insecure_channel(address["grpc"]) as channel:
        return await AdminServiceStub(channel).GetServerInfo(
            admin_pb2.GetServerInfoRequest(),
            metadata=(("authorization", f"Bearer {address['token']}"),),
        )
