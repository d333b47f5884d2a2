"""The real control plane on a memory store behind a real gRPC door; agents run in this process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from aidevos_agents.agent import BaseAgent, Message, serve_agent
from aidevos_agents.agent.communication import Communication
from aidevos_agents.agent.connection import Connection
from aidevos_controlplane.control_plane import ControlPlane
from aidevos_controlplane.supervisor import Team
from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import ServicePolicy

from aidevos.doors.app_manifest import AppManifest
from aidevos.doors.grpc_door import GrpcDoor
from aidevos.objects.executor import InProcessExecutor
from aidevos.runtime.tokens import Tokens
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore
from aidevos.system.catalog import SERVICE, SYSTEM_TYPES
from aidevos.v1 import agents_pb2 as pb

OPERATOR = "an-operators-token-for-tests"
PATIENCE_S = 10.0
T = TypeVar("T")


class NoApps:
    """An installer that installs nothing: these tests deploy nothing."""

    async def install(self, bundle: Mapping[str, bytes], version: int) -> AppManifest:
        raise AssertionError("nothing is deployed here")

    async def remove(self, app: str) -> None:
        raise AssertionError("nothing is removed here")


@dataclass
class World:
    server: str
    tokens: Tokens
    connection: Connection
    stops: list[asyncio.Event] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def run(self, agent: BaseAgent, process_id: str = "", lease_ms: int = 4_000) -> asyncio.Event:
        """Run an agent until the event is set, or the world ends."""
        stop = asyncio.Event()
        self.stops.append(stop)
        serving = serve_agent(
            agent,
            self.server,
            OPERATOR,
            stop,
            process_id=process_id,
            delivery_lease_ms=lease_ms,
        )
        self.tasks.append(asyncio.create_task(serving))
        return stop

    async def tell(self, recipient: str, content: object, **more: str) -> None:
        fields = {"conversation_id": "talk", "message_id": "m1", "message_type": "task", **more}
        operator = Communication(self.connection, "operator")
        await operator.send(
            Message(sender="operator", recipient=recipient, content=content, **fields)
        )

    async def records(self, conversation: str = "talk") -> list[pb.MessageRecord]:
        request = pb.ListMessagesRequest(conversation_id=conversation)
        answer = await self.connection.call(self.connection.agents.ListMessages, request)
        return list(answer.messages)

    async def said(self, message_id: str) -> pb.MessageRecord:
        """Wait until a message is in the conversation."""
        return await eventually(lambda: self._find(message_id))

    async def settled(self, message_id: str, state: "pb.AckState.ValueType") -> pb.Receipt:
        """Wait until the only recipient of a message is as far as `state`."""

        async def receipt() -> pb.Receipt | None:
            record = await self._find(message_id)
            at = record.receipts[0] if record else None
            return at if at is not None and at.state == state else None

        return await eventually(receipt)

    async def _find(self, message_id: str) -> pb.MessageRecord | None:
        found = (r for r in await self.records() if r.message.message_id == message_id)
        return next(found, None)


async def eventually(look: Callable[[], Awaitable[T | None]]) -> T:
    """Return what `look` finds; it is asked again until there is something."""
    async with asyncio.timeout(PATIENCE_S):
        while (found := await look()) is None:  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0.01)  # Asked over gRPC, like any client.
    return found


@asynccontextmanager
async def running() -> AsyncIterator[World]:
    host = Host(ShardLog(MemoryStore()), HostConfig(shard_count=2))
    closed = ServicePolicy(frozenset())
    executor = InProcessExecutor(list(SYSTEM_TYPES))
    host.catalog.install(Service("system", SERVICE, 1, executor, closed))
    await host.start()
    tokens = Tokens()
    tokens.add(OPERATOR, "operator")
    door = GrpcDoor(host, tokens)
    plane = ControlPlane(host, NoApps(), tokens, door.identity, team=Team(roles=()))
    door.add(plane.register, plane.service_names)
    server = f"127.0.0.1:{await door.start('127.0.0.1:0')}"
    await plane.start(server)
    async with Connection(server, OPERATOR) as connection:
        world = World(server, tokens, connection)
        try:
            yield world
        finally:
            for task in world.tasks:
                task.cancel()
            await asyncio.gather(*world.tasks, return_exceptions=True)
    await plane.stop()
    await door.stop(grace_s=1)
    await host.stop()
