"""Frames of sessions.proto <-> the columns of the port. Pure translation, columns at a time.

Refused with the field named is only what no client that keeps to the rules could send; what is
wrong with one call is the host's to say, in that call's own answer.
"""

from itertools import chain

from aidevos.core.call import REQUEST_ID_MAX
from aidevos.core.errors import AidevosError, ErrorRecord, InvalidArgumentError
from aidevos.core.ids import object_id
from aidevos.doors.grpc_serving import Caller
from aidevos.doors.port import CallColumns, SessionName
from aidevos.runtime.status import MESSAGE_CHARS_MAX
from aidevos.v1 import sessions_pb2 as pb
from aidevos.v1.errors_pb2 import Reason

CALLS_MAX = 256
"""Calls of a frame, and entries of each of its tables."""
ANY_VERSION = -1
NUMBER_MAX = (1 << 63) - 1
TENANT = "default"
VIOLATIONS_MAX = 64
_REASONS = {name.removeprefix("REASON_"): number for name, number in Reason.items()}


def open_from(request: pb.SessionRequest, caller: Caller) -> tuple[SessionName, int]:
    """Return the session that a first frame names, and the highest number it sent before."""
    if request.WhichOneof("frame") != "open":
        raise InvalidArgumentError("the first frame must be `open`", field="open")
    opened = request.open
    name, tenant = opened.session_id, opened.tenant or TENANT
    if not (1 <= len(name) <= REQUEST_ID_MAX and name.isascii() and name.isprintable()):
        raise InvalidArgumentError(
            f"session_id: 1 to {REQUEST_ID_MAX} printable ASCII characters", field="session_id"
        )
    if not opened.HasField("expires_at") or opened.expires_at.seconds <= 0:
        raise InvalidArgumentError("a session needs a time when it ends", field="expires_at")
    if opened.sent_number > NUMBER_MAX:
        raise InvalidArgumentError(f"sent_number is above {NUMBER_MAX}", field="sent_number")
    object_id(tenant, "A", "a")  # Refuses a tenant that no object can have.
    expires_ms = opened.expires_at.seconds * 1_000 + opened.expires_at.nanos // 1_000_000
    return SessionName(tenant, caller.principal, name, expires_ms), opened.sent_number


def columns_from(frame: pb.CallFrame, now_ms: int) -> CallColumns:
    """Return a frame's columns; `now_ms` is the host's monotonic time. InvalidArgumentError."""
    numbers, methods = frame.numbers[:], frame.methods[:]
    count = len(numbers)
    objects = _objects(frame.object_types[:], frame.keys[:])
    if numbers and not (count <= CALLS_MAX and min(numbers) > 0 and max(numbers) <= NUMBER_MAX):
        raise InvalidArgumentError(
            f"numbers: at most {CALLS_MAX} in a frame, each from 1 to {NUMBER_MAX}",
            field="numbers",
        )
    timeouts = _optional("timeouts_ms", frame.timeouts_ms[:], count)
    expected = _optional("expected_versions", frame.expected_versions[:], count)
    if expected and min(expected) < ANY_VERSION:
        raise InvalidArgumentError(
            f"expected_versions: a version, or {ANY_VERSION} for any", field="expected_versions"
        )
    return CallColumns(
        mark=frame.answered_number,
        numbers=numbers,
        objects=objects,
        methods=methods,
        object_index=_index("object_index", frame.object_index[:], count, len(objects)),
        method_index=_index("method_index", frame.method_index[:], count, len(methods)),
        payloads=_payloads(frame.payloads, frame.payload_ends[:], count),
        expected_versions=expected,
        deadlines_ms=[now_ms + left if left else 0 for left in timeouts],
        traceparent=frame.traceparent,
    )


def torn() -> InvalidArgumentError:
    """Return the refusal of bytes that are no frame."""
    return InvalidArgumentError("the bytes are no frame of sessions.proto", field="frame")


def error_to(index: int, error: AidevosError | ErrorRecord, *, final: bool) -> pb.CallError:
    """Return the message of one call's refusal, cut to what a reader can use."""
    return pb.CallError(
        index=index,
        reason=_REASONS.get(error.reason, _REASONS["INTERNAL"]),
        message=error.message[:MESSAGE_CHARS_MAX],
        violations=[
            pb.FieldViolation(
                field=wrong.field, reason=wrong.reason, detail=wrong.detail[:MESSAGE_CHARS_MAX]
            )
            for wrong in error.violations[:VIOLATIONS_MAX]
        ],
        metadata=error.metadata,
        is_final=final,
    )


def _objects(types: list[str], keys: list[str]) -> list[tuple[str, str]]:
    if len(types) != len(keys) or len(keys) > CALLS_MAX:
        raise InvalidArgumentError(
            f"keys: as many as object_types, at most {CALLS_MAX}", field="keys"
        )
    return list(zip(types, keys, strict=True))


def _index(field: str, column: list[int], count: int, size: int) -> list[int]:
    if len(column) != count:
        raise _uneven(field, column, count)
    if size > CALLS_MAX or (column and max(column) >= size):
        raise InvalidArgumentError(
            f"{field}: a place in a table of at most {CALLS_MAX}; this one has {size}", field=field
        )
    return column


def _optional(field: str, column: list[int], count: int) -> list[int]:
    if column and len(column) != count:
        raise _uneven(field, column, count)
    return column


def _payloads(data: bytes, ends: list[int], count: int) -> list[bytes]:
    if len(ends) != count:
        raise _uneven("payload_ends", ends, count)
    if (ends[-1] if ends else 0) != len(data) or ends != sorted(ends):
        raise InvalidArgumentError(
            f"payload_ends: never falling, the last is the length of payloads, {len(data)}",
            field="payload_ends",
        )
    return [data[start:end] for start, end in zip(chain((0,), ends), ends, strict=False)]


def _uneven(field: str, column: list[int], count: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{field} has {len(column)} entries for {count} calls: one per call", field=field
    )
