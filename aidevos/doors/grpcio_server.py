"""The reference behind the interface of gRPC servers: grpc.aio.

grpc.aio waits anew for *each* method that is registered with it, for each call that comes: with
fifty methods that were a tenth of a unary call. So methods are looked up by name alone, which
costs nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc

from aidevos.core.errors import UnavailableError
from aidevos.doors.grpc_interface import CALLS_MAX, MESSAGE_BYTES_MAX, Tls

_OPTIONS = (
    ("grpc.so_reuseport", 0),  # A port that is taken shall be an error, not be shared.
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", -1),
)


class GrpcioServer:
    """A `GrpcServer` on grpc.aio. Make it in the event loop that it shall run in."""

    def __init__(self) -> None:
        """Begin without services."""
        self._server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=CALLS_MAX)

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Serve the methods of `handlers`."""
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Do nothing: the generic handlers have the same methods."""

    async def listen(self, address: str, tls: Tls | None = None) -> int:
        """Answer on `host:port`; return the port. Raises UnavailableError."""
        try:
            if tls is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, _credentials(tls))
        except RuntimeError as error:
            raise _taken(address) from error
        if port == 0:
            raise _taken(address)
        await self._server.start()
        return port

    async def stop(self, grace_s: float) -> None:
        """Let calls under way finish within `grace_s`."""
        await self._server.stop(grace_s)


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    roots = tls.client_roots.read_bytes() if tls.client_roots else None
    pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
    return grpc.ssl_server_credentials([pair], roots, require_client_auth=roots is not None)


def _taken(address: str) -> UnavailableError:
    return UnavailableError(f"cannot listen on {address}: it is taken, or not ours")
