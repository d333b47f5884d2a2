"""Copies what was committed from the write-ahead log into the file, beside the commits.

SQLite does so inside a COMMIT once the log has 4 MB, and everybody who waits for that commit waits
for it: 50 to 130 ms under load. Here a thread with a connection of its own does it all the time, so
that a COMMIT finds nearly nothing left to copy when the log is to begin anew.
"""

import sqlite3
import threading

PAGES_MAX = 6_000
"""Pages of the log (of 4 KiB) after which a COMMIT copies what is left. A start reads them all."""
GAP_S, SHORT_GAP_S = 0.1, 0.02
"""Between two rounds: pages that change often are copied less often. The short one when the log is
half full: the COMMIT that begins it anew copies what came since the last round."""


class Backfill:
    """One thread; `failure` says why the disk refused, and nothing may be committed after that."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Take over `db`."""
        self.failure: str | None = None
        self._db = db
        self._committed = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aidevos-backfill", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """There is something to copy."""
        self._committed.set()

    def close(self) -> None:
        """End the round under way, and the thread."""
        self._closing.set()
        self._committed.set()
        self._thread.join()

    def _run(self) -> None:
        pages = 0
        while not self._closing.is_set():
            self._committed.wait()
            self._committed.clear()  # First of all: `close` sets it last.
            if self._closing.wait(SHORT_GAP_S if pages > PAGES_MAX // 2 else GAP_S):
                break
            try:
                _, pages, _ = self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            except sqlite3.Error as error:  # An fsync is never tried again (sqlite.py).
                self.failure = str(error)
                break
        self._db.close()
