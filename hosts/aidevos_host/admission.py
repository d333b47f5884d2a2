"""What no turn should see is refused at the host's edge, with the field that is wrong."""

import hashlib

from aidevos.core.call import PAYLOAD_BYTES_MAX, REMEMBER_MS_MAX, REQUEST_ID_MAX, Call, CallId
from aidevos.core.errors import InvalidArgumentError, NotFoundError, ResourceExhaustedError
from aidevos.core.ids import ObjectId
from aidevos_host.catalog import TypeEntry
from aidevos_host.config import HostConfig
from aidevos_host.resident import Resident


def check(call: Call, *, change: bool, now_ms: int) -> None:
    """Raise InvalidArgumentError unless the call is within the platform's bounds."""
    if len(call.payload) > PAYLOAD_BYTES_MAX:
        raise too_large(call.payload)
    if change:
        _check_id(call.id or CallId(""), now_ms)


def too_large(payload: bytes) -> InvalidArgumentError:
    """Return the refusal of arguments that are too long."""
    return InvalidArgumentError(
        f"payload has {len(payload)} bytes, at most {PAYLOAD_BYTES_MAX} are taken",
        field="payload",
    )


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


def digest(object: ObjectId, method: str, payload: bytes) -> bytes:
    """Return what a repeat of a call must match: object, method and payload."""
    named = f"{object.type} {object.key} {method} ".encode()
    return hashlib.blake2b(named + payload, digest_size=16).digest()


def overloaded(resident: Resident, size: int, config: HostConfig) -> None:
    """Raise ResourceExhaustedError if too much waits for the object or its shard already."""
    if resident.running >= config.mailbox_max:
        raise _overloaded(f"{resident.running} calls wait for {resident.object}")
    if resident.shard.mail_bytes + size > config.mailbox_bytes_max:
        raise _overloaded(f"{resident.shard.mail_bytes} bytes of calls wait on its shard")


def no_method(entry: TypeEntry, name: str) -> NotFoundError:
    """Return the refusal of a method that the type does not have."""
    known = ", ".join(method.name for method in entry.info.methods) or "none"
    return NotFoundError(f"{entry.info.name} has no method {name}; it has: {known}", field="method")


def _overloaded(why: str) -> ResourceExhaustedError:
    return ResourceExhaustedError(f"overloaded: {why}; retry after a pause", retry_after_ms=100)
