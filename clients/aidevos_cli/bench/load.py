"""Closed loops: N callers, each with one call under way, until the time is over."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

Target = tuple[str, str]
"""Type and key of an object."""
CallOne = Callable[[Target], Awaitable[object]]


class Loops(Protocol):
    """Something that calls in closed loops."""

    done: int
    """Calls answered since the beginning."""

    async def run(self, seconds: float) -> tuple[float, list[float]]:
        """Call for so many seconds; return how long it took and each call's latency in seconds."""
        ...


class ClosedLoops:
    """Callers of one thing. They stop with the time, or when there are no targets left."""

    def __init__(self, call: CallOne, targets: Iterator[Target], outstanding: int) -> None:
        """`call` is awaited for each next one of `targets`, by `outstanding` callers at a time."""
        self._call = call
        self._targets = targets
        self._outstanding = outstanding
        self.done = 0
        """Calls answered since the beginning."""

    async def run(self, seconds: float) -> tuple[float, list[float]]:
        """Call for so many seconds; return how long it took and each call's latency in seconds.

        Raises what the first call raises that fails; the others are cancelled then.
        """
        latencies: list[float] = []
        begun = time.perf_counter()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._outstanding):
                    group.create_task(self._caller(begun + seconds, latencies.append))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        self.done += len(latencies)
        return time.perf_counter() - begun, latencies

    async def _caller(self, end: float, keep: Callable[[float], None]) -> None:
        call, now = self._call, time.perf_counter
        begun = now()
        for target in self._targets:
            await call(target)
            ended = now()
            keep(ended - begun)
            if ended >= end:
                return
            begun = ended
