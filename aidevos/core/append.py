"""One append of a shard's log, until it is known what became of it (PROTOCOL.md section 4).

A sans-I/O machine written as a generator: it yields statements, is sent their answers, and
returns the outcome. The same bytes under the same batch id go out on every attempt; only a
serial read says what became of an attempt without an answer.
"""

from collections.abc import Generator

import msgspec

from aidevos.core.chain import make_row
from aidevos.core.errors import DataLossError, UnavailableError
from aidevos.core.fence import Committed, Fence, Fenced
from aidevos.core.record import BATCH_BYTES_MAX, Batch, CheckpointName, Header
from aidevos.core.statements import TIMEOUT, AppendRow, Pause, ReadHeader

GIVE_UP_MS = 10_000
Append = Generator[AppendRow | ReadHeader | Pause, object, Committed | Fenced]


def append(fence: Fence, batch: Batch, checkpoint: CheckpointName | None = None) -> Append:
    """Return the machine that appends `batch` at the fence's tail, whole or not at all.

    `checkpoint` names a durable checkpoint; it becomes the header's with this append.
    Raises UnavailableError after 10 s without a word: unknown whether appended, open again.
    """
    assert batch.log_time_ms >= fence.log_time_ms, "log_time never falls"
    assert len(batch.body) <= BATCH_BYTES_MAX, len(batch.body)
    assert batch.batch_id != fence.last_batch, "a batch id is used once"
    named = checkpoint or fence.checkpoint
    row = make_row(fence.last_hash, fence.tail, fence.epoch, batch)
    statement = AppendRow(
        fence.shard, fence.segment, fence.epoch, fence.tail, fence.last_batch, row, named
    )
    after = msgspec.structs.replace(
        fence,
        tail=fence.tail + 1,
        last_batch=batch.batch_id,
        last_hash=row.hash,
        log_time_ms=batch.log_time_ms,
        checkpoint=named,
    )
    return _append(fence, after, statement)


def _append(fence: Fence, after: Fence, statement: AppendRow) -> Append:
    attempt = 0
    while True:
        applied = yield statement
        if applied is True:
            return Committed(after)
        header = yield ReadHeader(fence.shard, fence.segment)
        if header is not TIMEOUT:
            outcome = judge(header, fence, after)
            if outcome is not None:
                return outcome
        attempt += 1
        elapsed = yield Pause(attempt)
        assert isinstance(elapsed, int)
        if elapsed > GIVE_UP_MS:
            raise UnavailableError(
                f"shard {fence.shard}: the store gave no word for {elapsed} ms; the shard is "
                "released and will be opened again"
            )


def judge(header: object, fence: Fence, after: Fence) -> Committed | Fenced | None:
    """Return what a serial read says of the append, or None: unwritten, send it again."""
    assert isinstance(header, Header), "headers are never deleted"
    if header.epoch > fence.epoch:
        return Fenced(header.epoch)
    if header.epoch < fence.epoch:
        raise DataLossError(f"shard {fence.shard}: epoch {header.epoch} after {fence.epoch}")
    if header.last_batch == after.last_batch:
        assert header.tail == after.tail, header
        return Committed(after)
    if header.tail != fence.tail or header.last_batch != fence.last_batch:
        raise DataLossError(f"shard {fence.shard}: tail {header.tail} was not written by its owner")
    assert not header.sealed, "a roll takes the append slot"
    return None
