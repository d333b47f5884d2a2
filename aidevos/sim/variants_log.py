"""The log machines with one planted bug each, used by a planted run only."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from aidevos.core.append import append, judge
from aidevos.core.errors import UnavailableError
from aidevos.core.fence import Committed, Fence
from aidevos.core.record import Batch, CheckpointName, Header
from aidevos.core.roll import roll
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
