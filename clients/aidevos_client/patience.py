"""When callers stop waiting: one timer for all calls of a session, not one for each."""

import asyncio
import math
from collections.abc import Callable, Iterable

from aidevos_client.pending import PendingCall


class Patience:
    """Looks at all calls when the earliest deadline comes; with one timeout for all, rarely."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        everyone: Callable[[], Iterable[PendingCall]],
        lost: Callable[[list[PendingCall]], None],
    ) -> None:
        """`lost` is told the calls whose deadlines passed, and looks after what is over."""
        self.due = math.inf
        """The loop's time of the next look."""
        self._loop = loop
        self._everyone = everyone
        self._lost = lost
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, deadline: float) -> None:
        """Look at `deadline` at the latest."""
        self.end()
        self.due = deadline
        self._timer = self._loop.call_at(deadline, self._look)

    def end(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self.due = None, math.inf

    def _look(self) -> None:
        self._timer, self.due = None, math.inf
        waiting = [call for call in self._everyone() if not call.future.done()]
        now = self._loop.time()
        lost = [call for call in waiting if call.deadline <= now]
        self._lost(lost)
        next_due = min((call.deadline for call in waiting if call.deadline > now), default=None)
        if next_due is not None and next_due < self.due:
            self.expect(next_due)
