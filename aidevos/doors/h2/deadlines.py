"""Deadlines of calls that wait: one timer for all that end within the same 20 milliseconds."""

import asyncio
from typing import Protocol

STEP_S = 0.02


class Late(Protocol):
    """What can be too late."""

    def expire(self) -> None:
        """The deadline is over."""


class Deadlines:
    """Calls by the step in which they expire; never early."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing expires."""
        self._loop = loop
        self._steps: dict[int, dict[Late, None]] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def add(self, late: Late, when_s: float) -> int:
        """Call `late.expire` at loop time `when_s` or a step later; return the step."""
        step = int(when_s / STEP_S) + 1
        waiting = self._steps.get(step)
        if waiting is None:
            waiting = self._steps[step] = {}
            self._timers[step] = self._loop.call_at(step * STEP_S, self._expire, step)
        waiting[late] = None
        return step

    def remove(self, late: Late, step: int) -> None:
        """Forget `late`, which `add` put into `step`."""
        waiting = self._steps.get(step)
        if waiting is not None:
            waiting.pop(late, None)
            if not waiting:
                self._drop(step)

    def close(self) -> None:
        """Forget all."""
        for step in list(self._timers):
            self._drop(step)

    def _expire(self, step: int) -> None:
        for late in list(self._steps.get(step, ())):
            late.expire()
        self._drop(step)

    def _drop(self, step: int) -> None:
        self._steps.pop(step, None)
        timer = self._timers.pop(step, None)
        if timer is not None:
            timer.cancel()
