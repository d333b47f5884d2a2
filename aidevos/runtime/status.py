"""AidevosError <-> gRPC status: the only place that knows gRPC codes.

A status carries google.rpc details in `grpc-status-details-bin`: ErrorInfo (reason, domain
"aidevos", metadata), BadRequest (one entry per wrong field), RetryInfo (`retry_after_ms`).
"""

from collections.abc import Iterable

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from aidevos.core.errors import AidevosError, ErrorRecord, Violation

DOMAIN = "aidevos"
DETAILS = "grpc-status-details-bin"
RETRY_AFTER = "retry_after_ms"
METADATA_BYTES_MAX = 6_000
"""Bound of the details: gRPC refuses trailers above 8 KiB, and then all of them are lost."""
MESSAGE_CHARS_MAX = 1_000

_Code = grpc.StatusCode
CODES = {
    "INTERNAL": _Code.INTERNAL,
    "INVALID_ARGUMENT": _Code.INVALID_ARGUMENT,
    "NOT_FOUND": _Code.NOT_FOUND,
    "ALREADY_EXISTS": _Code.ALREADY_EXISTS,
    "FAILED_PRECONDITION": _Code.FAILED_PRECONDITION,
    "VERSION_CONFLICT": _Code.ABORTED,
    "PERMISSION_DENIED": _Code.PERMISSION_DENIED,
    "UNAUTHENTICATED": _Code.UNAUTHENTICATED,
    "RESOURCE_EXHAUSTED": _Code.RESOURCE_EXHAUSTED,
    "UNAVAILABLE": _Code.UNAVAILABLE,
    "OUTCOME_UNKNOWN": _Code.UNAVAILABLE,
    "EXPIRED": _Code.FAILED_PRECONDITION,
    "ALREADY_ANSWERED": _Code.FAILED_PRECONDITION,
    "DEADLINE_EXCEEDED": _Code.DEADLINE_EXCEEDED,
    "UNIMPLEMENTED": _Code.UNIMPLEMENTED,
    "SERVICE_REMOVED": _Code.UNIMPLEMENTED,
    "UPGRADE_REQUIRED": _Code.FAILED_PRECONDITION,
    "HANDLER_FAILED": _Code.INTERNAL,
    "DATA_LOSS": _Code.DATA_LOSS,
}
"""Each reason's gRPC code; the table stands also in proto/aidevos/v1/errors.proto."""

_REASONS = {
    _Code.INVALID_ARGUMENT: "INVALID_ARGUMENT",
    _Code.NOT_FOUND: "NOT_FOUND",
    _Code.ALREADY_EXISTS: "ALREADY_EXISTS",
    _Code.FAILED_PRECONDITION: "FAILED_PRECONDITION",
    _Code.PERMISSION_DENIED: "PERMISSION_DENIED",
    _Code.UNAUTHENTICATED: "UNAUTHENTICATED",
    _Code.RESOURCE_EXHAUSTED: "RESOURCE_EXHAUSTED",
    _Code.UNIMPLEMENTED: "UNIMPLEMENTED",
    _Code.DATA_LOSS: "DATA_LOSS",
    _Code.UNAVAILABLE: "OUTCOME_UNKNOWN",
    _Code.CANCELLED: "OUTCOME_UNKNOWN",
    _Code.DEADLINE_EXCEEDED: "OUTCOME_UNKNOWN",
}
"""Reasons for statuses without details: those of gRPC itself, or of something in between.

A deadline that passed at the client, or a broken connection, tells nothing about the turn.
"""

_UNSENT = ("failed to connect to all addresses", "errors resolving ", "DNS resolution failed")
"""How gRPC's own texts begin, under UNAVAILABLE, when a call met no connection to go on."""

_BY_NUMBER = {code.value[0]: code for code in _Code}


def code_of(record: ErrorRecord) -> grpc.StatusCode:
    """Return the gRPC code of an error."""
    return CODES.get(record.reason, _Code.INTERNAL)


def to_status(record: ErrorRecord) -> tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]:
    """Return code, message and trailing metadata for `context.abort`."""
    code = code_of(record)
    message = record.message[:MESSAGE_CHARS_MAX]
    status = Status(code=code.value[0], message=message)
    for detail in _details(record):
        packed = Any()
        packed.Pack(detail)
        if status.ByteSize() + packed.ByteSize() > METADATA_BYTES_MAX:
            break
        status.details.append(packed)
    return code, message, ((DETAILS, status.SerializeToString()),)


def _details(record: ErrorRecord) -> Iterable[Message]:
    metadata = {name: value[:500] for name, value in list(record.metadata.items())[:8]}
    yield ErrorInfo(reason=record.reason, domain=DOMAIN, metadata=metadata)
    if pause := retry_after_ms(record):
        retry = RetryInfo()
        retry.retry_delay.FromMilliseconds(pause)
        yield retry
    if record.violations:
        fields = BadRequest.FieldViolation
        yield BadRequest(
            field_violations=[
                fields(field=v.field, reason=v.reason, description=v.detail[:500])
                for v in record.violations[:16]
            ]
        )


def retry_after_ms(record: ErrorRecord) -> int:
    """Return the pause that the error asks for, 0 if it asks for none."""
    text = record.metadata.get(RETRY_AFTER, "")
    return int(text) if text.isdecimal() else 0


def from_rpc_error(error: grpc.RpcError) -> AidevosError:
    """Return the error that a server raised, of the same class, or what a bare status means."""
    call: grpc.Call = error  # type: ignore[assignment]  # every RpcError of a call is one
    trailers: dict[str, object] = dict(call.trailing_metadata() or ())
    details = trailers.get(DETAILS)
    return from_status(
        call.code().value[0], call.details() or "", details if isinstance(details, bytes) else b""
    )


def never_sent(error: grpc.RpcError) -> bool:
    """Whether gRPC gave up before it had a connection: no byte of the call has left us."""
    call: grpc.Call = error  # type: ignore[assignment]  # every RpcError of a call is one
    alone = DETAILS not in dict(call.trailing_metadata() or ())
    return alone and call.code() is _Code.UNAVAILABLE and (call.details() or "").startswith(_UNSENT)


def from_status(code: int, message: str, details: bytes) -> AidevosError:
    """Return the same of a status as it is on the wire; `details` are empty if there are none."""
    try:
        status = Status.FromString(details) if details else None
    except DecodeError:
        status = None
    if status is None:
        return _bare(_BY_NUMBER.get(code, _Code.UNKNOWN), message)
    return AidevosError.from_record(_record(status))


def _record(status: Status) -> ErrorRecord:
    reason, metadata = "INTERNAL", {}
    violations: list[Violation] = []
    for packed in status.details:
        info, bad = ErrorInfo(), BadRequest()
        if packed.Unpack(info):
            reason, metadata = info.reason, dict(info.metadata)
        elif packed.Unpack(bad):
            violations += [
                Violation(v.field, v.reason, v.description) for v in bad.field_violations
            ]
    return ErrorRecord(reason, status.message, tuple(violations), metadata)


def _bare(code: grpc.StatusCode, message: str) -> AidevosError:
    reason = _REASONS.get(code, "INTERNAL")
    if reason == "RESOURCE_EXHAUSTED" and "larger than max" in message:
        reason = "INVALID_ARGUMENT"  # A message above gRPC's bound: no pause makes it smaller.
    return AidevosError.from_record(ErrorRecord(reason, message or f"the call ended with {code}"))
