"""The shard machine with one planted bug each, used by a planted run only."""

from collections.abc import Container

import msgspec

from aidevos.core.burst import Burst
from aidevos.core.calls import CallIndex
from aidevos.core.checkpoint import CheckpointBody
from aidevos.core.errors import AidevosError
from aidevos.core.fence import Fence
from aidevos.core.gate import Gate, Released
from aidevos.core.index import ShardIndex
from aidevos.core.pending import LiveSession, Pending
from aidevos.core.record import Record, Recorded
from aidevos.core.shard import Append, ShardMachine
from aidevos.sim.plants import Plant


class LeakyGate(Gate):
    """Lets reads out before their time."""

    def __init__(self, plant: Plant) -> None:
        """Leak what `plant` says."""
        super().__init__()
        self._plant = plant

    def hold(self, released: Released, batch: int, arrived: int) -> None:
        """Weaken what is waited for."""
        if self._plant is Plant.NO_BARRIER and batch <= self.committed:
            arrived = -1
        if self._plant is Plant.BARRIER_OLD and batch <= self.committed:
            arrived = max(-1, arrived - 2)
        super().hold(released, batch, arrived)


class Nobody:
    """Takes what was let out before."""

    def answer(self, number: int, value: object) -> None:
        """Drop it."""


class PlantedMachine(ShardMachine):
    """A shard machine with one bug."""

    def __init__(self, fence: Fence, index: ShardIndex, plant: Plant) -> None:
        """Plant it."""
        super().__init__(fence, index)
        self._plant = plant
        self._gate = LeakyGate(plant)
        if plant is Plant.CLOCK_FALLS:
            self._log_time_ms = 0

    def finish_query(self, call: Pending, value: object) -> None:
        """Plant QUERY_AHEAD: wait for nothing that is not committed yet."""
        if self._plant is not Plant.QUERY_AHEAD:
            super().finish_query(call, value)
            return
        del self._readers[call]
        self._gate.hold((call.sink, call.number, value), self._gate.committed, call.arrived)

    def finish_change(
        self, call: Pending, record: Record, value: object, raw: msgspec.Raw | None = None
    ) -> bool:
        """Plants REFUSAL_UNRECORDED, ANSWER_EARLY and REFUSAL_EARLY."""
        refused = record.error is not None
        if self._plant is Plant.REFUSAL_UNRECORDED and record.error is not None:
            self.abandon(call, AidevosError.from_record(record.error))
            return True
        fits = super().finish_change(call, record, value, raw)
        if fits and self._plant is (Plant.REFUSAL_EARLY if refused else Plant.ANSWER_EARLY):
            call.sink.answer(call.number, value)
            call.sink = Nobody()
        return fits

    def checkpoint(self) -> CheckpointBody:
        """Plants of checkpoints: leave out what a takeover needs."""
        body = super().checkpoint()
        match self._plant:
            case Plant.CHECKPOINT_WITHOUT_CALLS:
                return msgspec.structs.replace(body, calls=())
            case Plant.CHECKPOINT_WITHOUT_SESSIONS:
                return msgspec.structs.replace(body, sessions=())
            case Plant.CHECKPOINT_WITHOUT_MARKS:
                bare = tuple(msgspec.structs.replace(kept, mark=0) for kept in body.sessions)
                return msgspec.structs.replace(body, sessions=bare)
            case _:
                return body

    def set_mark(self, session: LiveSession, mark: int) -> None:
        """Plants MARK_UNCOMMITTED and MARK_OVER_CALL."""
        super().set_mark(session, mark)
        if self._plant is Plant.MARK_OVER_CALL:
            session.mark = session.asked
        entry = self.index.calls.sessions.get(session.scope)
        if self._plant is Plant.MARK_UNCOMMITTED and entry is not None:
            for number in [number for number in entry.answers if number <= session.mark]:
                self.index.calls._drop(entry.answers.pop(number))

    def arrive_change(self, call: Pending, clock_ms: int) -> bool:
        """Plant BELOW_MARK: judge as if nobody ever said a mark."""
        session = call.session
        if self._plant is not Plant.BELOW_MARK or session is None:
            return super().arrive_change(call, clock_ms)
        entry = self.index.calls.sessions.get(session.scope)
        marks = session.mark, entry.mark if entry else 0
        session.mark = 0
        if entry is not None:
            entry.mark = 0
        runs = super().arrive_change(call, clock_ms)
        session.mark = marks[0]
        if entry is not None:
            entry.mark = marks[1]
        return runs

    def _expired(self, call: Pending, expires_at_ms: int) -> bool:
        runs = super()._expired(call, expires_at_ms)
        if self._plant is Plant.EXPIRED_UNCOMMITTED:
            _, (sink, number, error) = self._gate._waiting[self._open_number].pop()
            self._filling[-1].wanted = False
            sink.answer(number, error)
        return runs

    def flush(self) -> Append | None:
        """Plants EXPIRED_UNCOMMITTED and CLOCK_FALLS."""
        if self._plant is Plant.EXPIRED_UNCOMMITTED and not self._filling[0].records:
            self._filling[0].wanted = False
        if self._plant is Plant.CLOCK_FALLS:
            self.fence = msgspec.structs.replace(self.fence, log_time_ms=0)
        return super().flush()

    def committed(self, fence: Fence) -> tuple[list[Recorded], list[Burst], list[Released]]:
        """Plants of memory: forget what the protocol keeps."""
        done = super().committed(fence)
        forget(self.index, self._plant, {scope[2] for scope in self._sessions})
        return done


def forget(index: ShardIndex, plant: Plant | None, live: Container[str] = ()) -> None:
    """Drop what is remembered of calls as a wrong deduplication would.

    `live`: the sessions that have streams, or calls under way.
    """
    calls, sessions = index.calls.calls_body(), index.calls.sessions_body()
    if plant is Plant.DEDUP_BY_COUNT:
        calls = calls[-3:]
    elif plant is Plant.DEDUP_BY_WINDOW:
        horizon = index.log_time_ms + 4_000
        calls = tuple(call for call in calls if call.expires_ms > horizon)
    elif plant is Plant.SESSION_FORGOTTEN:
        sessions = tuple(one for one in sessions if one.session in live)
    else:
        return
    index.calls = CallIndex(calls, sessions)
