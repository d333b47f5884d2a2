"""One call on this host: what its executor runs, and what becomes of the result.

A refused turn is recorded like an answer. A failed turn leaves nothing: its error is told, its
identity is forgotten, and a retry runs it again. What the executor says is taken only if it goes on
from what the shard knows; else the object is activated again and the turn runs again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aidevos.core import codec
from aidevos.core.call import Answer
from aidevos.core.errors import (
    AidevosError,
    DeadlineExceededError,
    ErrorRecord,
    HandlerFailedError,
    UnavailableError,
)
from aidevos.core.pending import Pending, Sink
from aidevos.core.record import RECORD_BYTES_MAX, Record
from aidevos.core.turn import GroupReader, TurnRequest, TurnResult

if TYPE_CHECKING:
    from aidevos_host.catalog import Service
    from aidevos_host.engine import Engine
    from aidevos_host.resident import Resident

AGAIN_MAX = 8
"""How often a turn is run again because its executor did not hold the object."""


class HostTurn(Pending):
    """A call between its arrival and its answer (core/turn.Turn)."""

    __slots__ = (
        "again",
        "attempts",
        "deadline_ms",
        "engine",
        "request",
        "resident",
        "sent_at",
        "service",
        "traceparent",
    )

    request: TurnRequest
    """Set when the call is admitted: it has the turn's time."""
    service: Service
    """The version that runs it; set when it is sent."""

    def __init__(self, sink: Sink, number: int, engine: Engine, resident: Resident) -> None:
        """Bind; the rest is the caller's to set before it is admitted."""
        self.sink = sink  # Written out, not asked of the base: this is the hot path.
        self.number = number
        self.session = self.scope = self.expires_at_ms = self.joined = None
        self.payload_hash = b""
        self.batch = 0
        self.engine = engine
        self.resident = resident
        self.deadline_ms: int | None = None
        self.traceparent = ""
        self.attempts = 0
        self.again = 0
        self.sent_at = 0
        """When it was sent, in the count of `Residents`."""

    @property
    def group(self) -> GroupReader:
        """How the turn in flight reads its group."""
        return self.engine.group_reader(self.resident)

    def held(self, resident: Resident, error: Exception | None) -> None:
        """Its object is held now, or cannot be: go on."""
        self.engine.turn_waited(self)
        if not resident.shard.alive:
            return
        if error is None:
            self.engine.send(self)
        elif isinstance(error, AidevosError):
            self.fail(error)
        else:
            self.engine.ports.report_bug(error)
            self.fail(HandlerFailedError(f"{resident.object} cannot be read; the log says why"))

    def ran(self, result: TurnResult) -> None:
        """Take what its executor made of it."""
        shard = self.resident.shard
        self.engine.turn_ended(self)
        if not shard.alive:
            return  # Whoever waited was told that the outcome is unknown.
        if result.dropped:
            self.engine.dropped(self.sent_at, result.dropped)
        outcome = result.outcome
        if outcome == "ok" or outcome == "refused":  # noqa: PLR1714 (a set costs twice as much)
            resident = self.resident
            if (resident.since > self.sent_at or resident.tagged) and self.engine.is_void(
                self, result.changes
            ):
                self._not_taken(result)
            elif self.scope is None:
                self._finish_query(result)
            else:
                self._finish_change(result)
        elif outcome == "lost":
            self.engine.dropped(self.sent_at, (self.resident.object,))
            self._run_again()
        elif outcome == "late":
            self.fail(DeadlineExceededError("the deadline passed before the turn began"))
        else:
            self.fail(AidevosError.from_record(result.error or self._nameless()))
        shard.touch()

    def fail(self, error: AidevosError) -> None:
        """End without anything that is kept."""
        shard = self.resident.shard
        if shard.alive:
            shard.machine.abandon(self, error)
            shard.touch()

    def _finish_query(self, result: TurnResult) -> None:
        machine = self.resident.shard.machine
        if result.version != machine.version(self.resident.object):
            self._not_taken(result)
            return
        answer = Answer(version=result.version, payload=result.reply, error=result.error)
        machine.finish_query(self, answer)

    def _finish_change(self, result: TurnResult) -> None:
        machine = self.resident.shard.machine
        record = self._record(result)
        answer = Answer(version=result.version, payload=result.reply, error=result.error)
        try:
            raw = codec.encode_record(record)
            if len(raw) > RECORD_BYTES_MAX:
                raise _too_large(record, len(raw))
            fits = machine.finish_change(self, record, answer, raw)
        except AidevosError as error:
            self._undo(result, error)
            return
        except (OverflowError, TypeError, UnicodeEncodeError) as error:
            self.engine.ports.report_bug(error)
            self._undo(result, _unstorable(record, error))
            return
        if not fits:
            self._not_taken(result)
        elif self.resident.tagged:
            self.engine.changed(self.resident, result.changes)

    def _undo(self, result: TurnResult, error: AidevosError) -> None:
        """The turn cannot be kept: what the executor did is taken from it."""
        self.engine.take_back(self.sent_at, [change.object for change in result.changes])
        self.fail(error)

    def _not_taken(self, result: TurnResult) -> None:
        """It does not go on from what the shard knows: take back what it did, and run it again."""
        version, home = self.resident.shard.machine.version, self.resident.object
        touched = [change.object for change in result.changes]
        if home not in touched and result.version != version(home):
            touched.append(home)
        self.engine.take_back(self.sent_at, touched)
        self._run_again()

    def _run_again(self) -> None:
        self.again += 1
        resident = self.resident
        if self.again > AGAIN_MAX:
            self.fail(UnavailableError(f"{resident.object} cannot be held by its executor; retry"))
            return
        self.engine.send(self)

    def _record(self, result: TurnResult) -> Record:
        request = self.request
        return Record(
            principal=request.principal,
            object=request.object,
            method=request.method,
            call=self.record(),
            changes=result.changes,
            version=result.version,
            reply=result.reply,
            error=result.error,
            now_ms=self.now_ms,
            seed=request.seed,
            traceparent=self.traceparent,
        )

    def _nameless(self) -> ErrorRecord:
        name = f"{self.request.object}.{self.request.method}"
        return HandlerFailedError(f"{name} failed").to_record()


def _too_large(record: Record, size: int) -> AidevosError:
    return HandlerFailedError(
        f"{record.object}.{record.method}: reply and events have {size} bytes, at most "
        f"{RECORD_BYTES_MAX} are kept in one turn; nothing was changed"
    )


def _unstorable(record: Record, error: Exception) -> AidevosError:
    where = f"{record.object}.{record.method}"
    return HandlerFailedError(
        f"{where}: its outcome cannot be stored: {error}; nothing was changed"
    )
