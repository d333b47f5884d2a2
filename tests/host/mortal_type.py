"""A type whose handlers take their time, or their process with them: for real workers alone."""

import os
import signal
import time

import aidevos
from aidevos.objects import DurableObject, Event, apply, command, query


class Mortal(DurableObject):
    """Counts."""

    class State(aidevos.State):
        """What it holds."""

        total: int = 0

    class Added(Event):
        """One more."""

    @command
    def add(self) -> int:
        """Count one."""
        self.emit(self.Added())
        return self.state.total

    @command
    def slowly(self) -> int:
        """Count one, for longer than a result waits for others."""
        end = time.monotonic() + 0.003
        while time.monotonic() < end:
            pass
        return self.add()

    @command
    def die(self) -> None:
        """Take the process down."""
        os.kill(os.getpid(), signal.SIGKILL)

    @query
    def total(self) -> int:
        """Return the total."""
        return self.state.total

    @apply
    def _added(self, event: Added) -> None:
        self.state.total += 1
