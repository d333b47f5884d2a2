"""The doors of this process: apps and admin over HTTP, and gRPC; opened side by side."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from aidevos.doors.admin import AdminDoor
from aidevos.doors.app import AppDoor
from aidevos.doors.grpc_door import GrpcDoor
from aidevos.doors.http_server import HttpServer
from aidevos.doors.identity import Identify
from aidevos.doors.port import ObjectPort
from aidevos.runtime.tokens import Tokens
from aidevos_standalone.grpc_listener import open_grpc
from aidevos_standalone.listeners import Listener
from aidevos_standalone.stop import Stop


class Doors:
    """Doors over one host, each on its listener."""

    def __init__(self, port: ObjectPort, listeners: Mapping[str, Listener], tokens: Tokens) -> None:
        """Make them; nobody is answered before `open`."""
        self.grpc = GrpcDoor(port, tokens)
        self.apps = AppDoor(port, _identify(tokens, listeners["http"]))
        self.admin = AdminDoor(port)
        self._grpc_listener = listeners["grpc"]
        self._servers = (
            HttpServer(self.apps, listeners["http"].socket),
            HttpServer(self.admin, listeners["admin"].socket),
        )

    @asynccontextmanager
    async def open(self, stop: Stop) -> AsyncIterator[None]:
        """Answer on every listener; at the end let calls under way finish."""
        await asyncio.gather(*(server.open(stop.fatal) for server in self._servers))
        try:
            async with open_grpc(self.grpc, self._grpc_listener):
                yield
        finally:
            await asyncio.gather(*(server.close() for server in self._servers))


def _identify(tokens: Tokens, listener: Listener) -> Identify:
    return partial(tokens.principal, loopback=listener.loopback)
