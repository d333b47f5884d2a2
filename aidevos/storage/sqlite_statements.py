"""The conditional statements in SQL: one function each, run inside the writer's transaction."""

import sqlite3
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from aidevos.core import codec
from aidevos.core.checkpoint import Stored
from aidevos.core.record import CheckpointName, Header, Row
from aidevos.core.statements import (
    AppendRow,
    CreateHeader,
    ReadCheckpoint,
    ReadHeader,
    ReadHint,
    ReleaseHeader,
    SealHeader,
    TakeHeader,
    WriteCheckpoint,
    WriteHint,
)
from aidevos.storage.tables import is_kept

Db = sqlite3.Connection

ROWS_AT_ONCE = 100
"""Rows of one statement: each statement hands the interpreter to other threads and back."""

ROWIDS = "SELECT id, shard, off FROM log"
PUT_HISTORY = "INSERT INTO history (body) VALUES {rows}"
GET_HISTORY = "SELECT id, body FROM history WHERE id IN (VALUES {rows})"
PUT_SNAPSHOT = (
    "INSERT INTO snapshot VALUES {rows} ON CONFLICT (shard, tenant, type, key) DO UPDATE"
    " SET version = excluded.version, body = excluded.body WHERE excluded.version >= version"
)
GET_SNAPSHOTS = (
    "SELECT asked.column1, body FROM (VALUES {rows}) AS asked CROSS JOIN snapshot"
    " ON shard = asked.column2 AND tenant = asked.column3 AND type = asked.column4"
    " AND key = asked.column5"
)
DROP_ROWS = "DELETE FROM log WHERE id IN (VALUES {rows})"
OLD_PARTS = "SELECT off, w_epoch, part FROM checkpoint WHERE shard = ? AND off < ?"
DROP_PART = "DELETE FROM checkpoint WHERE shard = ? AND off = ? AND w_epoch = ? AND part = ?"

_HEADER = (
    "SELECT epoch, tail, base, sealed, owner, nonce, last_batch, ckpt_offset, ckpt_epoch"
    " FROM header WHERE shard = ? AND segment = ?"
)
_CREATE = "INSERT OR IGNORE INTO header VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_TAKE = (
    "UPDATE header SET epoch = epoch + 1, owner = ?, nonce = ?"
    " WHERE shard = ? AND segment = ? AND epoch = ? AND sealed = 0"
)
_SEAL = (
    "UPDATE header SET sealed = 1"
    " WHERE shard = ? AND segment = ? AND epoch = ? AND tail = ? AND sealed = 0"
)
_RELEASE = "UPDATE header SET owner = NULL WHERE shard = ? AND segment = ? AND epoch = ?"
_MATCHING = (
    "SELECT group_concat(shard) FROM header JOIN (VALUES {rows}) AS asked"
    " ON shard = asked.column1 AND segment = asked.column2 AND epoch = asked.column3"
    " AND tail = asked.column4 AND last_batch IS asked.column5 WHERE sealed = 0"
)
_ADVANCE = (
    "UPDATE header SET tail = tail + 1, last_batch = asked.column3, ckpt_offset = asked.column4,"
    " ckpt_epoch = asked.column5 FROM (VALUES {rows}) AS asked"
    " WHERE shard = asked.column1 AND segment = asked.column2"
)
_INSERT = "INSERT INTO log (shard, off, row) VALUES {rows}"


def read_header(db: Db, wanted: ReadHeader) -> Header | None:
    """Return the header, or None."""
    found = db.execute(_HEADER, (wanted.shard, wanted.segment)).fetchone()
    if found is None:
        return None
    epoch, tail, base, sealed, owner, nonce, last_batch, offset, w_epoch = found
    checkpoint = None if offset is None else CheckpointName(offset, w_epoch)
    return Header(
        epoch=epoch,
        tail=tail,
        base=base,
        sealed=bool(sealed),
        owner=owner,
        nonce=nonce,
        last_batch=last_batch,
        checkpoint=checkpoint,
    )


def read_rows(db: Db, row_ids: Sequence[int]) -> tuple[Row, ...]:
    """Return the rows stored under `row_ids`, in that order."""
    found = (
        db.execute("SELECT row FROM log WHERE id = ?", (row_id,)).fetchone() for row_id in row_ids
    )
    return tuple(codec.decode(got[0], Row) for got in found if got is not None)


def read_hint(db: Db, wanted: ReadHint) -> int | None:
    """Return the hinted segment, or None."""
    found = db.execute("SELECT segment FROM hint WHERE shard = ?", (wanted.shard,)).fetchone()
    return None if found is None else int(found[0])


def read_checkpoint(db: Db, wanted: ReadCheckpoint) -> bytes | None:
    """Return the checkpoint's bytes, or None."""
    found = db.execute(
        "SELECT body FROM checkpoint WHERE shard = ? AND off = ? AND w_epoch = ? AND part = ?",
        (wanted.shard, wanted.name.offset, wanted.name.w_epoch, wanted.part),
    ).fetchone()
    return None if found is None else bytes(found[0])


