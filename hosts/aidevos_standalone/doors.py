"""The doors of this process: gRPC, and apps and admin over HTTP.

gRPC opens first, HTTP when everything that was deployed is served again; until then whoever
connects waits.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from aidevos.doors.admin import AdminDoor, AdminSettings
from aidevos.doors.app import AppDoor
from aidevos.doors.grpc_door import SERVER, GrpcDoor
from aidevos.doors.http_server import HttpServer
from aidevos.doors.identity import Identify
from aidevos.runtime.tokens import Tokens
from aidevos_standalone.grpc_listener import start_grpc
from aidevos_standalone.listeners import Listener
from aidevos_standalone.measures import Measures
from aidevos_standalone.stop import Stop


class Doors:
    """Doors over one host, each on its listener."""

    def __init__(
        self,
        measures: Measures,
        listeners: Mapping[str, Listener],
        tokens: Tokens,
        stop: Stop,
        door: str = SERVER,
    ) -> None:
        """Make them; nobody is answered before `open`."""
        self.grpc = GrpcDoor(measures.port, tokens, server=door)
        self.apps = AppDoor(measures.port, _identify(tokens, listeners["http"]))
        settings = AdminSettings(
            identify=_identify(tokens, listeners["admin"]),
            loopback=listeners["admin"].loopback,
            ready=lambda: self._opened and not stop.event.is_set(),
            metrics=measures.expose,
        )
        self.admin = AdminDoor(measures.port, settings)
        self._opened = False
        self._stop = stop
        self._grpc_listener = listeners["grpc"]
        self._servers = (
            HttpServer(self.apps, listeners["http"].socket),
            HttpServer(self.admin, listeners["admin"].socket),
        )

    @asynccontextmanager
    async def answering_grpc(self) -> AsyncIterator[None]:
        """Answer on the gRPC listener: agents need it before there is an app to serve."""
        await start_grpc(self.grpc, self._grpc_listener)
        try:
            yield
        finally:
            await self.grpc.stop()

    @asynccontextmanager
    async def answering_http(self) -> AsyncIterator[None]:
        """Answer on the HTTP listeners; at the end let calls under way finish."""
        try:
            await asyncio.gather(*(server.open(self._stop.fatal) for server in self._servers))
            self._opened = True
            yield
        finally:
            self.admin.stopping.set()
            await asyncio.gather(*(server.close() for server in self._servers))


def _identify(tokens: Tokens, listener: Listener) -> Identify:
    return partial(tokens.principal, loopback=listener.loopback)
