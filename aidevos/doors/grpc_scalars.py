"""JSON scalars and times as messages and back: shared by the door and the Python client."""

from google.protobuf.timestamp_pb2 import Timestamp

from aidevos.core.turn import Scalar
from aidevos.v1 import objects_pb2 as pb

_INT64 = range(-(1 << 63), 1 << 63)


def scalar_to(value: Scalar) -> pb.Scalar:
    """Return the message of a JSON scalar; a whole number beyond 64 bits becomes a double."""
    match value:
        case None:
            return pb.Scalar()
        case bool():
            return pb.Scalar(flag=value)
        case str():
            return pb.Scalar(text=value)
        case int() if value in _INT64:
            return pb.Scalar(integer=value)
        case _:
            return pb.Scalar(number=value)


def scalar_from(value: pb.Scalar) -> Scalar:
    """Return the JSON scalar of a message; one without a kind is null."""
    kind = value.WhichOneof("kind")
    found: Scalar = None if kind is None else getattr(value, kind)
    return found


def time_to(unix_ms: int) -> Timestamp:
    """Return the timestamp of Unix milliseconds."""
    return Timestamp(seconds=unix_ms // 1_000, nanos=unix_ms % 1_000 * 1_000_000)
