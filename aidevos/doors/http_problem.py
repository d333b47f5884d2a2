"""What is told over HTTP when something is refused: problems of RFC 9457 with a reason."""

from http import HTTPStatus

import msgspec

from aidevos.core.errors import AidevosError, ErrorRecord, Violation
from aidevos.doors.http_message import BODY_BYTES_MAX, Reply

PROBLEM = "application/problem+json"

STATUS = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "ALREADY_EXISTS": 409,
    "FAILED_PRECONDITION": 409,
    "VERSION_CONFLICT": 409,
    "EXPIRED": 409,
    "ALREADY_ANSWERED": 409,
    "UPGRADE_REQUIRED": 409,
    "RESOURCE_EXHAUSTED": 503,
    "UNAVAILABLE": 503,
    "OUTCOME_UNKNOWN": 503,
    "DEADLINE_EXCEEDED": 504,
    "UNIMPLEMENTED": 501,
    "SERVICE_REMOVED": 501,
}
"""Reason to status; every other reason is 500."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body. `errors` names each wrong field."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    reason: str
    errors: tuple[Violation, ...] = ()


def problem(
    status: int,
    reason: str,
    detail: str,
    errors: tuple[Violation, ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """Return the reply that tells one problem."""
    body = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, reason=reason, errors=errors
    )
    return Reply(status=status, body=msgspec.json.encode(body), type=PROBLEM, headers=headers)


def refusal(error: ErrorRecord, status: int | None = None) -> Reply:
    """Return the reply for an error; `status` overrides the usual one."""
    status = status or STATUS.get(error.reason, 500)
    headers: tuple[tuple[str, str], ...] = ()
    if status == 401:
        headers = (("www-authenticate", "Bearer"),)
    elif status == 503:
        headers = (("retry-after", _seconds(error.metadata.get("retry_after_ms", "1000"))),)
    return problem(status, error.reason, error.message, error.violations, headers)


def raised(error: AidevosError, status: int | None = None) -> Reply:
    """Return the reply for an error that the platform raised."""
    return refusal(error.to_record(), status)


def not_allowed(method: str, allowed: tuple[str, ...]) -> Reply:
    """Return 405 with the methods that there are."""
    allow = ", ".join(allowed)
    return problem(
        405,
        "METHOD_NOT_ALLOWED",
        f"{method} is not offered here; there are: {allow}",
        headers=(("allow", allow),),
    )


def too_large() -> Reply:
    """Return 413; the connection is closed, for the rest of the body is not read."""
    return problem(
        413,
        "RESOURCE_EXHAUSTED",
        f"a body may have at most {BODY_BYTES_MAX} bytes",
        headers=(("connection", "close"),),
    )


def _seconds(ms: str) -> str:
    return str(max(1, -(-int(ms) // 1_000)))
