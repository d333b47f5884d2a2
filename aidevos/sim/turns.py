"""One call on a simulated host, from its arrival to its answer: the twin of aidevos_host.turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, HandlerFailedError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.pending import Pending, Sink
from aidevos.core.record import Record
from aidevos.core.turn import Held, TurnRequest, TurnResult
from aidevos.sim.counters import Ask
from aidevos.sim.plants import Plant

if TYPE_CHECKING:
    from aidevos.sim.residence import Residence, Resident

AGAIN_MAX = 8


class SimTurn(Pending):
    """A call between its arrival and its answer (core/turn.Turn)."""

    __slots__ = ("again", "ask", "over", "request", "residence", "resident", "sent_at")

    request: TurnRequest

    def __init__(self, sink: Sink, ask: Ask, residence: Residence, resident: Resident) -> None:
        """Bind; the rest is set before it is admitted."""
        super().__init__(sink, ask.number)
        self.ask = ask
        self.residence = residence
        self.resident = resident
        self.again = 0
        self.over = False
        self.sent_at = 0

    def admitted(self) -> None:
        """It has its time: run it."""
        ask = self.ask
        self.request = TurnRequest(
            object=ask.object,
            method=ask.method,
            payload=str(ask.n).encode(),
            principal="anonymous",
            now_ms=self.now_ms,
            seed=0,
        )
        self.residence.send(self)

    def read_group(self, object: ObjectId, then: Callable[[Held | None], None]) -> None:
        """Give the executor another object of the group (core/turn.GroupReader)."""
        part = self.resident.part
        if not part.alive:
            then(None)
            return
        self.residence.hand(self.residence.resident(object, part), then)

    def held(self, error: AidevosError | None) -> None:
        """Its object is held now, or cannot be: go on."""
        self.resident.running -= 1
        if not self.resident.part.alive:
            return
        if error is None:
            self.residence.send(self)
        else:
            self.fail(error)

    def ran(self, result: TurnResult) -> None:
        """Take what its executor made of it."""
        part, plant = self.resident.part, self.residence.plant
        if plant is Plant.DEAD_RESULT and self.over:
            return  # The dead executor's was taken.
        self.resident.running -= 1
        if not part.alive:
            return
        self.residence.dropped(self.sent_at, result.dropped)
        match result.outcome:
            case "ok" | "refused":
                self._finish(result)
            case "lost":
                self.residence.dropped(self.sent_at, (self.resident.object,))
                self._run_again()
            case _:
                error = result.error
                assert error is not None
                self.fail(AidevosError.from_record(error))
        part.touch()

    def ran_late(self, result: TurnResult) -> None:
        """Plant DEAD_RESULT: take what came from an executor after its death."""
        part = self.resident.part
        if not self.over and part.alive and result.outcome in {"ok", "refused"}:
            self._take(self._rebased(result))
            part.touch()

    def fail(self, error: AidevosError) -> None:
        """End without anything that is kept."""
        self.over = True
        machine = self.resident.part.machine
        machine.abandon(self, error)
        self.resident.part.touch()

    def _finish(self, result: TurnResult) -> None:
        """Take a result, if it goes on from what the shard knows."""
        machine, plant = self.resident.part.machine, self.residence.plant
        if plant is Plant.STALE_RESULT:
            result = self._rebased(result)
        basis = _basis(self.resident.object, result)
        newer = self.residence.newer(self.sent_at, basis)
        wrong = [o for o, v in basis.items() if machine.version(o) != v and o not in newer]
        if newer or wrong or self.residence.group_is_newer(self.sent_at, self.resident.object):
            touched = [*wrong, *(change.object for change in result.changes)]
            self.residence.forget(self.residence.not_taken(self.sent_at, touched))
            self._run_again()
        elif self.ask.method == "huge" and result.changes:
            self.residence.forget(change.object for change in result.changes)
            self.fail(HandlerFailedError("its outcome is too large; nothing was changed"))
        else:
            self._take(result)

    def _take(self, result: TurnResult) -> None:
        machine = self.resident.part.machine
        self.over = True
        if self.scope is None:
            machine.finish_query(self, _answer(result))
            return
        fits = machine.finish_change(self, self._record(result), _answer(result))
        assert fits, "the shard judges as we do"
        self.resident.part.ran(result.changes)

    def _run_again(self) -> None:
        self.again += 1
        if self.again > AGAIN_MAX:
            self.fail(UnavailableError(f"{self.resident.object} cannot be held; retry"))
            return
        self.residence.send(self)

    def _record(self, result: TurnResult) -> Record:
        return Record(
            principal="anonymous",
            object=self.resident.object,
            method=self.ask.method,
            call=self.record(),
            changes=result.changes,
            version=result.version,
            reply=result.reply,
            error=result.error,
            now_ms=self.now_ms,
            seed=0,
        )

    def _rebased(self, result: TurnResult) -> TurnResult:
        """Plants of results: make it go on from whatever is known."""
        version = self.resident.part.machine.version
        changes = tuple(
            msgspec.structs.replace(change, first_seq=version(change.object) + 1)
            for change in result.changes
        )
        own = version(self.resident.object)
        own += any(change.object == self.resident.object for change in changes)
        return msgspec.structs.replace(result, changes=changes, version=own)


def _basis(home: ObjectId, result: TurnResult) -> dict[ObjectId, int]:
    """Return the versions of all that a turn was run on."""
    basis = {home: result.version}
    basis.update((change.object, change.first_seq - 1) for change in result.changes)
    return basis


def _answer(result: TurnResult) -> Answer:
    return Answer(version=result.version, payload=result.reply, error=result.error)
