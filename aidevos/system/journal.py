"""ReasonerCall: one entry of a run's journal, written before and after the call.

After a crash a completed call is never made again, and one that was begun and never ended says
so: it may have been paid for.
"""

from typing import Any, Literal

import msgspec

from aidevos.core import codec
from aidevos.core.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
)
from aidevos.objects import DurableObject, Event, apply, query, schema
from aidevos.system.message import Cost
from aidevos.system.names import (
    CONTENT_BYTES_MAX,
    DETAILS_BYTES_MAX,
    check_bound,
    check_name,
    check_sha256,
    to_ms,
)

CallState = Literal["begun", "completed", "uncertain"]
REASONERS = ("blueprint", "replay", "model", "human")
ATTEMPTS_MAX = 100


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is about to be made; `by` is the principal that will make it."""

    task_id: str
    name: str
    attempt_id: str
    request_sha256: str
    reasoner: str
    by: str
    details: dict[str, Any] = {}

    def check(self) -> None:
        """Raise InvalidArgumentError naming the first wrong field."""
        check_name(self.attempt_id, "attempt_id")
        check_sha256(self.request_sha256, "request_sha256")
        if self.reasoner not in REASONERS:
            raise InvalidArgumentError(f"reasoner: {', '.join(REASONERS)}", field="reasoner")
        check_bound(len(codec.to_json(self.details)), DETAILS_BYTES_MAX, "details")


class End(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a call."""

    task_id: str
    name: str
    attempt_id: str
    result: dict[str, Any]
    cost: Cost | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal holds of one call. `result` is None until an attempt ended."""

    task_id: str = ""
    name: str = ""
    request_sha256: str = ""
    reasoner: str = ""
    by: str = ""
    attempts: tuple[str, ...] = ()
    result: dict[str, Any] | None = None
    cost: Cost | None = None
    begun_ms: int = 0
    ended_ms: int = 0


class Begun(msgspec.Struct, frozen=True):
    """What to do, and the entry as it is."""

    state: CallState
    entry: Entry


class CallBegun(Event):
    """An attempt is about to be made; if it is not the first, the one before is uncertain."""

    begin: Begin
    time_ms: int


class CallEnded(Event):
    """An attempt came back with the result that stays."""

    end: End
    time_ms: int


class ReasonerCall(DurableObject):
    """One journaled call."""

    class State(schema.State):
        """The entry."""

        entry: Entry = Entry()

    state: State

    def begin(self, begin: Begin) -> Begun:
        """Journal the first attempt. Called by the run, in the same turn."""
        begin.check()
        self.emit(CallBegun(begin, to_ms(self.now)))
        return Begun("begun", self.state.entry)

    def begin_again(self, begin: Begin) -> Begun:
        """Answer with the result, or journal a further attempt. Called by the run."""
        begin.check()
        entry = self.state.entry
        if begin.request_sha256 != entry.request_sha256:
            raise AlreadyExistsError(
                f"the call {entry.name} of task {entry.task_id} was journaled for another request",
                field="request_sha256",
            )
        if entry.result is not None:
            return Begun("completed", entry)
        if begin.attempt_id not in entry.attempts:
            self._check_attempts()
            self.emit(CallBegun(begin, to_ms(self.now)))
        first = begin.attempt_id == entry.attempts[0]
        return Begun("begun" if first else "uncertain", self.state.entry)

    def end(self, end: End) -> Entry:
        """Journal the result, unless there is one. Called by the run."""
        check_bound(len(codec.to_json(end.result)), CONTENT_BYTES_MAX, "result")
        if self.state.entry.result is None:
            if end.attempt_id not in self.state.entry.attempts:
                raise FailedPreconditionError(
                    f"the attempt {end.attempt_id} was never begun: journal it before the call"
                )
            self.emit(CallEnded(end, to_ms(self.now)))
        return self.state.entry

    @query
    def read(self) -> Entry:
        """Return the entry."""
        return self.state.entry

    def _check_attempts(self) -> None:
        if len(self.state.entry.attempts) >= ATTEMPTS_MAX:
            raise FailedPreconditionError(f"the call was begun {ATTEMPTS_MAX} times: give up")

    @apply
    def _begun(self, event: CallBegun) -> None:
        begin, entry = event.begin, self.state.entry
        self.state.entry = Entry(
            task_id=begin.task_id,
            name=begin.name,
            request_sha256=begin.request_sha256,
            reasoner=begin.reasoner,
            by=begin.by,
            attempts=(*entry.attempts, begin.attempt_id),
            begun_ms=entry.begun_ms or event.time_ms,
        )

    @apply
    def _ended(self, event: CallEnded) -> None:
        self.state.entry = msgspec.structs.replace(
            self.state.entry,
            result=event.end.result,
            cost=event.end.cost,
            ended_ms=event.time_ms,
        )
