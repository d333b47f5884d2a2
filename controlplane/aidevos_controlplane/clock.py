"""The control plane's clock: a port, so that tests own the time."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time in ms, and waiting until some of it has passed."""

    def now_ms(self) -> int:
        """Return Unix time in ms."""
        ...

    async def sleep(self, ms: int) -> None:
        """Return after `ms`; at once if it is not positive."""
        ...


class SystemClock:
    """The machine's own."""

    def now_ms(self) -> int:
        """Return Unix time in ms."""
        return time.time_ns() // 1_000_000

    async def sleep(self, ms: int) -> None:
        """Return after `ms`."""
        await asyncio.sleep(max(0, ms) / 1_000)


async def wait_for_bell(bell: asyncio.Event, clock: Clock, ms: int) -> None:
    """Return when `bell` is set or `ms` have passed, whichever comes first."""
    waiters = (asyncio.ensure_future(bell.wait()), asyncio.ensure_future(clock.sleep(ms)))
    try:
        await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
