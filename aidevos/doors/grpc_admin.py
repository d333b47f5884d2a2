"""AdminService: what a server says about itself, to its operator alone."""

from collections.abc import Awaitable, Callable

import msgspec

from aidevos.core.errors import PermissionDeniedError
from aidevos.doors.grpc_scalars import time_to
from aidevos.doors.grpc_serving import Context, Identity, unary
from aidevos.v1 import admin_pb2 as pb
from aidevos.v1 import admin_pb2_grpc as rpc

SERVICE = "aidevos.v1.AdminService"
OPERATORS = frozenset(("operator", "system"))


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of GetServerInfoResponse; see there."""

    version: str
    process_id: int
    started_ms: int
    addresses: dict[str, str] = {}
    statistics: dict[str, int] = {}
    jail: dict[str, str] = {}
    handler_processes: dict[str, str] = {}


class AdminServicer(rpc.AdminServiceServicer):
    """Wire adapter of AdminService; `info` is asked for each call."""

    def __init__(self, info: Callable[[], Awaitable[ServerInfo]], identity: Identity) -> None:
        """Bind the source of the facts."""
        self._info = info
        self._identity = identity

    @unary
    async def GetServerInfo(
        self, request: pb.GetServerInfoRequest, context: Context
    ) -> pb.GetServerInfoResponse:
        """Return the facts."""
        caller = self._identity.caller(context)
        if caller.principal not in OPERATORS:
            raise PermissionDeniedError("only the operator's token may ask a server about itself")
        info = await self._info()
        return pb.GetServerInfoResponse(
            version=info.version,
            process_id=info.process_id,
            start_time=time_to(info.started_ms),
            addresses=info.addresses,
            statistics=info.statistics,
            jail=info.jail,
            handler_processes=info.handler_processes,
        )
