"""What a shard refuses calls with. Pure."""

from aidevos.core.errors import (
    AidevosError,
    AlreadyAnsweredError,
    AlreadyExistsError,
    ExpiredError,
    OutcomeUnknownError,
    ResourceExhaustedError,
    UnavailableError,
)


def other_payload() -> AidevosError:
    """Its request_id was used for another call."""
    return AlreadyExistsError(
        "this request_id was used before with another payload; use a new one for a new call",
        field="request_id",
    )


def answered(number: int, mark: int) -> AidevosError:
    """Its client said that it has the answer, which is forgotten."""
    return AlreadyAnsweredError(
        f"call {number} was answered, and its client said so (all up to {mark}): its answer is "
        "forgotten, and it is never applied again",
        field="number",
    )


def given_up() -> AidevosError:
    """It waited with a copy that gave up."""
    return UnavailableError(
        "the copy of this call that would have run had a shorter deadline; not applied: retry",
        retry_after_ms=20,
    )


def too_many(what: str) -> AidevosError:
    """The shard is full of `what`."""
    return ResourceExhaustedError(
        f"the shard is full: too many {what}; retry later", retry_after_ms=1_000
    )


def expired(expires_at_ms: int) -> AidevosError:
    """It came after its end, and was never applied."""
    return ExpiredError(
        f"the call expired at {expires_at_ms} and was not applied; it never will be: "
        "make a new call with a new request_id",
        field="expires_at",
    )


def unknown() -> AidevosError:
    """The shard was lost under it."""
    return OutcomeUnknownError(
        "the shard moved while the call was under way; it may or may not be applied: "
        "retry with the same request_id",
        retry_after_ms=50,
    )
