"""What a turn comes to when it is not simply well, and how its reply is written."""

import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from aidevos.core import codec
from aidevos.core.errors import (
    AidevosError,
    ErrorRecord,
    HandlerFailedError,
    NotFoundError,
    UpgradeRequiredError,
    VersionConflictError,
)
from aidevos.core.ids import ObjectId
from aidevos.core.turn import EventRecord, Scalar, TurnResult, changes_to
from aidevos.objects.bugs import MisuseError
from aidevos.objects.target import Target
from aidevos.objects.turn import LoadFailedError, failed
from aidevos.objects.unit import EventRow, Unit

Ran = tuple[int, bytes, Sequence[EventRow], dict[str, Scalar]]
"""A turn that is well and changed its own object alone: version, reply, events, index."""

LOST = TurnResult(outcome="lost")
NO_INDEX: dict[str, Scalar] = {}
"""Shared; nobody changes it."""

_BUGS = (UpgradeRequiredError, HandlerFailedError)
_to_json = msgspec.json.Encoder().encode


def reply_of(target: Target, value: Any) -> bytes:
    """Return the reply as JSON; MisuseError if it is none, or too large."""
    try:
        reply = _to_json(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise MisuseError(
            f"{target.where}: the reply cannot be written as JSON: {error}"
        ) from error
    if len(reply) > target.reply_max:
        raise MisuseError(
            f"{target.where}: the reply has {len(reply)} bytes, at most {target.reply_max}"
        )
    return reply


def refusal(unit: Unit, guard: tuple[int | None, bool]) -> AidevosError | None:
    """Return the platform's own no that depends on the state; it is recorded like a handler's."""
    expected, must_exist = guard
    if must_exist and not unit.entry.exists:
        return NotFoundError(f"{unit.object} is not there", field="key")
    if expected is not None and expected != unit.entry.version:
        return VersionConflictError(
            f"{unit.object} is at version {unit.entry.version}, not {expected}: read it again",
            expected=expected,
            actual=unit.entry.version,
        )
    return None


def no_type(type_name: str) -> NotFoundError:
    """Return the refusal of a call of no type of the service."""
    return NotFoundError(f"{type_name} is not a type of this service", field="object_type")


def no_method(type_name: str, method: str, known: Iterable[str]) -> NotFoundError:
    """Return the refusal of a call of no method of the type."""
    return NotFoundError(
        f"{type_name} has no method {method}; it has: {', '.join(known)}", field="method"
    )


def refuses(error: BaseException) -> bool:
    """Whether what a handler raised is its no, and not a bug or the platform's trouble."""
    return isinstance(error, AidevosError) and not isinstance(error, _BUGS)


def refused(where: str, error: BaseException, unit: Unit) -> TurnResult:
    """Return the handler's no. MisuseError if it cannot be stored, which every no is."""
    assert isinstance(error, AidevosError), error
    record = error.to_record()
    try:  # It is stored, and read again by every takeover: prove that it can be.
        codec.decode(codec.encode(record), ErrorRecord)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as wrong:
        raise MisuseError(f"{where} refused with what is no text: {wrong}") from wrong
    return TurnResult(outcome="refused", version=unit.entry.version, error=record)


def failed_by(where: str, error: BaseException, report: Callable[[str, str], None]) -> TurnResult:
    """Return how a turn failed; called where the error is caught, for its traceback."""
    if isinstance(error, LoadFailedError):
        told = error.error
    elif isinstance(error, AidevosError):
        told = error
    elif isinstance(error, MisuseError):
        report(where, traceback.format_exc())
        told = HandlerFailedError(f"{error}; nothing was changed")
    else:  # Boundary: any bug of a handler ends its own turn and nothing else.
        report(where, traceback.format_exc(limit=-20))
        told = failed(where)
    return TurnResult(outcome="failed", error=told.to_record())


def result_of(object: ObjectId, ran: Ran | TurnResult) -> TurnResult:
    """Return what a turn of `object` came to in full."""
    if isinstance(ran, TurnResult):
        return ran
    version, reply, events, index = ran
    rows = tuple(EventRecord(*row) for row in events)
    changes = changes_to(object, version, rows, index)
    return TurnResult(outcome="ok", version=version, reply=reply, changes=changes)
