"""SQLite alone, one thread, `synchronous=FULL`: commits the rows that durable calls were.

Says what the disk and the database allow: what a durable call costs above it is the project's.
"""

import itertools
import os
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aidevos_cli.bench.contender import Caller
from aidevos_cli.bench.facts import Facts
from aidevos_cli.bench.measured import Measured, Tally
from aidevos_cli.bench.processes import used_by

from benchmarks.baselines import CLIENT

SHARE = 0.4
LOOKED_AT = 2_000
"""Newest rows of the log that are read."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a log as it was written, and how many calls and commits they were."""

    blobs: Sequence[bytes]
    rows_per_commit: float
    calls_per_row: float


def last_rows(data: Path, limit: int = LOOKED_AT) -> list[bytes]:
    """Return the newest rows of a server's log, oldest of them first."""
    database = sqlite3.connect(f"file:{data / 'aidevos.db'}?mode=ro", uri=True)
    try:
        found = database.execute("SELECT row FROM log ORDER BY id DESC LIMIT ?", (limit,))
        return [row for (row,) in found][::-1]
    finally:
        database.close()


@dataclass(slots=True)
class SameRows:
    """SQLite alone, one thread: commits the rows that the durable calls were, as they were."""

    outstanding: int
    rows: Rows | None = None
    """Set before the first round."""
    _tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is counted yet."""
        self._tally = Tally("raw SQLite, the same rows", self.outstanding)

    async def warm_up(self, seconds: float) -> None:
        """There is nothing to warm."""

    async def round(self, seconds: float) -> None:
        """Commit for so many seconds. Blocks the loop: nothing else happens meanwhile."""
        rows = self.rows
        assert rows is not None
        pids = {CLIENT: os.getpid()}
        before = used_by(pids)
        begun = time.perf_counter()
        times = _commit(rows, seconds * SHARE)
        took = time.perf_counter() - begun
        self._tally.add_used(before, used_by(pids))
        self._tally.latencies_s += times
        per_commit = max(1, round(rows.rows_per_commit))
        self._tally.add_round(
            round(len(times) * per_commit * rows.calls_per_row), took, fsyncs=len(times)
        )

    def measured(self) -> Measured:
        """Return the row of all rounds; its latencies are those of commits."""
        return self._tally.measured()


def _commit(rows: Rows, seconds: float) -> list[float]:
    """Commit the rows again and again; return how long each commit took."""
    per_commit = max(1, round(rows.rows_per_commit))
    endless = itertools.cycle([(blob,) for blob in rows.blobs])
    times: list[float] = []
    with tempfile.TemporaryDirectory(prefix="aidevos-bench-") as directory:
        database = sqlite3.connect(Path(directory) / "raw.db", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, row BLOB NOT NULL)")
        ended = begun = time.perf_counter()
        while ended - begun < seconds:
            database.execute("BEGIN IMMEDIATE")
            batch = list(itertools.islice(endless, per_commit))
            database.executemany("INSERT INTO log (row) VALUES (?)", batch)
            database.execute("COMMIT")
            times.append(-ended + (ended := time.perf_counter()))
        database.close()
    return times


@dataclass(slots=True)
class WithRows:
    """A durable contender that hands the rows of its last round to `same`."""

    caller: Caller
    same: SameRows
    facts: Facts
    data: Path

    async def warm_up(self, seconds: float) -> None:
        """Call, and count nothing."""
        await self.caller.warm_up(seconds)

    async def round(self, seconds: float) -> None:
        """Call, count, and look at what was written."""
        before = (await self.facts.now()).statistics
        done = self.caller.loops.done
        await self.caller.round(seconds)
        after = (await self.facts.now()).statistics
        rows = after["rows"] - before["rows"]
        commits = after["log_commits"] - before["log_commits"]
        calls = self.caller.loops.done - done
        self.same.rows = Rows(last_rows(self.data), rows / commits, calls / rows)

    def measured(self) -> Measured:
        """Return the durable side's row."""
        return self.caller.measured()
