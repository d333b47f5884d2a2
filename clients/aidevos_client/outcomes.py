"""What a refusal or a silence means for one framed call. Pure.

A call is in doubt once a copy of it was lost sight of (its stream broke, or its shard moved). What
the platform says of a later copy then tells nothing about the first: its outcome is unknown.
"""

from aidevos.core.errors import AidevosError, OutcomeUnknownError, UnavailableError
from aidevos_client.pending import PendingCall

MOVES_MAX = 3
"""Sessions that one call may find expired."""


def worth_another_stream(error: AidevosError) -> bool:
    """Whether a stream that ended with `error` may be opened again."""
    return error.retryable or error.reason == "INTERNAL"


def may_move(call: PendingCall, error: AidevosError) -> bool:
    """Whether a call may be sent in another session: surely not applied in this one."""
    return error.reason == "EXPIRED" and not call.doubtful and call.attempts < MOVES_MAX


def judged(call: PendingCall, error: AidevosError) -> AidevosError:
    """Return what a caller is told when the platform refused the last copy with `error`."""
    vague = error.retryable or error.reason in ("EXPIRED", "DEADLINE_EXCEEDED")
    if call.doubtful and vague:
        return _unknown(f"an earlier copy of the call may be applied; the last one: {error}")
    return again(error)


def silent(call: PendingCall, why: AidevosError | None) -> AidevosError:
    """Return what a caller is told whose patience ended; `why` ended the last stream."""
    cause = f": {why.message}" if why is not None else ""
    if call.flying or call.doubtful:
        return _unknown(f"no answer came in time{cause}")
    return UnavailableError(f"the call could not be sent in time, nothing was applied{cause}")


def again(error: AidevosError) -> AidevosError:
    """Return a copy of `error`: each caller raises one of its own."""
    return AidevosError.from_record(error.to_record())


def _unknown(what: str) -> AidevosError:
    return OutcomeUnknownError(
        f"{what}; it is applied at most once. To be able to ask again, give calls a request_id"
    )
