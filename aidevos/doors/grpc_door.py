"""The gRPC door: objects, sessions, health, reflection, and what the composition root adds.

door = GrpcDoor(host, tokens)
door.add(register, ("aidevos.v1.AdminService",))
port = await door.start("127.0.0.1:0")
...
await door.stop()
"""

import asyncio
import ipaddress
from collections.abc import Callable, Sequence
from typing import cast

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from aidevos.core.errors import UnauthenticatedError
from aidevos.doors.grpc_direct import INVOKE, DirectInvoke
from aidevos.doors.grpc_interface import GrpcServer, Tls
from aidevos.doors.grpc_later import SERVICES as LATER
from aidevos.doors.grpc_later import add_later_services
from aidevos.doors.grpc_objects import ObjectServicer
from aidevos.doors.grpc_reflection import add_reflection
from aidevos.doors.grpc_serving import Context, Identity
from aidevos.doors.grpc_sessions import SessionServicer
from aidevos.doors.grpcio_server import GrpcioServer
from aidevos.doors.h2.server import OwnServer
from aidevos.doors.port import ObjectPort
from aidevos.doors.typed.calls import Serving
from aidevos.doors.typed.directory import Directory
from aidevos.doors.typed.package import Package
from aidevos.runtime.tokens import Tokens
from aidevos.v1.objects_pb2_grpc import add_ObjectServiceServicer_to_server
from aidevos.v1.sessions_pb2_grpc import add_SessionServiceServicer_to_server

Register = Callable[[grpc.aio.Server], None]

OBJECTS, SESSIONS = "aidevos.v1.ObjectService", "aidevos.v1.SessionService"
HEALTH = "grpc.health.v1.Health"
LIVENESS, READINESS = "liveness", "readiness"
GRACE_S = 5.0
SERVERS: dict[str, Callable[[], GrpcServer]] = {"grpcio": GrpcioServer, "own": OwnServer}
"""Who speaks HTTP/2 (`--door`)."""
SERVER = "own"
"""Who does unless told."""


class GrpcDoor:
    """One gRPC listener in front of an ObjectPort. `add`, then `start`, then `stop`."""

    def __init__(
        self,
        port: ObjectPort,
        tokens: Tokens,
        *,
        monotonic_ms: Callable[[], int] | None = None,
        server: str = SERVER,
    ) -> None:
        """`monotonic_ms` is the host's clock for deadlines; `server` one of SERVERS."""
        self._make = SERVERS[server]
        self.identity = Identity(tokens, monotonic_ms)
        """Reads callers; servicers that are added share it."""
        self._stopping = asyncio.Event()
        self._health = health.HealthServicer()
        self._server: GrpcServer | None = None
        self._names = [OBJECTS, SESSIONS, HEALTH]
        self._registers: list[Register] = [self._add_own]
        self._objects = ObjectServicer(port, self.identity, self._stopping)
        self._direct = DirectInvoke(port, self.identity)
        self._sessions = SessionServicer(port, self.identity, self._stopping)
        self.typed = Directory(Serving(port, self.identity, self._stopping))
        """The typed services; what is put in is served at once."""
        self.add(add_later_services, LATER)

    def add(self, register: Register, service_names: Sequence[str]) -> None:
        """Serve more: `register` puts servicers on the server that `start` makes."""
        assert self._server is None, "before start"
        self._registers.append(register)
        self._names += service_names

    async def start(self, address: str, tls: Tls | None = None) -> int:
        """Listen on `host:port` and answer; return the port (0 asks for a free one).

        Raises UnavailableError when the address cannot be had; `start` may be tried again.
        """
        server = self._make()
        registry = cast(grpc.aio.Server, server)  # What generated code says that it needs.
        registry.add_generic_rpc_handlers((self.typed,))  # No package of theirs is the platform's.
        for register in self._registers:
            register(registry)
        if isinstance(server, OwnServer):
            server.add_direct(INVOKE, self._direct)
        add_reflection(registry, self._names, self._typed_for)
        self.identity.loopback = is_loopback(address)
        port = await server.listen(address, tls)
        self._server = server
        for name in ("", LIVENESS, READINESS, *self._names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return port

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Say that it is not ready, end streams, let calls under way finish. Idempotent."""
        self._stopping.set()
        if self._server is None:
            return
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)

    def _typed_for(self, context: Context) -> list[Package]:
        """Return the typed services that a caller may see; whoever is not known sees none."""
        try:
            return self.typed.packages(self.identity.caller(context).principal)
        except UnauthenticatedError:
            return []

    def _add_own(self, server: grpc.aio.Server) -> None:
        add_ObjectServiceServicer_to_server(self._objects, server)
        add_SessionServiceServicer_to_server(self._sessions, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches `host:port`; a name other than localhost is not taken."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
