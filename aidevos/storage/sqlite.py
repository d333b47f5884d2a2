"""The embedded store: one SQLite file, one writer thread, one fsync for all who wait.

Everything pushed while a commit is under way goes into the next transaction, whichever shard
it belongs to (group commit across shards). A shard whose conditional statement changes no row
is told so and its neighbours commit. WAL with synchronous=FULL. An error from COMMIT leaves
the outcome unknown: the store stops for good, and a new one recovers from the file. An fsync
is never retried (the "fsyncgate" of 2018: the kernel may have dropped the pages).
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from aidevos.core import codec
from aidevos.core.checkpoint import Stored
from aidevos.core.errors import DataLossError, FailedPreconditionError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.statements import AppendRow, ReadRows, Statement, WriteCheckpoint
from aidevos.storage import sqlite_statements as sql
from aidevos.storage.backfill import PAGES_MAX, Backfill
from aidevos.storage.base import HistoryChunk, StoredSnapshot
from aidevos.storage.blocks import blocks_of, chunk_at, place_of, row_of
from aidevos.storage.places import Places
from aidevos.storage.writer import Writer

SCHEMA = Path(__file__).with_name("schema.sql")
FORMAT = 6
"""Written into the file; raised when programs before and after cannot read each other's."""
QUICK_ROWS = 64
"""So few rows are written in the loop: in the thread they would wait longer for the interpreter."""
TRIMMED_AT_ONCE = 200
"""Rows dropped in one commit, which answers may wait for."""
_snapshot = msgspec.msgpack.Decoder(StoredSnapshot)


class SqliteStore:
    """A ConditionalStore in one file. The caller holds the directory's lock (storage/lock.py)."""

    def __init__(self, path: str | Path, before_commit: Callable[[], None] | None = None) -> None:
        """Open or create the file at `path`.

        `before_commit` runs in the writer thread before each COMMIT: a port for tests that
        delay or fail the disk. Raises UnavailableError or DataLossError if the file is no store,
        FailedPreconditionError if another version wrote it (nothing of it is changed).
        """
        self._path = str(path)
        with _reading():
            self._reader = self._connect()
            _check_format(self._reader, self._path)
            self._reader.executescript(SCHEMA.read_text())
            self._places = _places(self._reader)
        self._writer = Writer(self._connect(), before_commit, Backfill(self._connect()))

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
                self._places[one.shard].put(one.row.offset, row_ids[one.shard])
        return [one.shard in row_ids for one in statements]

    def _rows(self, wanted: ReadRows) -> object:
        with _reading():
            return sql.read_rows(
                self._reader, self._places[wanted.shard].between(wanted.start, wanted.end)
            )

    async def put_history(self, shard: int, chunks: Sequence[HistoryChunk]) -> Sequence[int]:
        """Keep `chunks` behind all others, in the next group commit."""
        bodies, begins = blocks_of(chunks)
        if not bodies:
            return []
        quick = len(chunks) <= QUICK_ROWS
        first = await self._writer.push(lambda db: sql.put_blocks(db, bodies), quick=quick)
        assert isinstance(first, int)
        return [place_of(first + block, begin) for block, begin in begins]

    async def get_history(self, places: Sequence[tuple[int, int]]) -> Sequence[HistoryChunk | None]:
        """Return the chunk at each place."""
        rows = [row_of(place) for _, place in places]
        wanted = [(row_id,) for row_id in {row_id for row_id, _ in rows}]
        with _reading():
            bodies = dict(sql.get_rows(self._reader, sql.GET_HISTORY, wanted))
        return [
            chunk_at(bodies[row_id], begin) if row_id in bodies else None for row_id, begin in rows
        ]

    async def put_snapshots(
        self, shard: int, snapshots: Sequence[tuple[ObjectId, StoredSnapshot]]
    ) -> None:
        """Keep each snapshot unless a newer one is there."""
        rows = [
            (shard, *_place(object), snapshot.version, codec.encode(snapshot))
            for object, snapshot in snapshots
        ]
        await self._writer.push(
            lambda db: sql.put_rows(db, sql.PUT_SNAPSHOT, rows), quick=len(rows) <= QUICK_ROWS
        )

    async def get_snapshots(
        self, wanted: Sequence[tuple[int, ObjectId]]
    ) -> dict[ObjectId, StoredSnapshot]:
        """Return the newest snapshot of each object that has one."""
        asked = [(number, shard, *_place(object)) for number, (shard, object) in enumerate(wanted)]
        with _reading():
            rows = sql.get_rows(self._reader, sql.GET_SNAPSHOTS, asked)
        return {wanted[number][1]: _snapshot.decode(raw) for number, raw in rows}

    async def trim(self, shard: int, before: int, keep: Sequence[Stored] = ()) -> None:
        """Drop rows below `before`, and what only older checkpoints name."""
        while ids := self._places[shard].drop(before, TRIMMED_AT_ONCE):
            rows = [(row_id,) for row_id in ids]
            await self._writer.push(partial(sql.put_rows, statement=sql.DROP_ROWS, rows=rows))
        await self._writer.push(lambda db: sql.drop_parts(db, shard, before, keep))

    async def close(self) -> None:
        """Commit what was pushed, end the writer, close the file."""
        await self._writer.close()
        self._reader.close()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA busy_timeout = 5000")
        db.execute(f"PRAGMA wal_autocheckpoint = {PAGES_MAX}")
        return db


def _place(object: ObjectId) -> tuple[str, str, str]:
    return (object.tenant, object.type, object.key)


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
    """Write the format into a new file; raise FailedPreconditionError for any other one."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found not in {0, FORMAT}:
        which = "a newer" if found > FORMAT else "an older"
        raise FailedPreconditionError(
            f"{path} has format {found}, this version of aidevos reads {FORMAT}: {which} one wrote "
            "it; start that one, or choose another directory with --data"
        )
    if found == 0:
        db.execute(f"PRAGMA user_version = {FORMAT}")


def _places(db: sqlite3.Connection) -> defaultdict[int, Places]:
    """Return where each untrimmed row is, by shard."""
    found: defaultdict[int, Places] = defaultdict(Places)
    for row_id, shard, off in db.execute(sql.ROWIDS):
        found[shard].put(off, row_id)
    return found
