"""The hash chain of a shard's rows, and the check of a run of rows (PROTOCOL.md sections 2, 3).

A gap, a broken hash, a falling epoch or log_time is DATA_LOSS: the shard stops, never guesses.
"""

import hashlib
from collections.abc import Sequence

from aidevos.core.errors import DataLossError
from aidevos.core.record import Batch, Row

GENESIS = b"\0" * 32


def row_hash(prev_hash: bytes, offset: int, w_epoch: int, batch: Batch) -> bytes:
    """Return SHA-256 over everything that the row says, the row before included."""
    digest = hashlib.sha256(prev_hash)
    digest.update(f"{offset} {w_epoch} {batch.log_time_ms} {batch.batch_id} ".encode())
    digest.update(batch.body)
    return digest.digest()


def make_row(prev_hash: bytes, offset: int, w_epoch: int, batch: Batch) -> Row:
    """Return `batch` as the row at `offset`."""
    assert len(prev_hash) == 32, prev_hash
    assert offset >= 0, offset
    assert w_epoch >= 1, w_epoch
    return Row(
        offset=offset,
        w_epoch=w_epoch,
        batch_id=batch.batch_id,
        log_time_ms=batch.log_time_ms,
        prev_hash=prev_hash,
        hash=row_hash(prev_hash, offset, w_epoch, batch),
        record_count=batch.record_count,
        body=batch.body,
    )


def check_rows(rows: Sequence[Row], *, start: int, prev_hash: bytes, log_time_ms: int) -> None:
    """Raise DataLossError unless `rows` go on from `start` without a gap or a contradiction."""
    epoch = 0
    for expected, row in enumerate(rows, start):
        if row.offset != expected:
            raise _broken(row, f"offset {expected} is missing")
        if row.prev_hash != prev_hash:
            raise _broken(row, "it does not follow the row before")
        if row.hash != row_hash(prev_hash, row.offset, row.w_epoch, _batch(row)):
            raise _broken(row, "its content does not match its hash")
        if row.w_epoch < epoch:
            raise _broken(row, f"its epoch {row.w_epoch} is below {epoch}")
        if row.log_time_ms < log_time_ms:
            raise _broken(row, "its log_time is below that of the row before")
        prev_hash, epoch, log_time_ms = row.hash, row.w_epoch, row.log_time_ms


def _batch(row: Row) -> Batch:
    return Batch(
        batch_id=row.batch_id,
        log_time_ms=row.log_time_ms,
        record_count=row.record_count,
        body=row.body,
    )


def _broken(row: Row, what: str) -> DataLossError:
    return DataLossError(
        f"row {row.offset} of the shard log is not to be trusted: {what}. The shard is stopped; "
        "restore the data directory from a backup",
        offset=row.offset,
    )
