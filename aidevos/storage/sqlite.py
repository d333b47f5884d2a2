"""The embedded store: one SQLite file, one writer thread, one fsync for all who wait.

Everything pushed while a commit is under way goes into the next transaction, whichever shard
it belongs to (group commit across shards). A shard whose conditional statement changes no row
is told so and its neighbours commit. WAL with synchronous=FULL. An error from COMMIT leaves
the outcome unknown: the store stops for good, and a new one recovers from the file. An fsync
is never retried (the "fsyncgate" of 2018: the kernel may have dropped the pages).
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aidevos.core import codec
from aidevos.core.errors import DataLossError, FailedPreconditionError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.statements import AppendRow, ReadRows, Statement, WriteCheckpoint
from aidevos.storage import sqlite_statements as sql
from aidevos.storage.base import HistoryEvent, StoredSnapshot
from aidevos.storage.writer import Writer

SCHEMA = Path(__file__).with_name("schema.sql")
FORMAT = 1
"""Written into the file; raised when an older program could no longer read what is in it."""


class SqliteStore:
    """A ConditionalStore in one file. The caller holds the directory's lock (storage/lock.py)."""

    def __init__(self, path: str | Path, before_commit: Callable[[], None] | None = None) -> None:
        """Open or create the file at `path`.

        `before_commit` runs in the writer thread before each COMMIT: a port for tests that
        delay or fail the disk. Raises UnavailableError or DataLossError if the file is no store,
        FailedPreconditionError if a newer version wrote it (nothing of it is changed).
        """
        self._path = str(path)
        with _reading():
            self._reader = self._connect()
            _check_format(self._reader, self._path)
            self._reader.executescript(SCHEMA.read_text())
            self._rowids = _rowids(self._reader)
        self._writer = Writer(self._connect(), before_commit)

    @property
    def commits(self) -> int:
        """Transactions committed so far, one fsync each."""
        return self._writer.commits

    async def execute(self, statement: Statement) -> object:
        """Run a read at once, a write in the next group commit.

        Raises UnavailableError once the disk has failed: unknown whether done.
        """
        read = sql.READS.get(type(statement))
        if read is not None:
            with _reading():
                return read(self._reader, statement)
        if isinstance(statement, ReadRows):
            return self._rows(statement)
        return await self._writer.push(
            lambda db: self._write(db, statement), quick=not isinstance(statement, WriteCheckpoint)
        )

    async def append_rows(self, statements: Sequence[AppendRow]) -> Sequence[object]:
        """Run all of them in the next group commit; a shard that is fenced leaves the others."""
        assert len({one.shard for one in statements}) == len(statements), "one append per shard"
        answers = await self._writer.push(lambda db: self._append(db, statements), quick=True)
        assert isinstance(answers, list)
        return answers

    def _write(self, db: sqlite3.Connection, statement: Statement) -> object:
        if isinstance(statement, AppendRow):
            return self._append(db, [statement])[0]
        return sql.WRITES[type(statement)](db, statement)

    def _append(self, db: sqlite3.Connection, statements: Sequence[AppendRow]) -> list[bool]:
        row_ids = sql.append_rows(db, statements)
        for one in statements:
            if one.shard in row_ids:
                self._rowids.setdefault(one.shard, {})[one.row.offset] = row_ids[one.shard]
        return [one.shard in row_ids for one in statements]

    def _rows(self, wanted: ReadRows) -> object:
        rowids = self._rowids.get(wanted.shard, {})
        ids = [rowids.get(offset) for offset in range(wanted.start, wanted.end)]
        with _reading():
            return sql.read_rows(self._reader, [row_id for row_id in ids if row_id is not None])

    async def put_history(self, events: tuple[tuple[ObjectId, HistoryEvent], ...]) -> None:
        """Keep `events` by sequence in the next group commit."""
        rows = [
            (object.tenant, object.type, object.key, event.sequence, codec.encode(event))
            for object, event in events
        ]
        await self._writer.push(lambda db: sql.put_rows(db, sql.PUT_HISTORY, rows))

    async def get_history(
        self, object: ObjectId, after: int, limit: int
    ) -> tuple[HistoryEvent, ...]:
        """Return kept events with sequence > `after`."""
        place = (object.tenant, object.type, object.key, after, limit)
        with _reading():
            found = self._reader.execute(sql.GET_HISTORY, place).fetchall()
        return tuple(codec.decode(raw, HistoryEvent) for (raw,) in found)

    async def put_snapshots(self, snapshots: tuple[tuple[ObjectId, StoredSnapshot], ...]) -> None:
        """Keep each snapshot unless a newer one is there."""
        rows = [
            (object.tenant, object.type, object.key, snapshot.version, codec.encode(snapshot))
            for object, snapshot in snapshots
        ]
        await self._writer.push(lambda db: sql.put_rows(db, sql.PUT_SNAPSHOT, rows))

    async def get_snapshots(self, objects: tuple[ObjectId, ...]) -> dict[ObjectId, StoredSnapshot]:
        """Return the newest snapshot of each object that has one."""
        found: dict[ObjectId, StoredSnapshot] = {}
        for object in objects:
            place = (object.tenant, object.type, object.key)
            with _reading():
                got = self._reader.execute(sql.GET_SNAPSHOT, place).fetchone()
            if got is not None:
                found[object] = codec.decode(got[0], StoredSnapshot)
        return found

    async def trim(self, shard: int, before: int) -> None:
        """Drop rows below `before`, and checkpoints older than the newest two."""
        rowids = self._rowids.get(shard, {})
        gone = [offset for offset in list(rowids) if offset < before]  # The writer adds to it.
        ids = [(rowids[offset],) for offset in gone]

        def drop(db: sqlite3.Connection) -> None:
            sql.put_rows(db, sql.DROP_ROWS, ids)
            db.execute(sql.DROP_CHECKPOINTS, (shard, before))

        await self._writer.push(drop)
        for offset in gone:
            rowids.pop(offset, None)

    async def close(self) -> None:
        """Commit what was pushed, end the writer, close the file."""
        await self._writer.close()
        self._reader.close()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA busy_timeout = 5000")
        return db


@contextmanager
def _reading() -> Iterator[None]:
    """Say for people and programs what SQLite cannot read."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise UnavailableError(
            f"the store's file cannot be read or opened: {error}; see to its disk and its rights"
        ) from error
    except sqlite3.DatabaseError as error:
        raise DataLossError(
            f"the store's file is damaged: {error}; restore the data directory from a backup"
        ) from error


def _check_format(db: sqlite3.Connection, path: str) -> None:
    """Write the format into a new file; raise FailedPreconditionError for a newer one."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found > FORMAT:
        raise FailedPreconditionError(
            f"{path} has format {found}, this version of aidevos reads up to {FORMAT}: a newer one "
            "wrote it; start that one, or choose another directory with --data"
        )
    if found == 0:
        db.execute(f"PRAGMA user_version = {FORMAT}")


def _rowids(db: sqlite3.Connection) -> dict[int, dict[int, int]]:
    """Return where each untrimmed row is: by shard, then by offset."""
    found: dict[int, dict[int, int]] = {}
    for row_id, shard, off in db.execute(sql.ROWIDS):
        found.setdefault(shard, {})[off] = row_id
    return found
