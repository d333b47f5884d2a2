"""The cyclic collector in a server: it must never stop all calls to look at what stays anyway.

Young garbage is collected often; what survives a moment is frozen, so that no pass ever looks at a
million objects again, and none has much to look at (`docs/performance.md` has the pauses). Cycles
that were frozen wait until nobody calls, or until much is frozen: then everything is looked at.
"""

import asyncio
import gc
import time
from collections.abc import Callable

YOUNG_MAX = 10_000
"""More containers made than freed before the young ones are looked at."""
NEVER = 1_000_000
"""Passes over the middle generation before the oldest is looked at: freezing comes first."""
TICK_S, BUSY_TICK_S = 1.0, 0.1
"""The second while calls come: a pass over what a second of them leaves took 20 to 60 ms."""
MORE = 200_000
"""Frozen objects beyond twice those of the last look; looking at so many takes some 50 ms."""
COUNTED_TICKS = 6_000
"""Ticks while calls come, ten minutes, after which what is frozen is counted."""
QUIET_TICKS = 10
"""Ticks without a call before everything is looked at."""


class Pauses:
    """How long the collector held this process; `start` once."""

    def __init__(self) -> None:
        """Begin with nothing measured."""
        self.longest_us = 0
        self.total_us = 0
        self._began = 0

    def start(self) -> None:
        """Measure from now on."""
        gc.callbacks.append(self._tell)

    def stop(self) -> None:
        """Measure no more."""
        gc.callbacks.remove(self._tell)

    def _tell(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter_ns()
            return
        pause_us = (time.perf_counter_ns() - self._began) // 1_000
        self.longest_us = max(self.longest_us, pause_us)
        self.total_us += pause_us


PAUSES = Pauses()
"""Of this process; there is one collector."""


class Collector:
    """Tunes the collector of this process when it is made; `run` goes on with it."""

    def __init__(self, calls: Callable[[], int]) -> None:
        """`calls` counts the calls so far, in any unit: whether it grows is what matters."""
        gc.freeze()
        gc.set_threshold(YOUNG_MAX, 10, NEVER)
        self._calls = calls
        self._seen = calls()
        self._quiet = 0
        self._ticks = 0
        """While calls came."""
        self._most = 2 * gc.get_freeze_count() + MORE
        """With more that is frozen everything is looked at, even while calls come: cycles that
        somebody leaves behind must not gather for as long as there is no quiet moment."""

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            await asyncio.sleep(TICK_S if self._quiet else BUSY_TICK_S)
            self.tick()

    def tick(self) -> None:
        """Freeze what survived since the last tick; look at everything when nobody has called."""
        seen, self._seen = self._seen, self._calls()
        self._quiet = self._quiet + 1 if seen == self._seen else 0
        if self._quiet:
            if self._quiet == QUIET_TICKS:
                self._look_at_all()
            return
        self._ticks += 1
        if self._ticks % COUNTED_TICKS == 0 and gc.get_freeze_count() > self._most:
            self._look_at_all()  # To count it takes a while: it is done every ten minutes.
            return
        gc.collect(1)
        gc.freeze()

    def _look_at_all(self) -> None:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._most = 2 * gc.get_freeze_count() + MORE