def create_header(db: Db, asked: CreateHeader) -> bool:
    """Insert if not exists."""
    head, name = asked.header, asked.header.checkpoint
    values = (asked.shard, asked.segment, head.epoch, head.tail, head.base, head.sealed)
    rest = (head.owner, head.nonce, head.last_batch, *_checkpoint(name))
    return db.execute(_CREATE, (*values, *rest)).rowcount == 1


def take_header(db: Db, asked: TakeHeader) -> bool:
    """Advance the epoch under a condition."""
    place = (asked.shard, asked.segment, asked.if_epoch)
    return db.execute(_TAKE, (asked.owner, asked.nonce, *place)).rowcount == 1


def seal_header(db: Db, asked: SealHeader) -> bool:
    """Seal under a condition."""
    place = (asked.shard, asked.segment, asked.if_epoch, asked.if_tail)
    return db.execute(_SEAL, place).rowcount == 1


def release_header(db: Db, asked: ReleaseHeader) -> bool:
    """Clear the owner under a condition."""
    return db.execute(_RELEASE, (asked.shard, asked.segment, asked.if_epoch)).rowcount == 1


def write_hint(db: Db, asked: WriteHint) -> None:
    """Remember a segment."""
    db.execute("INSERT OR REPLACE INTO hint VALUES (?, ?)", (asked.shard, asked.segment))


def write_checkpoint(db: Db, asked: WriteCheckpoint) -> None:
    """Keep an immutable part of a checkpoint."""
    place = (asked.shard, asked.name.offset, asked.name.w_epoch, asked.part)
    db.execute("INSERT OR IGNORE INTO checkpoint VALUES (?, ?, ?, ?, ?)", (*place, asked.body))


def append_rows(db: Db, asked: Sequence[AppendRow]) -> dict[int, int]:
    """Advance headers and insert rows, each shard's together or not; return rowids by shard.

    Few statements for all shards: each hands the interpreter over to other threads and back.
    """
    guards = [(a.shard, a.segment, a.if_epoch, a.if_tail, a.if_last_batch) for a in asked]
    (found,) = _for_rows(db, _MATCHING, guards).fetchone()
    matching = set(map(int, found.split(","))) if found else set()
    applied = [one for one in asked if one.shard in matching]
    if not applied:
        return {}
    heads = [(a.shard, a.segment, a.row.batch_id, *_checkpoint(a.checkpoint)) for a in applied]
    _for_rows(db, _ADVANCE, heads)
    rows = [(a.shard, a.row.offset, codec.encode(a.row)) for a in applied]
    last = _for_rows(db, _INSERT, rows).lastrowid
    assert last is not None
    first = last - len(applied) + 1  # One writer: they follow each other.
    return {one.shard: first + place for place, one in enumerate(applied)}


def put_rows(db: Db, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Run `statement` over `rows`, many at a time; the cursor stays in this thread."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        _for_rows(db, statement, rows[start : start + ROWS_AT_ONCE])


def put_blocks(db: Db, bodies: Sequence[bytes]) -> int:
    """Write blocks of history; return the rowid of the first, the others follow it."""
    for start in range(0, len(bodies), ROWS_AT_ONCE):
        rows = [(body,) for body in bodies[start : start + ROWS_AT_ONCE]]
        last = _for_rows(db, PUT_HISTORY, rows).lastrowid
    assert last is not None
    return last - len(bodies) + 1


def get_rows(db: Db, statement: str, rows: Sequence[tuple[object, ...]]) -> list[Any]:
    """Return what `statement` finds for `rows`, asked for many at a time."""
    found: list[Any] = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        found += _for_rows(db, statement, rows[start : start + ROWS_AT_ONCE]).fetchall()
    return found


def drop_parts(db: Db, shard: int, before: int, keep: Sequence[Stored]) -> None:
    """Drop the parts of checkpoints older than `before` but those to keep."""
    for offset, w_epoch, part in db.execute(OLD_PARTS, (shard, before)).fetchall():
        if not is_kept(CheckpointName(offset, w_epoch), part, keep):
            db.execute(DROP_PART, (shard, offset, w_epoch, part))


def _for_rows(db: Db, statement: str, rows: Sequence[tuple[object, ...]]) -> sqlite3.Cursor:
    row = f"({', '.join('?' * len(rows[0]))})"
    values = list(chain.from_iterable(rows))
    return db.execute(statement.format(rows=", ".join([row] * len(rows))), values)


def _checkpoint(name: CheckpointName | None) -> tuple[int | None, int | None]:
    return (None, None) if name is None else (name.offset, name.w_epoch)


READS: dict[type, Callable[[Db, Any], object]] = {
    ReadHeader: read_header,
    ReadHint: read_hint,
    ReadCheckpoint: read_checkpoint,
}
WRITES: dict[type, Callable[[Db, Any], object]] = {
    CreateHeader: create_header,
    TakeHeader: take_header,
    SealHeader: seal_header,
    ReleaseHeader: release_header,
    WriteHint: write_hint,
    WriteCheckpoint: write_checkpoint,
}
