"""The server as servicers see it while they register: every method is looked up by name.

grpc.aio waits anew for *each* method that is registered with it, for each call that comes: with
fifty methods that were a tenth of a unary call. A name that is looked up costs nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc


class GenericServer:
    """Passes a service's handlers on; leaves the registration of single methods out."""

    def __init__(self, server: grpc.aio.Server) -> None:
        """Register with `server`."""
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Let `server` ask `handlers` for their methods."""
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Do nothing: the generic handlers have the same methods."""
