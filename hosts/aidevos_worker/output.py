"""What code in a worker prints or logs: kept for the operator, bounded, never a user's to see."""

import io
import sys
from collections.abc import Callable

from aidevos_worker.frames import Said

TEXT_BYTES_MAX = 16 << 10
"""Characters kept of one turn's output or traceback; the rest is counted and dropped."""


class Output:
    """Collects texts until the next frame takes them."""

    def __init__(self) -> None:
        """Begin empty."""
        self.memory_was_short = False
        self._said: list[Said] = []
        self._printed: list[str] = []
        self._size = 0
        self._dropped = 0

    def report(self, where: str, text: str) -> None:
        """Keep the traceback of a handler that failed (objects.runner.Report)."""
        self.memory_was_short |= isinstance(sys.exc_info()[1], MemoryError)
        self._said.append(Said(where, text[-TEXT_BYTES_MAX:]))

    def print(self, text: str) -> None:
        """Keep what the code printed, as far as there is room."""
        room = TEXT_BYTES_MAX - self._size
        self._dropped += max(0, len(text) - room)
        if room > 0:
            self._printed.append(text[:room])
            self._size += min(len(text), room)

    def take(self) -> list[Said]:
        """Return what was collected and begin anew."""
        said, self._said = self._said, []
        if self._printed:
            text = "".join(self._printed)
            more = f" ... and {self._dropped} more characters" if self._dropped else ""
            said.append(Said("output", text + more))
            self._printed, self._size, self._dropped = [], 0, 0
        return said

    def replace_standard_streams(self) -> None:
        """Let `print` and warnings end here; a worker owns no terminal."""
        sys.stdin = None
        sys.stdout = _Stream(self.print)
        sys.stderr = _Stream(self.print)


class _Stream(io.TextIOBase):
    """A text stream whose lines go to a function."""

    def __init__(self, print: Callable[[str], None]) -> None:
        self._print = print

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._print(text)
        return len(text)
