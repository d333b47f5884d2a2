"""ObjectService over an ObjectPort: decodes, calls, encodes; decides nothing."""

import asyncio
from collections.abc import AsyncIterator

from aidevos.core.errors import InvalidArgumentError
from aidevos.doors import grpc_wire as wire
from aidevos.doors.grpc_serving import Context, Identity, refusal, stream, unary
from aidevos.doors.port import ObjectPort, StoredEvent
from aidevos.doors.streams import until
from aidevos.v1 import objects_pb2 as pb
from aidevos.v1 import objects_pb2_grpc as rpc

PAGE_BYTES_MAX = 3 << 20
"""A page of events stays below this: gRPC clients take 4 MiB by default."""


class ObjectServicer(rpc.ObjectServiceServicer):
    """Wire adapter of ObjectService."""

    def __init__(self, port: ObjectPort, identity: Identity, stopping: asyncio.Event) -> None:
        """`stopping` ends streams, which would never end by themselves."""
        self._port = port
        self._identity = identity
        self._stopping = stopping

    @unary
    async def Invoke(self, request: pb.InvokeRequest, context: Context) -> pb.InvokeResponse:
        """Run one command or query."""
        call = wire.call_from(request, self._identity.caller(context))
        answer = await self._port.invoke(call)
        if answer.error is not None:
            raise refusal(answer.error)
        return wire.answer_to(answer, call.id.session if call.id else "")

    @unary
    async def GetObject(
        self, request: pb.GetObjectRequest, context: Context
    ) -> pb.GetObjectResponse:
        """Return one object, now or at a version."""
        caller = self._identity.caller(context)
        version = request.version if request.HasField("version") else None
        view = await self._port.get_object(
            wire.object_from(request), caller.principal, version=version
        )
        return pb.GetObjectResponse(object=wire.view_to(view))

    @unary
    async def ListObjects(
        self, request: pb.ListObjectsRequest, context: Context
    ) -> pb.ListObjectsResponse:
        """Return one page of objects."""
        query = wire.query_from(request, self._identity.caller(context))
        return wire.page_to(await self._port.list_objects(query))

    @unary
    async def ListEvents(
        self, request: pb.ListEventsRequest, context: Context
    ) -> pb.ListEventsResponse:
        """Return one page of events, cut where it would get too large for a client."""
        caller = self._identity.caller(context)
        size = wire.page_size_from(request.page_size)
        found = await self._port.list_events(
            wire.object_from(request), caller.principal, after=_after(request), limit=size
        )
        page = _cut(found)
        more = len(page) < len(found) or len(found) >= min(size, 1_000)
        return pb.ListEventsResponse(
            events=[wire.event_to(event) for event in page],
            next_page_token=str(page[-1].sequence) if page and more else "",
        )

    @stream
    async def WatchObject(
        self, request: pb.WatchObjectRequest, context: Context
    ) -> AsyncIterator[pb.WatchObjectResponse]:
        """Stream events until the caller leaves or the server stops."""
        caller = self._identity.caller(context)
        events = self._port.watch(
            wire.object_from(request), caller.principal, after=request.after_sequence
        )
        async for event in until(self._stopping, events):
            yield pb.WatchObjectResponse(event=wire.event_to(event))

    @unary
    async def ListTypes(
        self, request: pb.ListTypesRequest, context: Context
    ) -> pb.ListTypesResponse:
        """Return all types of a tenant."""
        self._identity.caller(context)
        types = self._port.types(request.tenant or wire.TENANT)
        return pb.ListTypesResponse(types=[wire.type_to(info) for info in types])


def _after(request: pb.ListEventsRequest) -> int:
    token = request.page_token
    if not token:
        return request.after_sequence
    if not (token.isascii() and token.isdecimal()) or len(token) > 18:
        raise InvalidArgumentError("page_token is not one that a list gave", field="page_token")
    return int(token)


def _cut(events: tuple[StoredEvent, ...]) -> tuple[StoredEvent, ...]:
    """Return the first events that fit into one message, at least one."""
    size = 0
    for place, event in enumerate(events):
        size += len(event.body) + 512
        if place and size > PAGE_BYTES_MAX:
            return events[:place]
    return events
