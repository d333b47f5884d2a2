"""What no turn should see is refused at the host's edge, with the field that is wrong."""

import hashlib

from aidevos.core.call import PAYLOAD_BYTES_MAX, REMEMBER_MS_MAX, REQUEST_ID_MAX, Call, CallId
from aidevos.core.errors import InvalidArgumentError


def check(call: Call, *, change: bool, now_ms: int) -> None:
    """Raise InvalidArgumentError unless the call is within the platform's bounds."""
    if len(call.payload) > PAYLOAD_BYTES_MAX:
        raise InvalidArgumentError(
            f"payload has {len(call.payload)} bytes, at most {PAYLOAD_BYTES_MAX} are taken",
            field="payload",
        )
    if change:
        _check_id(call.id or CallId(""), now_ms)


def _check_id(id: CallId, now_ms: int) -> None:
    if not (1 <= len(id.session) <= REQUEST_ID_MAX):
        raise InvalidArgumentError(
            f"a change needs a request_id of 1 to {REQUEST_ID_MAX} characters", field="request_id"
        )
    if not (id.session.isascii() and id.session.isprintable()):
        raise InvalidArgumentError(
            "request_id takes printable ASCII characters only", field="request_id"
        )
    if id.expires_at_ms is not None and id.expires_at_ms - now_ms > REMEMBER_MS_MAX:
        raise InvalidArgumentError(
            "expires_at is more than 24 hours ahead; no call is remembered longer",
            field="expires_at",
        )


def digest(call: Call) -> bytes:
    """Return what a repeat of `call` must match: object, method and payload."""
    named = f"{call.object.type} {call.object.key} {call.method} ".encode()
    return hashlib.blake2b(named + call.payload, digest_size=16).digest()
