"""A server of one kind with the kit's service, and channels to it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from kit_service import NAME, Kit

from aidevos.doors.grpc_door import SERVERS
from aidevos.doors.grpc_interface import GrpcServer, Tls

TLS = Path(__file__).parent / "tls"


class KitWorld:
    """`world.unary("Echo")(b"x")` calls; every call has five seconds."""

    def __init__(self, kind: str, server: GrpcServer, kit: Kit, port: int) -> None:
        self.kind, self.server, self.kit, self.port = kind, server, kit, port
        self.channel = self.new_channel()

    def new_channel(self, **options: Any) -> grpc.aio.Channel:
        pairs = (
            ("grpc.use_local_subchannel_pool", 1),  # A connection of its own.
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            *(("grpc." + name, value) for name, value in options.items()),
        )
        return grpc.aio.insecure_channel(f"127.0.0.1:{self.port}", options=pairs)

    def unary(self, method: str) -> Callable[..., Any]:
        return self._timed(self.channel.unary_unary(f"/{NAME}/{method}"))

    def out(self, method: str) -> Callable[..., Any]:
        return self._timed(self.channel.unary_stream(f"/{NAME}/{method}"))

    def into(self, method: str) -> Callable[..., Any]:
        return self._timed(self.channel.stream_unary(f"/{NAME}/{method}"))

    def both(self, method: str) -> Callable[..., Any]:
        return self._timed(self.channel.stream_stream(f"/{NAME}/{method}"))

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **named: call(*arguments, **{"timeout": 5, **named})


@asynccontextmanager
async def kit_world(kind: str, tls: Tls | None = None) -> AsyncIterator[KitWorld]:
    server, kit = SERVERS[kind](), Kit()
    kit.register(server)
    port = await server.listen("127.0.0.1:0", tls)
    world = KitWorld(kind, server, kit, port)
    try:
        yield world
    finally:
        await world.channel.close()
        kit.gate.set()
        await server.stop(grace_s=1)
