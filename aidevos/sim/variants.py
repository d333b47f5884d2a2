"""The core with one planted bug each, used by a planted run only."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from aidevos.core.append import append, judge
from aidevos.core.calls import CallIndex
from aidevos.core.checkpoint import CheckpointBody
from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.core.fence import Committed, Fence
from aidevos.core.gate import Gate, Released
from aidevos.core.index import ShardIndex
from aidevos.core.pending import Pending
from aidevos.core.record import Batch, CheckpointName, Header, Record
from aidevos.core.roll import roll
from aidevos.core.shard import Append, ShardMachine
from aidevos.core.statements import (
    TIMEOUT,
    AppendRow,
    CreateHeader,
    Pause,
    ReadHeader,
    ReadRows,
    TakeHeader,
)
from aidevos.core.takeover import takeover
from aidevos.sim.plants import Plant

Machine = Generator[Any, Any, Any]


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
        """Plant CHECKPOINT_WITHOUT_CALLS."""
        body = super().checkpoint()
        if self._plant is Plant.CHECKPOINT_WITHOUT_CALLS:
            return msgspec.structs.replace(body, calls=())
        return body

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

    def committed(self, fence: Fence) -> tuple[list[Record], list[Released]]:
        """Plants of memory: forget what the protocol keeps."""
        done = super().committed(fence)
        forget(self.index, self._plant)
        return done


def forget(index: ShardIndex, plant: Plant | None) -> None:
    """Drop call records as a wrong deduplication would."""
    kept = index.calls.calls_body()
    if plant is Plant.DEDUP_BY_COUNT:
        kept = kept[-3:]
    elif plant is Plant.DEDUP_BY_WINDOW:
        horizon = index.log_time_ms + 4_000
        kept = tuple(call for call in kept if call.expires_ms > horizon)
    else:
        return
    index.calls = CallIndex(kept, index.calls.sessions_body())


def planted_append(
    fence: Fence, batch: Batch, name: CheckpointName | None, plant: Plant | None
) -> Machine:
    """Return the append machine, with its bug if one is planted there."""
    if plant is Plant.READ_RESOLVES:
        return _read_resolves(append(fence, batch, name), fence, batch)
    if plant is Plant.OTHER_BATCH:
        return _other_batch(fence, batch, name)
    return append(fence, batch, name)


def _read_resolves(right: Machine, fence: Fence, batch: Batch) -> Machine:
    statement = next(right)
    assert isinstance(statement, AppendRow), statement
    if (yield statement) is True:
        return Committed(_after(fence, statement))
    header = TIMEOUT
    while header is TIMEOUT:
        header = yield ReadHeader(fence.shard, fence.segment)
    outcome = judge(header, fence, _after(fence, statement))
    if outcome is None:
        raise UnavailableError("not written", surely="true")
    return outcome


def _other_batch(fence: Fence, batch: Batch, name: CheckpointName | None) -> Machine:
    """Send an empty body under the same id first; the right one when that timed out."""
    empty = msgspec.structs.replace(batch, body=msgspec.msgpack.encode([]), record_count=0)
    first = next(append(fence, empty, name))
    assert isinstance(first, AppendRow), first
    right = append(fence, batch, name)
    next(right)
    answer = yield first
    if answer is True:
        return Committed(_after(fence, first))
    effect = right.send(answer)
    while True:
        try:
            effect = right.send((yield effect))
        except StopIteration as done:
            return done.value


def _after(fence: Fence, statement: AppendRow) -> Fence:
    return msgspec.structs.replace(
        fence,
        tail=fence.tail + 1,
        last_batch=statement.row.batch_id,
        last_hash=statement.row.hash,
        log_time_ms=statement.row.log_time_ms,
        checkpoint=statement.checkpoint,
    )


def planted_takeover(shard: int, owner: str, nonces: Iterator[str], plant: Plant | None) -> Machine:
    """Return the takeover machine, with its bug if one is planted there."""
    if plant is Plant.NONCE_REUSED:
        return takeover(shard, owner, iter(lambda: "same", ""))
    if plant is Plant.HINT_BELIEVED:
        return _hint_believed(takeover(shard, owner, nonces))
    if plant is Plant.ROLL_WITHOUT_CHECKPOINT:
        return _without_checkpoint(takeover(shard, owner, nonces))
    if plant is Plant.READ_BEFORE_FENCE:
        return _read_first(takeover(shard, owner, nonces))
    return takeover(shard, owner, nonces)


def planted_roll(fence: Fence, plant: Plant | None) -> Machine:
    """Return the machine that begins a segment, with its bug if one is planted there."""
    right = roll(fence)
    return _without_checkpoint(right) if plant is Plant.ROLL_WITHOUT_CHECKPOINT else right


def _without_checkpoint(right: Machine) -> Machine:
    """Create headers that do not name the checkpoint of the one before."""
    effect = next(right)
    while True:
        if isinstance(effect, CreateHeader):
            bare = msgspec.structs.replace(effect.header, checkpoint=None)
            effect = replace(effect, header=bare)
        try:
            effect = right.send((yield effect))
        except StopIteration as done:
            return done.value


def _hint_believed(right: Machine) -> Machine:
    """Walk on from a header that is not there as if it were the place to begin."""
    effect, answer, hinted = next(right), None, 0
    while True:
        answer = yield effect
        if isinstance(effect, ReadHeader) and answer is None and hinted == 0 and effect.segment:
            hinted = effect.segment
            answer = Header(epoch=0, tail=0, base=0, sealed=True)
        try:
            effect = right.send(answer)
        except StopIteration as done:
            return done.value


def _read_first(right: Machine) -> Machine:
    """Answer the reads after the fence with what was read before it."""
    before: dict[tuple[int, int], object] = {}
    rows: dict[tuple[int, int], object] = {}
    effect = next(right)
    while True:
        if isinstance(effect, TakeHeader | CreateHeader):
            for segment in range(effect.segment + 1):
                header = yield ReadHeader(effect.shard, segment)
                if isinstance(header, Header):
                    before[effect.shard, segment] = header
                    span = (header.base, header.tail)
                    rows[effect.shard, segment] = yield ReadRows(effect.shard, segment, *span)
            yield Pause(3)
        answer = yield effect
        if isinstance(effect, ReadRows) and (effect.shard, effect.segment) in rows:
            found = rows[effect.shard, effect.segment]
            if isinstance(found, tuple):
                answer = tuple(r for r in found if effect.start <= r.offset < effect.end)
        try:
            effect = right.send(answer)
        except StopIteration as done:
            return done.value
