"""A real host on one memory store, the control plane over it, and a real gRPC door before it."""

import asyncio
import heapq
import itertools
import json
from collections.abc import Mapping
from typing import Any

import grpc
from aidevos_controlplane.control_plane import ControlPlane
from aidevos_controlplane.supervisor import Team
from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import ServicePolicy
from aidevos_host.ports import Ports

from aidevos.core.errors import AidevosError, FailedPreconditionError
from aidevos.doors.app_manifest import AppManifest
from aidevos.doors.grpc_door import GrpcDoor
from aidevos.objects.executor import InProcessExecutor
from aidevos.runtime.status import from_rpc_error
from aidevos.runtime.tokens import Tokens
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore
from aidevos.storage.tables import Tables
from aidevos.system.catalog import SERVICE, SYSTEM_TYPES
from aidevos.system.names import TENANT
from aidevos.v1.agents_pb2_grpc import AgentServiceStub
from aidevos.v1.artifacts_pb2_grpc import ArtifactServiceStub
from aidevos.v1.pipeline_pb2_grpc import PipelineServiceStub
from aidevos.v1.registry_pb2_grpc import RegistryServiceStub

NO_TEAM = Team(roles=())


class TestClock:
    """Time passes when the test says so."""

    __test__ = False

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000
        self._sleepers: list[tuple[int, int, asyncio.Event]] = []
        self._numbers = itertools.count()
        self.slept = asyncio.Condition()

    def now_ms(self) -> int:
        return self.ms

    async def sleep(self, ms: int) -> None:
        if ms <= 0:
            return
        done = asyncio.Event()
        heapq.heappush(self._sleepers, (self.ms + ms, next(self._numbers), done))
        async with self.slept:
            self.slept.notify_all()
        await done.wait()

    async def until_slept_for(self, ms: int | None = None) -> None:
        """Return once somebody sleeps until `ms` from now (None: however long)."""

        def there() -> bool:
            return any(ms is None or due == self.ms + ms for due, _, _ in self._sleepers)

        async with asyncio.timeout(5), self.slept:
            await self.slept.wait_for(there)

    def advance(self, ms: int) -> None:
        self.ms += ms
        while self._sleepers and self._sleepers[0][0] <= self.ms:
            heapq.heappop(self._sleepers)[2].set()


class TestPorts(Ports):
    """A host's ports with the test's clock."""

    __test__ = False
    clock: TestClock

    def clock_ms(self) -> int:
        return self.clock.now_ms()


class ListInstaller:
    """Keeps what is installed; refuses bundles that say so; a test can stop it in the middle."""

    def __init__(self) -> None:
        self.served: dict[str, int] = {}
        self.calls: list[tuple[str, int]] = []
        self.entered = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def install(self, bundle: Mapping[str, bytes], version: int) -> AppManifest:
        self.entered.set()
        await self.go.wait()
        if "broken.py" in bundle:
            raise FailedPreconditionError("it does not load")
        name = json.loads(bundle["app.json"])["name"]
        self.served[name] = version
        self.calls.append((name, version))
        return AppManifest(
            name=name,
            title="Todo",
            version=version,
            package="todo_app",
            types=("TodoApp",),
            root_type="TodoApp",
            root_key="{todo}app",
            key_prefix="{todo}",
            routes=(),
            views={},
        )

    async def remove(self, app: str) -> None:
        self.served.pop(app, None)


class Client:
    """Stubs with one token. `call` raises the server's error as our own."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self.metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self.mail = AgentServiceStub(channel)
        self.artifacts = ArtifactServiceStub(channel)
        self.pipeline = PipelineServiceStub(channel)
        self.registry = RegistryServiceStub(channel)

    async def call(self, method: Any, request: Any) -> Any:
        try:
            return await method(request, metadata=self.metadata, timeout=10)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    async def stream(self, method: Any, request: Any) -> Any:
        try:
            async for item in method(request, metadata=self.metadata, timeout=10):
                yield item
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error


class World:
    """One disk and one clock, and servers on them one after another."""

    def __init__(self, team: Team = NO_TEAM) -> None:
        self.tables = Tables()
        self.clock = TestClock()
        self.team = team
        self.tokens = Tokens()
        self.tokens.add("operator-token-0123456789", "operator")

    async def begin(self) -> None:
        ports = TestPorts()
        ports.clock = self.clock
        self.host = Host(ShardLog(MemoryStore(self.tables)), HostConfig(shard_count=2), ports)
        self.host.catalog.install(
            Service(
                tenant=TENANT,
                name=SERVICE,
                version=1,
                executor=InProcessExecutor(SYSTEM_TYPES),
                policy=ServicePolicy(frozenset()),
            )
        )
        await self.host.start()
        self.installer = ListInstaller()
        self.door = GrpcDoor(self.host, self.tokens)
        self.plane = ControlPlane(
            self.host, self.installer, self.tokens, self.door.identity, self.clock, self.team
        )
        self.door.add(self.plane.register, self.plane.service_names)
        self.address = f"127.0.0.1:{await self.door.start('127.0.0.1:0')}"
        await self.plane.start(self.address)
        self.channel = grpc.aio.insecure_channel(self.address)
        self.operator = self.client("operator-token-0123456789")
        self.nobody = self.client("")

    def client(self, token: str) -> Client:
        return Client(self.channel, token)

    def agent(self, role: str, process: str = "1") -> Client:
        token = f"token-of-{role}-{process}-0123456789"
        self.tokens.add(token, f"agent:{role}:{process}")
        return self.client(token)

    async def end(self, *, crash: bool) -> None:
        await self.channel.close()
        if crash:
            self.host.crash()
        await self.plane.stop()
        await self.door.stop(grace_s=0)
        if not crash:
            await self.host.stop()

    async def again(self) -> None:
        """Crash as kill -9 would, and start on what the disk has."""
        await self.end(crash=True)
        await self.begin()


async def refused(call: Any) -> AidevosError:
    """Return the error that `call` ends with."""
    try:
        await call
    except AidevosError as error:
        return error
    raise AssertionError("it was not refused")
