"""Calls -> the columns of a frame, and refusals from the wire -> errors. Pure translation."""

from aidevos.core.errors import AidevosError, ErrorRecord, Violation
from aidevos.v1 import sessions_pb2 as pb
from aidevos.v1.errors_pb2 import Reason
from aidevos_client.pending import ANY_VERSION, PendingCall

_REASONS = {number: name.removeprefix("REASON_") for name, number in Reason.items()}


def opening(
    session_id: str, expires_at_ms: int, tenant: str, sent_number: int
) -> pb.SessionRequest:
    """Return the first frame of a stream."""
    opened = pb.SessionOpen(session_id=session_id, tenant=tenant, sent_number=sent_number)
    opened.expires_at.FromMilliseconds(expires_at_ms)
    return pb.SessionRequest(open=opened)


def frame_of(calls: list[PendingCall], mark: int, now: float) -> pb.SessionRequest:
    """Return the frame of `calls`; deadlines count from `now`, the loop's time."""
    request = pb.SessionRequest()
    frame = request.calls
    frame.answered_number = mark
    objects: dict[tuple[str, str], int] = {}
    methods: dict[str, int] = {}
    object_index, method_index, ends, size = [], [], [], 0
    for call in calls:
        object_index.append(objects.setdefault(call.address, len(objects)))
        method_index.append(methods.setdefault(call.method, len(methods)))
        size += len(call.payload)
        ends.append(size)
    frame.numbers.extend([call.number for call in calls])
    frame.object_types.extend([address[0] for address in objects])
    frame.keys.extend([address[1] for address in objects])
    frame.methods.extend(methods)
    frame.object_index.extend(object_index)
    frame.method_index.extend(method_index)
    frame.payload_ends.extend(ends)
    frame.payloads = b"".join([call.payload for call in calls])
    _add_optional(frame, calls, now)
    return request


def _add_optional(frame: pb.CallFrame, calls: list[PendingCall], now: float) -> None:
    versions = [call.expected_version for call in calls]
    if max(versions, default=ANY_VERSION) > ANY_VERSION:
        frame.expected_versions.extend(versions)
    if any([call.bounded for call in calls]):
        frame.timeouts_ms.extend(
            max(1, int((call.deadline - now) * 1_000)) if call.bounded else 0 for call in calls
        )


def error_from(error: pb.CallError) -> AidevosError:
    """Return a refusal as the class that the server raised."""
    violations = tuple(Violation(v.field, v.reason, v.detail) for v in error.violations)
    reason = _REASONS.get(error.reason, "INTERNAL")
    return AidevosError.from_record(
        ErrorRecord(reason, error.message, violations, dict(error.metadata))
    )
