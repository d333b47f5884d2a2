"""Everything that was pushed goes into one transaction; a thread commits it, the loop goes on.

No timer: while a commit is under way the next batch fills by itself. Quick work runs in the loop
when its transaction begins: in the thread, each statement would wait for the interpreter, which
the loop holds for most of the time. Long work and the COMMIT run in the thread. The connection is
the thread's while a commit is under way, else the loop's.

Answers are values, never cursors: one that the loop lets go resets its statement, which the
thread may be running again by then.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass

from aidevos.core.errors import UnavailableError
from aidevos.storage.backfill import Backfill

BUG = "the writer has a bug, see the log"
Work = Callable[[sqlite3.Connection], object]


@dataclass(slots=True)
class _Job:
    work: Work
    quick: bool
    future: "asyncio.Future[object]"
    answer: object = None

    def run(self, db: sqlite3.Connection) -> None:
        self.answer = self.work(db)
        assert not isinstance(self.answer, sqlite3.Cursor), "a cursor stays where it was made"


class Writer:
    """Group commit for one loop. After the first error it refuses all further work."""

    def __init__(
        self,
        db: sqlite3.Connection,
        before_commit: Callable[[], None] | None = None,
        backfill: Backfill | None = None,
    ) -> None:
        """Take over `db`. `before_commit` runs in the thread before each COMMIT."""
        self.commits = 0
        self._db = db
        self._before_commit = before_commit
        self._backfill = backfill
        self._jobs: list[_Job] = []
        self._begun: queue.SimpleQueue[tuple[list[_Job], asyncio.AbstractEventLoop] | None]
        self._begun = queue.SimpleQueue()
        self._busy = False
        """A transaction is wanted or under way."""
        self._closing = False
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._run, name="aidevos-log-writer", daemon=True)
        self._thread.start()

    def push(self, work: Work, *, quick: bool = False) -> "asyncio.Future[object]":
        """Queue `work` for the next transaction; the future ends after its fsync.

        Quick work is a few statements on pages that are at hand. Raises UnavailableError (also
        through the future) once the disk has failed.
        """
        if self._failure is not None or self._closing:
            raise _stopped(self._failure or "it is closed")
        loop = asyncio.get_running_loop()
        job = _Job(work, quick, loop.create_future())
        self._jobs.append(job)
        if not self._busy:
            self._busy = True
            loop.call_soon(self._begin)
        return job.future

    async def close(self) -> None:
        """Commit what was pushed, then end. Idempotent."""
        self._closing = True
        if waiting := [job.future for job in self._jobs]:
            await asyncio.wait(waiting)
        self._begun.put(None)
        await asyncio.to_thread(self._thread.join)

    # ---- in the loop -----------------------------------------------------------------------

    def _begin(self) -> None:
        """Begin the next transaction, and hand it to the thread."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for job in self._jobs:
                if job.quick:
                    job.run(self._db)
        except sqlite3.Error as error:
            self._fail(self._jobs, str(error))
            return
        except BaseException:  # A bug: who waits must learn of it, then it may be seen.
            self._fail(self._jobs, BUG)
            raise
        jobs, self._jobs = self._jobs, []
        self._begun.put((jobs, asyncio.get_running_loop()))

    def _settle(self, jobs: list[_Job], why: str | None) -> None:
        if why is not None:
            self._fail(jobs + self._jobs, why)
            return
        self.commits += 1
        for job in jobs:
            if not job.future.done():
                job.future.set_result(job.answer)
        self._busy = bool(self._jobs)
        if self._busy:
            asyncio.get_running_loop().call_soon(self._begin)

    def _fail(self, jobs: list[_Job], why: str) -> None:
        self._failure = why
        self._jobs = []
        for job in jobs:
            if not job.future.done():
                job.future.set_exception(_stopped(why))

    # ---- in the thread ---------------------------------------------------------------------

    def _run(self) -> None:
        while begun := self._begun.get():
            jobs, loop = begun
            why: str | None = BUG
            try:
                self._commit(jobs)
                why = None
            except (sqlite3.Error, OSError) as error:
                why = str(error)
            finally:  # Also after a bug: who waits must learn of it.
                if not loop.is_closed():
                    loop.call_soon_threadsafe(self._settle, jobs, why)
        if self._backfill is not None:
            self._backfill.close()
        self._db.close()

    def _commit(self, jobs: list[_Job]) -> None:
        for job in jobs:
            if not job.quick:
                job.run(self._db)
        if self._before_commit is not None:
            self._before_commit()
        if self._backfill is None:
            self._db.execute("COMMIT")
            return
        if self._backfill.failure is not None:
            raise OSError(self._backfill.failure)
        self._db.execute("COMMIT")
        self._backfill.committed()


def _stopped(why: str) -> UnavailableError:
    return UnavailableError(
        f"the log's disk stopped: {why}. Nothing more is written by this process; mend the disk "
        "and start it again: what was acknowledged is there",
        fatal="true",
    )
