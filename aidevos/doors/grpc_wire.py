"""Messages of objects.proto <-> the values of the port. Pure translation."""

from uuid import uuid4

import msgspec

from aidevos.core.call import Answer, Call, CallId
from aidevos.core.ids import ObjectId, object_id
from aidevos.core.turn import MethodInfo, TypeInfo
from aidevos.doors.grpc_scalars import scalar_from, scalar_to, time_to
from aidevos.doors.grpc_serving import Caller
from aidevos.doors.port import ListQuery, ObjectPage, ObjectView, StoredEvent
from aidevos.v1 import objects_pb2 as pb

TENANT = "default"
PAGE_DEFAULT = 100
_KINDS = {"command": pb.METHOD_KIND_COMMAND, "query": pb.METHOD_KIND_QUERY}


def object_from(
    request: pb.InvokeRequest | pb.GetObjectRequest | pb.ListEventsRequest | pb.WatchObjectRequest,
) -> ObjectId:
    """Return the checked address in a request; InvalidArgumentError names the wrong field."""
    return object_id(request.tenant or TENANT, request.object_type, request.key)


def call_from(request: pb.InvokeRequest, caller: Caller) -> Call:
    """Return the call of a request; one without request_id gets a fresh one."""
    expires = request.expires_at.ToMilliseconds() if request.HasField("expires_at") else None
    return Call(
        object=object_from(request),
        method=request.method,
        payload=request.payload or b"{}",
        principal=caller.principal,
        id=CallId(request.request_id or uuid4().hex, expires),
        expected_version=request.expected_version if request.HasField("expected_version") else None,
        deadline_ms=caller.deadline_ms,
        traceparent=request.traceparent or caller.traceparent,
        must_exist=request.must_exist,
    )


def answer_to(answer: Answer, request_id: str) -> pb.InvokeResponse:
    """Return the message of an answer that is not a refusal."""
    return pb.InvokeResponse(
        payload=answer.payload,
        version=answer.version,
        is_repeat=answer.repeated,
        request_id=request_id,
    )


def view_to(view: ObjectView) -> pb.Object:
    """Return the message of one object."""
    return pb.Object(
        tenant=view.object.tenant,
        object_type=view.object.type,
        key=view.object.key,
        version=view.version,
        create_time=time_to(view.created_ms),
        update_time=time_to(view.updated_ms),
        state=view.state,
        index={name: scalar_to(value) for name, value in view.index.items()},
    )


def query_from(request: pb.ListObjectsRequest, caller: Caller) -> ListQuery:
    """Return the list that a request asks for."""
    return ListQuery(
        tenant=request.tenant or TENANT,
        principal=caller.principal,
        type=request.object_type,
        key_prefix=request.key_prefix,
        where={name: scalar_from(value) for name, value in request.where.items()},
        page_size=page_size_from(request.page_size),
        page_token=request.page_token,
    )


def page_to(page: ObjectPage) -> pb.ListObjectsResponse:
    """Return the message of one page."""
    return pb.ListObjectsResponse(
        objects=[view_to(view) for view in page.objects],
        next_page_token=page.next_page_token,
        unreachable=page.unreachable,
    )


def event_to(event: StoredEvent) -> pb.ObjectEvent:
    """Return the message of one event."""
    return pb.ObjectEvent(
        sequence=event.sequence,
        event_type=event.type,
        event_type_version=event.type_version,
        body=event.body,
        create_time=time_to(event.time_ms),
        principal=event.principal,
        method=event.method,
        request_id=event.request_id,
    )


def type_to(info: TypeInfo) -> pb.ObjectType:
    """Return the message of one exported schema."""
    return pb.ObjectType(
        name=info.name,
        doc=info.doc,
        state_version=info.state_version,
        state_schema=_json(info.state),
        indexed_fields=info.indexed,
        methods=[_method_to(method) for method in info.methods],
        service=info.service,
    )


def _method_to(method: MethodInfo) -> pb.ObjectMethod:
    return pb.ObjectMethod(
        name=method.name,
        kind=_KINDS[method.kind],
        doc=method.doc,
        params_schema=_json(method.params),
        returns_schema=_json(method.returns),
    )


def page_size_from(asked: int) -> int:
    """Return a page size; what is above the host's bound, it cuts."""
    return asked if asked > 0 else PAGE_DEFAULT


def _json(schema: dict[str, object]) -> str:
    return msgspec.json.encode(schema).decode()
