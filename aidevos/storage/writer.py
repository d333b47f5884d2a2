"""One thread that takes everything that was pushed and commits it in one transaction.

No timer: while a commit is under way the next batch fills by itself. Answers go back to the
loop once per batch. They are values, never cursors: a cursor that the loop's thread lets go
resets its statement, which this thread may be running again by then.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from aidevos.core.errors import UnavailableError

Work = Callable[[sqlite3.Connection], object]


@dataclass(slots=True)
class _Job:
    work: Work
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[object]"
    answer: object = None


class Writer:
    """Group commit. After the first error of a transaction it refuses all further work."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], before_commit: Callable[[], None] | None
    ) -> None:
        """Start the thread; it opens its own connection."""
        self.commits = 0
        self._connect = connect
        self._before_commit = before_commit
        self._jobs: list[_Job] = []
        self._wake = threading.Condition()
        self._closing = False
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._run, name="aidevos-log-writer", daemon=True)
        self._thread.start()

    def push(self, work: Work) -> "asyncio.Future[object]":
        """Queue `work` for the next transaction; the future ends after its fsync.

        Raises UnavailableError (also through the future) once the disk has failed.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        with self._wake:
            if self._failure is not None or self._closing:
                raise _stopped(self._failure or "it is closed")
            self._jobs.append(job)
            self._wake.notify()
        return job.future

    def close(self) -> None:
        """Commit what was pushed, then end. Idempotent."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        jobs: list[_Job] = []
        try:
            with closing(self._connect()) as db:
                while jobs := self._take():
                    self._transaction(db, jobs)
                    self.commits += 1
                    _deliver(jobs, None)
        except (sqlite3.Error, OSError) as error:
            self._fail(jobs, str(error))
        except BaseException:  # A bug: who waits must learn of it, then it may be seen.
            self._fail(jobs, "the writer has a bug, see the log")
            raise

    def _take(self) -> list[_Job]:
        with self._wake:
            while not self._jobs and not self._closing:
                self._wake.wait()
            jobs, self._jobs = self._jobs, []
            return jobs

    def _transaction(self, db: sqlite3.Connection, jobs: list[_Job]) -> None:
        db.execute("BEGIN IMMEDIATE")
        for job in jobs:
            job.answer = job.work(db)
            assert not isinstance(job.answer, sqlite3.Cursor), "a cursor stays in its thread"
        if self._before_commit is not None:
            self._before_commit()
        db.execute("COMMIT")

    def _fail(self, jobs: list[_Job], why: str) -> None:
        with self._wake:
            self._failure = why
            jobs += self._jobs
            self._jobs = []
        _deliver(jobs, _stopped(why))


def _stopped(why: str) -> UnavailableError:
    return UnavailableError(
        f"the log's disk stopped: {why}. Nothing more is written by this process; mend the disk "
        "and start it again: what was acknowledged is there",
        fatal="true",
    )


def _deliver(jobs: list[_Job], error: UnavailableError | None) -> None:
    """Hand each loop its answers in one call; a loop that is gone wants none."""
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        loops.setdefault(job.loop, []).append(job)
    for loop, mine in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, mine, error)


def _settle(jobs: list[_Job], error: UnavailableError | None) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if error is None:
            job.future.set_result(job.answer)
        else:
            job.future.set_exception(error)
