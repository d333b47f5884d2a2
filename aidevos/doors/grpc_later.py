"""Services that are specified and not built here: each answers with a reason and a way out."""

from collections.abc import AsyncIterator
from typing import Any, Never

import grpc

from aidevos.core.errors import UnimplementedError
from aidevos.doors.grpc_serving import Context, stream, unary
from aidevos.v1 import composer_pb2_grpc, events_pb2_grpc, placement_pb2_grpc

SERVICES = (
    "aidevos.v1.PlacementService",
    "aidevos.v1.EventBusService",
    "aidevos.v1.ComposerService",
)


def add_later_services(server: grpc.aio.Server) -> None:
    """Register them all."""
    placement_pb2_grpc.add_PlacementServiceServicer_to_server(Placement(), server)
    events_pb2_grpc.add_EventBusServiceServicer_to_server(EventBus(), server)
    composer_pb2_grpc.add_ComposerServiceServicer_to_server(Composer(), server)


def _not_built(instead: str) -> Any:
    async def refuse(self: object, request: object, context: Context) -> Never:
        raise UnimplementedError(f"this server does not do that; {instead}")

    return unary(refuse)


def _no_stream(instead: str) -> Any:
    async def refuse(self: object, request: object, context: Context) -> AsyncIterator[Never]:
        raise UnimplementedError(f"this server does not do that; {instead}")
        yield

    return stream(refuse)


class Placement(placement_pb2_grpc.PlacementServiceServicer):
    """PlacementService."""

    GetPlacement = _not_built("it is the only host: every object is here")
    WatchPlacement = _no_stream("it is the only host: every object is here")


class EventBus(events_pb2_grpc.EventBusServiceServicer):
    """EventBusService."""

    PublishEvent = _not_built("emit events in an object and follow it with WatchObject")
    PullEvents = _not_built("follow an object's events with ObjectService.WatchObject")
    AcknowledgeEvents = _not_built("follow an object's events with ObjectService.WatchObject")


class Composer(composer_pb2_grpc.ComposerServiceServicer):
    """ComposerService."""

    PutComposition = _not_built("one command may change all objects of its {tag} group")
    RunComposition = _not_built("one command may change all objects of its {tag} group")
