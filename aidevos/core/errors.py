"""Every expected error of AIDevOS: a reason for programs, a sentence for people.

AidevosError
|-- InvalidArgumentError      the request is wrong; a field is named
|-- NotFoundError             the object, type, method or route is not there
|-- AlreadyExistsError        uniqueness, or a request_id used again with another payload
|-- FailedPreconditionError   the state forbids it (also: a limit of the model is reached)
|   `-- VersionConflictError  expected_version is not the current version
|-- PermissionDeniedError     you may not
|-- UnauthenticatedError      who are you
|-- ResourceExhaustedError    overload or a bound of the platform; retry after a pause
|-- UnavailableError          not here, not now; retry with the same request_id
|   `-- OutcomeUnknownError   perhaps applied; retry with the same request_id
|-- ExpiredError              surely not applied, and never will be
|-- AlreadyAnsweredError      at or below the session's low-water mark
|-- DeadlineExceededError     the deadline passed before the turn began
|-- UnimplementedError        specified, not built here
|   `-- ServiceRemovedError   it was served once; a newer version or nothing is now
|-- UpgradeRequiredError      written by newer code
|-- HandlerFailedError        a bug in a handler: nothing of the turn was kept
`-- DataLossError             the log contradicts itself: the shard stops

`reason` is a name of the proto enum `Reason` without its prefix. gRPC codes live in
`runtime/status.py` alone. Bugs are assertions, never an AidevosError.
"""

from typing import ClassVar, Self

import msgspec


class Violation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wrong field: its name, a reason for programs, a sentence for people."""

    field: str
    reason: str
    detail: str


class ErrorRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error as it is stored in the log and sent between processes."""

    reason: str
    message: str
    violations: tuple[Violation, ...] = ()
    metadata: dict[str, str] = {}


class AidevosError(Exception):
    """Base of expected errors. `message` says what, why and what to do next."""

    reason: ClassVar[str] = "INTERNAL"
    retryable: ClassVar[bool] = False
    by_reason: ClassVar[dict[str, type["AidevosError"]]] = {}

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        violations: tuple[Violation, ...] = (),
        **metadata: object,
    ) -> None:
        """Say what is wrong; `field` names the one wrong field, `violations` several."""
        super().__init__(message)
        self.message = message
        if field is not None:
            violations = (*violations, Violation(field, self.reason, message))
        self.violations = violations
        self.metadata = {name: str(value) for name, value in metadata.items()}

    def __init_subclass__(cls) -> None:
        """Enter the class into the table from reason to class."""
        AidevosError.by_reason.setdefault(cls.reason, cls)

    def to_record(self) -> ErrorRecord:
        """Return what is stored and sent."""
        return ErrorRecord(self.reason, self.message, self.violations, self.metadata)

    @staticmethod
    def from_record(record: ErrorRecord) -> "AidevosError":
        """Return the error of `record`; an unknown reason gives a plain AidevosError."""
        kind = AidevosError.by_reason.get(record.reason, AidevosError)
        error = kind.__new__(kind)
        AidevosError.__init__(error, record.message, violations=record.violations)
        error.metadata = dict(record.metadata)
        return error

    def with_metadata(self, **metadata: object) -> Self:
        """Add facts for programs and return the same error."""
        self.metadata.update({name: str(value) for name, value in metadata.items()})
        return self


class InvalidArgumentError(AidevosError):
    """The request is wrong whatever the state is."""

    reason = "INVALID_ARGUMENT"


class NotFoundError(AidevosError):
    """The object, type, method, page or route is not there."""

    reason = "NOT_FOUND"


class AlreadyExistsError(AidevosError):
    """A value that must be unique is taken, or a request_id came with another payload."""

    reason = "ALREADY_EXISTS"


class FailedPreconditionError(AidevosError):
    """The state, a guard or a limit of the model forbids it now."""

    reason = "FAILED_PRECONDITION"


class VersionConflictError(FailedPreconditionError):
    """The expected version is not the current one."""

    reason = "VERSION_CONFLICT"


class PermissionDeniedError(AidevosError):
    """The caller is known and may not do this."""

    reason = "PERMISSION_DENIED"


class UnauthenticatedError(AidevosError):
    """The caller did not say who it is."""

    reason = "UNAUTHENTICATED"


class ResourceExhaustedError(AidevosError):
    """A bound of the platform is reached; metadata `retry_after_ms` says when to try again."""

    reason = "RESOURCE_EXHAUSTED"
    retryable = True


class UnavailableError(AidevosError):
    """Not here or not now; nothing was applied by this attempt."""

    reason = "UNAVAILABLE"
    retryable = True


class OutcomeUnknownError(UnavailableError):
    """Perhaps applied. Retry with the same request_id: it is applied at most once."""

    reason = "OUTCOME_UNKNOWN"


class ExpiredError(AidevosError):
    """The call's expires_at has passed: surely not applied, and never will be."""

    reason = "EXPIRED"


class AlreadyAnsweredError(AidevosError):
    """The call's number is at or below its session's low-water mark."""

    reason = "ALREADY_ANSWERED"


class DeadlineExceededError(AidevosError):
    """The deadline passed before the turn began: not applied."""

    reason = "DEADLINE_EXCEEDED"


class UnimplementedError(AidevosError):
    """Specified, but not built here; the message says what to use instead."""

    reason = "UNIMPLEMENTED"


class ServiceRemovedError(UnimplementedError):
    """The service or rpc was served once; the message says what is served instead."""

    reason = "SERVICE_REMOVED"


class UpgradeRequiredError(AidevosError):
    """The object was written by newer code than runs here."""

    reason = "UPGRADE_REQUIRED"


class HandlerFailedError(AidevosError):
    """A handler raised something unexpected, hung or died. Nothing of its turn was kept."""

    reason = "HANDLER_FAILED"


class DataLossError(AidevosError):
    """The log contradicts itself: the shard stops and never guesses."""

    reason = "DATA_LOSS"
