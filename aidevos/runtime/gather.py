"""Lets what comes within some turns of the event loop share one piece of work.

Never by a timer, and never longer than a crowd is worth: each call under way is worth one turn
of the loop (some microseconds). So a lone caller waits for nobody, and many share one frame to
the worker or one commit, whose system calls, wake-ups and fsync are then paid once.
"""

import asyncio
from collections.abc import Callable

TURNS_MAX = 16
"""Turns of the loop that a crowd of any size waits at most."""


class Gather:
    """Runs `work` once, some turns of the loop after the first `soon`."""

    def __init__(self, work: Callable[[], None], under_way: Callable[[], int]) -> None:
        """`under_way` tells how many calls there are, those that could join among them."""
        self._work = work
        self._under_way = under_way
        self._waiting = False

    def soon(self) -> None:
        """Ask for the work, or join those who did."""
        if not self._waiting:
            self._waiting = True
            self._turn(asyncio.get_running_loop(), min(TURNS_MAX, self._under_way()))

    def _turn(self, loop: asyncio.AbstractEventLoop, left: int) -> None:
        if left > 0:
            loop.call_soon(self._turn, loop, left - 1)
            return
        self._waiting = False
        self._work()
