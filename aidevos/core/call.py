"""A call and its answer as they pass from door to host to turn. Pure values.

Data flows one way: door -> router -> host -> turn -> log -> gate -> reply.
"""

import msgspec

from aidevos.core.errors import ErrorRecord
from aidevos.core.ids import ObjectId

PAYLOAD_BYTES_MAX = 1 << 20
REQUEST_ID_MAX = 128
REMEMBER_MS_DEFAULT = 600_000
"""How long (log_time) a request_id without `expires_at` is remembered: 10 minutes."""
REMEMBER_MS_MAX = 86_400_000
"""How far ahead `expires_at` may be: 24 hours."""


class CallId(msgspec.Struct, frozen=True, array_like=True):
    """A request_id, under which a change is applied at most once (PROTOCOL.md section 7).

    It is a session of one call. Scope: (tenant, principal, session). `expires_at_ms` (log_time,
    Unix ms) is part of the call and never changes on a retry; None means remembered for
    `REMEMBER_MS_DEFAULT`.
    """

    session: str
    expires_at_ms: int | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One command or query for one object. `payload` is a JSON object of named arguments."""

    object: ObjectId
    method: str
    payload: bytes = b"{}"
    principal: str = "anonymous"
    id: CallId | None = None
    """Set for every change; a door that got none from its client makes a fresh one."""
    expected_version: int | None = None
    deadline_ms: int | None = None
    """Host-monotonic ms. Past it before the turn begins: DEADLINE_EXCEEDED, not applied."""
    traceparent: str = ""
    must_exist: bool = False
    """Refuse with NOT_FOUND, changing nothing, if the object was never made or is deleted."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a call came to: a JSON `payload`, or an `error` (then the payload is empty)."""

    version: int
    payload: bytes = b"null"
    error: ErrorRecord | None = None
    repeated: bool = False
    """True when this is the recorded answer of an earlier copy of the call."""
