"""The cyclic collector in a worker: a million held states must not be looked at again and again.

Nothing that the worker itself keeps is part of a cycle; only handlers make them, in their turns.
So young garbage is collected often, what stays is frozen, and all is looked at only when the
host has been silent for a while.
"""

import gc
import time

YOUNG_MAX = 10_000
"""More containers made than freed before the young ones are looked at."""

FREEZE_NS = 100_000_000
"""Time between two freezes: the pass before each looks at what was made since, for some ms."""

QUIET_MS = 10_000
"""Silence of the host before everything is looked at: about 0.3 s for a million states."""


class Collector:
    """Tunes the collector of this process when it is made."""

    def __init__(self) -> None:
        """What was loaded so far stays."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_MAX, 10, 1_000_000)
        self._frozen_ns = time.monotonic_ns()

    def quiet(self) -> None:
        """The host has been silent for a while: look at everything, also at what was frozen."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def between_frames(self) -> None:
        """Freeze what stayed since the last time, ten times a second at most."""
        now = time.monotonic_ns()
        if now - self._frozen_ns > FREEZE_NS:
            gc.collect()  # Of what is not frozen: what was made since.
            gc.freeze()
            self._frozen_ns = now
