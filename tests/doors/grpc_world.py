"""A real host on the memory store behind a real gRPC door, for tests of the door."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import OPEN, ServicePolicy
from plain_sessions import PlainSessions

import aidevos
from aidevos import (
    DurableObject,
    FailedPreconditionError,
    InvalidArgumentError,
    ResourceExhaustedError,
    Violation,
)
from aidevos.core.call import Answer, Call
from aidevos.core.pending import Sink
from aidevos.doors.grpc_door import SERVER, GrpcDoor
from aidevos.doors.port import OnAnswers, SessionName, SessionPort
from aidevos.objects.executor import InProcessExecutor
from aidevos.runtime.tokens import Tokens
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore
from aidevos.v1 import objects_pb2 as pb
from aidevos.v1 import objects_pb2_grpc as rpc
from aidevos.v1.sessions_pb2_grpc import SessionServiceStub

OPERATOR = "an-operators-token-for-tests"


class Added(aidevos.Event):
    n: int


class Counter(DurableObject):
    """Counts."""

    class State(aidevos.State):
        total: int = 0

    state: State
    indexed = ("total",)

    @aidevos.command
    def add(self, n: int = 1) -> int:
        """Count more."""
        if n <= 0:
            raise InvalidArgumentError("n must be positive", field="n")
        self.emit(Added(n=n))
        return self.state.total

    @aidevos.command
    def refuse(self) -> None:
        wrong = (Violation("a", "TOO_LOW", "a is low"), Violation("b", "TAKEN", "b is taken"))
        raise FailedPreconditionError("two things are wrong", violations=wrong)

    @aidevos.command
    def enough(self) -> None:
        raise ResourceExhaustedError("this counter counts no more")

    @aidevos.command
    def fail(self) -> None:
        raise RuntimeError("secret of the handler")

    @aidevos.apply
    def _added(self, event: Added) -> None:
        self.state.total += event.n

    @aidevos.query
    def total(self) -> int:
        return self.state.total


class Between:
    """A port around the host, where a test can see and hold calls, framed ones too if `plain`."""

    def __init__(self, host: Host) -> None:
        self.seen: list[Call] = []
        self.before: Callable[[], Awaitable[object]] | None = None
        self._host = host
        self._tasks: set[asyncio.Task[None]] = set()
        self.plain = True
        self.sessions = PlainSessions(self.invoke)

    async def invoke(self, call: Call) -> Answer:
        self.seen.append(call)
        if self.before is not None:
            await self.before()
        return await self._host.invoke(call)

    def submit(self, call: Call, sink: Sink) -> None:
        task = asyncio.ensure_future(self._submit(call, sink))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submit(self, call: Call, sink: Sink) -> None:
        try:
            sink.answer(0, await self.invoke(call))
        except Exception as error:
            sink.answer(0, error)

    def open_session(
        self, name: SessionName, sent_number: int, on_answers: OnAnswers
    ) -> SessionPort:
        port: Any = self.sessions if self.plain else self._host
        return port.open_session(name, sent_number, on_answers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)


@dataclass
class World:
    host: Host
    between: Between
    door: GrpcDoor
    port: int
    channel: grpc.aio.Channel

    @property
    def framed(self) -> Any:
        return SessionServiceStub(self.channel)

    @property
    def objects(self) -> "rpc.ObjectServiceAsyncStub":
        return rpc.ObjectServiceStub(self.channel)

    async def invoke(self, method: str = "add", payload: bytes = b"{}", **more: object):
        return await self.objects.Invoke(call(method, payload, **more), timeout=5)


def call(method: str = "add", payload: bytes = b"{}", **more: object) -> pb.InvokeRequest:
    fields = {"object_type": "Counter", "key": "a", **more}
    return pb.InvokeRequest(method=method, payload=payload, **fields)


@asynccontextmanager
async def running(
    *,
    policy: ServicePolicy = OPEN,
    address: str = "127.0.0.1:0",
    config: HostConfig | None = None,
    server: str = SERVER,
) -> AsyncIterator[World]:
    host = Host(ShardLog(MemoryStore()), config or HostConfig(shard_count=2))
    executor = InProcessExecutor([Counter])
    host.catalog.install(Service("default", "counters", 1, executor, policy))
    await host.start()
    tokens = Tokens()
    tokens.add(OPERATOR, "operator")
    between = Between(host)
    door = GrpcDoor(between, tokens, server=server)
    port = await door.start(address)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield World(host, between, door, port, channel)
    finally:  # A red test must not leave a server that never lets the process end.
        await door.stop(grace_s=1)
        await host.stop()
