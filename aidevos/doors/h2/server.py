"""A gRPC server on our own HTTP/2: servicers register with it as with grpc.aio's.

server = OwnServer()
add_XServicer_to_server(servicer, server)
port = await server.listen("127.0.0.1:0")
...
await server.stop(grace_s=5)
"""

import asyncio
import logging
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import grpc

from aidevos.core.errors import UnavailableError
from aidevos.doors.grpc_interface import CALLS_MAX, MESSAGE_BYTES_MAX, Tls
from aidevos.doors.h2 import tls as secure
from aidevos.doors.h2.limits import Limits
from aidevos.doors.h2.line import Common
from aidevos.doors.h2.protocol import GrpcProtocol
from aidevos.doors.h2.routes import Direct, Routes

_log = logging.getLogger("aidevos.grpc")
CONNECTIONS_MAX = 4_096
"""One more is closed at once."""
STREAMS_MAX = 65_536
"""Streams on all connections: with more, the connection that has most is ended."""
SWEEP_S = 1.0
BACKLOG = 1_024
CLOSING_S = 2.0
"""What was written has to leave within this, at the end."""


class OwnServer:
    """A `GrpcServer`: listens, and keeps the connections."""

    def __init__(self, limits: Limits | None = None, calls_max: int = CALLS_MAX) -> None:
        """`calls_max` bounds calls under way; one more is answered RESOURCE_EXHAUSTED."""
        self._routes = Routes()
        self._limits = limits or Limits(message_bytes_max=MESSAGE_BYTES_MAX)
        self._calls_max = calls_max
        self._common: Common | None = None
        self._servers: list[asyncio.Server] = []
        self._lines: set[GrpcProtocol] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._reliever: asyncio.Handle | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    # ---- servicers -----------------------------------------------------------------------------

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Serve the methods of `handlers`."""
        self._routes.add(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Do nothing: the generic handlers have the same methods."""

    def add_direct(self, path: str, direct: Direct) -> None:
        """Let `direct(request, call)` begin the unary calls of `path` and answer them later.

        The call offers `answered(response)` and `refused(code, details, trailing metadata)`. No
        coroutine, no task: for the calls that have to be cheap. Cancelled calls are answered too.
        """
        self._routes.add_direct(path, direct)

    # ---- life ----------------------------------------------------------------------------------

    async def listen(self, address: str, tls: Tls | None = None) -> int:
        """Answer on `host:port`; return the port. Raises UnavailableError."""
        common = self._begin()
        agreed = secure.context(tls) if tls else None
        host, port = split(address)
        try:
            found = await common.loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            server = await common.loop.create_server(
                lambda: GrpcProtocol(common, self),
                str(found[0][4][0]),  # One address alone, or port 0 were a different one for each.
                port,
                ssl=agreed,
                backlog=BACKLOG,
            )
        except OSError as error:
            why = f"cannot listen on {address}: it is taken, or not ours"
            raise UnavailableError(why) from error
        self._servers.append(server)
        listening: int = server.sockets[0].getsockname()[1]
        return listening

    def _begin(self) -> Common:
        if self._common is None:
            loop = asyncio.get_running_loop()
            self._common = Common(loop, self._routes, self._limits, self._calls_max)
            self._common.budget.on_low = self._relieve_soon
            self._sweeper = loop.call_later(SWEEP_S, self._sweep)
        return self._common

    def _relieve_soon(self) -> None:
        if self._reliever is None and self._common is not None:
            self._reliever = self._common.loop.call_soon(self._relieve)

    def _relieve(self) -> None:
        """Memory gets short: end the connections that hold most of it."""
        self._reliever = None
        common = self._common
        while common is not None and common.budget.low and self._lines:
            line = max(self._lines, key=lambda line: line.core.share.used)
            if line.core.share.used == 0:
                return
            _log.warning("a connection that reads or sends too slowly was ended: %s", line.peer)
            line.drop()

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, let those under way finish within `grace_s`, then end them."""
        for server in self._servers:
            server.close()
        for line in list(self._lines):
            line.drain()
        if not await self._emptied(grace_s):
            for line in list(self._lines):
                line.stop_calls()
                line.close()
            if not await self._emptied(CLOSING_S):
                for line in list(self._lines):
                    line.abort()
                await self._emptied(CLOSING_S)
        self._end()

    async def _emptied(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    def _end(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._common is not None:
            self._common.seats.close()
            self._common.deadlines.close()

    # ---- connections ---------------------------------------------------------------------------

    def joined(self, line: GrpcProtocol) -> bool:
        """Keep a new connection; return whether it may stay."""
        if len(self._lines) >= CONNECTIONS_MAX:
            return False
        self._lines.add(line)
        self._empty.clear()
        return True

    def left(self, line: GrpcProtocol) -> None:
        """Forget a connection."""
        self._lines.discard(line)
        if not self._lines:
            self._empty.set()

    def _sweep(self) -> None:
        """Look at all connections; end those that hold most if together they hold too much."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for line in list(self._lines):
            line.check(now_s)
        if sum(len(line.core.streams) for line in self._lines) > STREAMS_MAX:
            max(self._lines, key=lambda line: len(line.core.streams)).abort()
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)


def split(address: str) -> tuple[str, int]:
    """Return host and port of `host:port` or `[v6]:port`."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
