"""Lets what comes within some turns of the event loop share one piece of work.

Never by a timer. The work waits until nothing has joined it for some turns (some microseconds
each): as many as there are calls under way, so a lone caller waits for nobody, and at most as many
as a call may need from a door's socket to its turn. So a crowd that a door hands over one by one
shares one frame to the worker and one commit: their system calls, wake-ups and fsync are paid once.
"""

import asyncio
from collections.abc import Callable

QUIET_TURNS = 16
"""Turns of the loop without anything new that end the waiting; gRPC needs about five, and one
turn of its own thread, to hand a call over."""

TURNS_MAX = 256
"""Turns that the first one waits at most, whoever else comes."""


class Gather:
    """Runs `work` once, when for some turns of the loop nobody asked for it `soon`."""

    def __init__(self, work: Callable[[], None], under_way: Callable[[], int]) -> None:
        """`under_way` tells how many calls there are, those that could join among them."""
        self._work = work
        self._under_way = under_way
        self._waiting = False
        self._quiet = 0
        """Turns without anything new that are still to come."""

    def soon(self) -> None:
        """Ask for the work, or join those who did."""
        under_way = self._under_way()
        self._quiet = under_way if under_way < QUIET_TURNS else QUIET_TURNS
        if not self._waiting:
            self._waiting = True
            loop = asyncio.get_running_loop()
            loop.call_soon(self._turn, loop, TURNS_MAX)  # Not at once: others ask in this turn.

    def _turn(self, loop: asyncio.AbstractEventLoop, left: int) -> None:
        if self._quiet > 0 and left > 0:
            self._quiet -= 1
            loop.call_soon(self._turn, loop, left - 1)
            return
        self._waiting = False
        self._work()
