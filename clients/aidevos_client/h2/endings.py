"""How a stream ended, as gRPC's status: from trailers, HTTP errors, resets, broken rules."""

from urllib.parse import unquote_to_bytes

import msgspec

from aidevos.doors.h2.faults import CallFault, Code, ConnectionFault
from aidevos.doors.h2.status import (
    CANCELLED,
    INTERNAL,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
    UNKNOWN,
    Field,
    binary,
)

_UNIMPLEMENTED, _UNAUTHENTICATED, _PERMISSION_DENIED = 12, 16, 7
_HTTP = {
    b"400": INTERNAL,
    b"401": _UNAUTHENTICATED,
    b"403": _PERMISSION_DENIED,
    b"404": _UNIMPLEMENTED,
    b"429": UNAVAILABLE,
    b"502": UNAVAILABLE,
    b"503": UNAVAILABLE,
    b"504": UNAVAILABLE,
}
"""gRPC's table for answers that carry no status of its own."""
_RESETS: dict[int, int] = {
    Code.REFUSED_STREAM: UNAVAILABLE,
    Code.CANCEL: CANCELLED,
    Code.ENHANCE_YOUR_CALM: RESOURCE_EXHAUSTED,
}
"""gRPC's table for RST_STREAM; other codes are INTERNAL."""
_TEXT_MAX = 1_000
ANOTHER_PROTOCOL = "this port speaks HTTP/1; is it the gRPC address?"


class Ending(msgspec.Struct, frozen=True):
    """What a stream came to."""

    code: int
    """gRPC's, 0 for success."""
    message: str = ""
    details: bytes = b""
    """The serialised google.rpc.Status, empty if there is none."""


def informational(fields: list[Field]) -> bool:
    """Whether a head only announces another: 1xx."""
    return dict(fields).get(b":status", b"").startswith(b"1")


def of_head(fields: list[Field]) -> Ending | None:
    """Return why a head begins no answer of gRPC, None if it does."""
    found = dict(fields)
    status = found.get(b":status", b"")
    if status == b"200" and found.get(b"content-type", b"").startswith(b"application/grpc"):
        return None
    return Ending(_HTTP.get(status, UNKNOWN), f"HTTP status {_text(status)!r} and no gRPC answer")


def of_trailers(fields: list[Field]) -> Ending:
    """Return the status in trailers, or in a head that is all there is."""
    found = dict(fields)
    code = found.get(b"grpc-status")
    if code is None:
        return of_head(fields) or Ending(UNKNOWN, "the stream ended without a status")
    if not code.isdigit() or len(code) > 3:
        return Ending(UNKNOWN, f"grpc-status {_text(code)!r} is no number")
    message = unquote_to_bytes(found.get(b"grpc-message", b"")).decode("utf-8", "replace")
    return Ending(int(code), message, _details(found.get(b"grpc-status-details-bin", b"")))


def of_reset(code: int) -> Ending:
    """Return what RST_STREAM with `code` means."""
    return Ending(_RESETS.get(code, INTERNAL), f"the server reset the stream, code {code}")


def of_fault(fault: ConnectionFault | CallFault) -> Ending:
    """Return what a rule that the server broke means."""
    if isinstance(fault, CallFault):
        return Ending(fault.status, fault.message)
    return Ending(UNAVAILABLE, f"the server does not keep to HTTP/2: {fault.why}")


def of_another_protocol() -> Ending:
    """Return what it means that the first bytes are an answer of HTTP/1."""
    return Ending(UNAVAILABLE, ANOTHER_PROTOCOL)


def lost(why: str) -> Ending:
    """Return what it means that the connection is gone."""
    return Ending(UNAVAILABLE, f"the connection was lost: {why}"[:_TEXT_MAX])


def _details(value: bytes) -> bytes:
    try:
        return binary(value)
    except CallFault:
        return b""  # The status itself is whole.


def _text(value: bytes) -> str:
    return value[:_TEXT_MAX].decode("latin-1")
