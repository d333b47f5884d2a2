"""The log is copied beside the commits; a disk that refuses it stops the store."""

import sqlite3
import threading
from pathlib import Path

import pytest

from aidevos.core.errors import UnavailableError
from aidevos.storage.backfill import Backfill
from aidevos.storage.writer import Writer

WAIT_S = 20


def connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    return db


async def write(writer: Writer, bytes: int) -> None:
    await writer.push(
        lambda db: db.execute("INSERT INTO t VALUES (zeroblob(?))", (bytes,)).rowcount
    )


async def test_what_is_committed_reaches_the_file_without_any_commit_copying_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "db"
    db = connected(path)
    db.execute("CREATE TABLE t (body BLOB)")
    writer = Writer(db, backfill=Backfill(connected(path)))
    await write(writer, 1 << 20)
    tick, waited = threading.Event(), 0.0
    while path.stat().st_size < 1 << 20 and waited < WAIT_S:
        tick.wait(0.02)
        waited += 0.02
    assert path.stat().st_size > 1 << 20
    await writer.close()


async def test_nothing_is_committed_after_the_copying_has_failed(tmp_path: Path) -> None:
    path = tmp_path / "db"
    db, other = connected(path), connected(path)
    db.execute("CREATE TABLE t (body BLOB)")
    other.close()
    backfill = Backfill(other)
    writer = Writer(db, backfill=backfill)
    await write(writer, 10)
    backfill._thread.join(WAIT_S)
    assert backfill.failure is not None
    with pytest.raises(UnavailableError):
        await write(writer, 10)
    await writer.close()
    assert connected(path).execute("SELECT count(*) FROM t").fetchone() == (1,)
