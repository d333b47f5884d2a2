"""Runs turns of one service's types and says what they came to. Never raises for a handler."""

import traceback
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from aidevos.core import codec
from aidevos.core.errors import (
    AidevosError,
    ErrorRecord,
    HandlerFailedError,
    NotFoundError,
    UpgradeRequiredError,
)
from aidevos.core.ids import ObjectId
from aidevos.core.record import RECORD_BYTES_MAX
from aidevos.core.turn import Changed, Held, TurnRequest, TurnResult, TypeInfo
from aidevos.objects.activations import Activations
from aidevos.objects.bugs import MisuseError
from aidevos.objects.definition import Definition, definitions_of
from aidevos.objects.methods import Method
from aidevos.objects.object import DurableObject
from aidevos.objects.turn import Loader, LoadFailedError, Turn, Unit, failed, fold_state

QUERY_BYTES_MAX = 16 << 20
"""Largest reply of a query, which is not kept: a list of all things, for example."""
STATE_BYTES_MAX = 8 << 20
"""Largest encoded state of one object that a turn may leave."""

Report = Callable[[str, str], None]
"""Told `Type.method` and the traceback of a handler that failed; for the operator alone."""


class Runner:
    """Types of one service, ready to run turns."""

    def __init__(self, types: Iterable[type[DurableObject]], report: Report) -> None:
        """Take the classes; DefinitionError if two have one name."""
        self._definitions = definitions_of(types)
        self._activations = Activations()
        self._report = report
        self.types: tuple[TypeInfo, ...] = tuple(d.info for d in self._definitions.values())

    def run(self, request: TurnRequest, loader: Loader) -> TurnResult:
        """Run one turn: ok, refused (the handler's own no) or failed (nothing of it is kept)."""
        where = f"{request.object.type}.{request.method}"
        turn = Turn(self._definitions, request, loader, self._activations.instance)
        try:
            result = self._answer(where, turn)
        except LoadFailedError as failure:
            result = _failed(failure.error)
        except MisuseError as error:
            self._report(where, traceback.format_exc())
            result = _failed(HandlerFailedError(f"{error}; nothing was changed"))
        except (Exception, SystemExit, KeyboardInterrupt):
            # Boundary: any bug of a handler ends its own turn and nothing else.
            self._report(where, traceback.format_exc(limit=-20))
            result = _failed(failed(where))
        if result.outcome == "ok":
            self._activations.keep(turn.units.values())
        else:
            self._activations.drop(turn.units)
        return result

    def fold(self, object: ObjectId, held: Held) -> Held:
        """Return `held` with its events in the state. Raises UpgradeRequired or HandlerFailed."""
        definition = self._definition(object)
        try:
            state = fold_state(definition, held)
        except AidevosError:
            raise
        except Exception as error:  # Boundary: as in `run`.
            self._report(f"{object.type}.fold", traceback.format_exc(limit=-20))
            raise failed(f"folding the events of {object}") from error
        return Held(
            version=held.version,
            state=codec.to_json(state),
            state_version=definition.state.schema_version,
            deleted=held.deleted,
        )

    def close(self) -> None:
        """Let every activated object leave memory."""
        self._activations.close()

    def _answer(self, where: str, turn: Turn) -> TurnResult:
        try:
            return self._run(turn)
        except AidevosError as error:
            return _refused(where, error)

    def _run(self, turn: Turn) -> TurnResult:
        request = turn.request
        definition = self._definition(request.object)
        method = definition.methods.get(request.method)
        if method is None:
            known = ", ".join(definition.methods)
            raise NotFoundError(
                f"{definition.name} has no method {request.method}; it has: {known}",
                field="method",
            )
        arguments = method.decode(request.payload)
        unit = _begin(turn)
        turn.writing = method.kind == "command"
        if turn.writing and not unit.exists:
            turn.begin_life(unit)
        value = method.call(unit.instance, arguments)
        if turn.refusal is not None:
            raise turn.refusal
        turn.writing = False
        reply = _reply(method, value)
        changes = turn.changes()
        _check_size(method.where, reply, changes)
        return TurnResult(outcome="ok", reply=reply, changes=changes)

    def _definition(self, object: ObjectId) -> Definition:
        definition = self._definitions.get(object.type)
        if definition is None:
            raise NotFoundError(f"{object.type} is not a type of this service", field="object_type")
        return definition


def _begin(turn: Turn) -> Unit:
    """Bind the called object; what cannot be read is no refusal of the handler."""
    try:
        return turn.begin()
    except (UpgradeRequiredError, HandlerFailedError) as error:
        raise LoadFailedError(error) from error


def _reply(method: Method, value: Any) -> bytes:
    try:
        reply = codec.to_json(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise MisuseError(
            f"{method.where}: the reply cannot be written as JSON: {error}"
        ) from error
    most = QUERY_BYTES_MAX if method.kind == "query" else RECORD_BYTES_MAX
    if len(reply) > most:
        raise MisuseError(f"{method.where}: the reply has {len(reply)} bytes, at most {most}")
    return reply


def _check_size(where: str, reply: bytes, changes: tuple[Changed, ...]) -> None:
    size = len(reply) + sum(len(event.body) for change in changes for event in change.events)
    if changes and size > RECORD_BYTES_MAX:
        raise MisuseError(
            f"{where}: reply and events have {size} bytes, at most {RECORD_BYTES_MAX} are kept"
        )
    for change in changes:
        if len(change.state) > STATE_BYTES_MAX:
            raise MisuseError(
                f"{where}: the state of {change.object} has {len(change.state)} bytes, at most "
                f"{STATE_BYTES_MAX} are kept; spread it over several objects"
            )


def _refused(where: str, error: AidevosError) -> TurnResult:
    if isinstance(error, UpgradeRequiredError | HandlerFailedError):
        return _failed(error)
    record = error.to_record()
    try:  # It is stored, and read again by every takeover: prove that it can be.
        codec.decode(codec.encode(record), ErrorRecord)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as wrong:
        raise MisuseError(f"{where} refused with what is no text: {wrong}") from wrong
    return TurnResult(outcome="refused", error=record)


def _failed(error: AidevosError) -> TurnResult:
    return TurnResult(outcome="failed", error=error.to_record())
