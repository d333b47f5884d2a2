"""Messages of objects.proto <-> the values that a client's user sees (doors/port)."""

from collections.abc import Mapping

from aidevos.core.call import Answer
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Scalar
from aidevos.doors.grpc_scalars import scalar_from, scalar_to
from aidevos.doors.port import ObjectView, StoredEvent
from aidevos.v1 import objects_pb2 as pb


def answer_from(response: pb.InvokeResponse) -> Answer:
    """Return an answer."""
    return Answer(version=response.version, payload=response.payload, repeated=response.is_repeat)


def view_from(found: pb.Object) -> ObjectView:
    """Return one object."""
    return ObjectView(
        object=ObjectId(found.tenant, found.object_type, found.key),
        version=found.version,
        created_ms=found.create_time.ToMilliseconds(),
        updated_ms=found.update_time.ToMilliseconds(),
        state=found.state,
        index={name: scalar_from(value) for name, value in found.index.items()},
    )


def event_from(event: pb.ObjectEvent) -> StoredEvent:
    """Return one event."""
    return StoredEvent(
        sequence=event.sequence,
        type=event.event_type,
        type_version=event.event_type_version,
        body=event.body,
        time_ms=event.create_time.ToMilliseconds(),
        principal=event.principal,
        method=event.method,
        request_id=event.request_id,
    )


def scalars_to(values: Mapping[str, Scalar]) -> dict[str, pb.Scalar]:
    """Return the messages of a map of JSON scalars."""
    return {name: scalar_to(value) for name, value in values.items()}
