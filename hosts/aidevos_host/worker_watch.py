"""The wall clock over a worker: which turn is it in, and for how long?

Looks at the mark ten times per limit while turns are out, and never when none are.
"""

import asyncio
from collections.abc import Callable

LOOKS = 10
SILENCE = 4
"""A worker that answers nothing for so many limits is stopped, whatever its mark pretends."""


class Watch:
    """Calls `on_hang` when one turn runs for longer than `limit_ms`."""

    def __init__(self, mark: memoryview, limit_ms: int, on_hang: Callable[[], None]) -> None:
        """Bind to the worker's mark; nothing runs before `busy`."""
        self._mark = mark
        self._limit_s = limit_ms / 1_000
        self._on_hang = on_hang
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._out = False
        self._seen = 0
        self._since = 0.0
        self._heard = 0.0
        self._asked: float | None = None

    def busy(self) -> None:
        """Turns are out: look from now on."""
        if self._out:
            return
        self._out = True
        self._heard = self._since = self._loop.time()
        self._seen = self._mark[0]
        if self._timer is None:
            self._arm()

    def idle(self) -> None:
        """No turn is out any more; a timer that runs still ends without another one."""
        self._out = False

    def close(self) -> None:
        """Stop looking for good."""
        self._out = False
        if self._timer is not None:
            self._timer.cancel()

    def heard(self) -> None:
        """A turn was answered."""
        self._heard = self._loop.time()

    def asked(self) -> None:
        """The turn waits for the host from now on: that is not its time."""
        self._asked = self._loop.time()

    def answered(self) -> None:
        """The turn goes on."""
        if self._asked is not None:
            waited = self._loop.time() - self._asked
            self._since += waited
            self._heard += waited
            self._asked = None

    def _arm(self) -> None:
        self._timer = self._loop.call_later(self._limit_s / LOOKS, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._out:
            return
        self._arm()
        now, mark = self._loop.time(), self._mark[0]
        if self._asked is not None:
            return
        if mark != self._seen:
            self._seen, self._since = mark, now
        elif now - self._since > self._limit_s or now - self._heard > SILENCE * self._limit_s:
            self.close()
            self._on_hang()
