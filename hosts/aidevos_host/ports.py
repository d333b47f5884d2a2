"""Clock, chance and log lines of a host: the only places where the outside comes in."""

import itertools
import logging
import os
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from aidevos.core.turn import CHANCE_BITS, TURN_COUNT

_SEEDS = struct.Struct("512Q")

_log = logging.getLogger("aidevos.host")


def wall_ms() -> int:
    """Return Unix time in ms."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Ports:
    """What a host takes from outside; tests and simulations give their own."""

    local_epoch: bool = True
    """True with an exclusive lock on the store: the epoch needs no read to be confirmed."""

    chance: Callable[[int], bytes] = os.urandom
    """Bytes that nobody can guess."""

    turns: Iterator[int] = field(default_factory=itertools.count)
    begun: int = 0
    """Turns that a seed was drawn for, since the start."""
    pool: list[int] = field(default_factory=list)
    """Chance for the next turns: one system call for many."""

    def clock_ms(self) -> int:
        """Return the wall clock in ms."""
        return wall_ms()

    def monotonic_ms(self) -> int:
        """Return the monotonic clock in ms, for deadlines and idle times."""
        return time.monotonic_ns() // 1_000_000

    def seeds(self, count: int) -> list[int]:
        """Return fresh seeds for some turns, as `seed` gives them one by one."""
        while len(self.pool) < count:
            self._fill()
        chances, self.pool[-count:] = self.pool[-count:], []
        begun = list(islice(self.turns, count))
        self.begun = begun[-1]
        mask, bits = (1 << CHANCE_BITS) - 1, CHANCE_BITS
        return [
            turn % TURN_COUNT << bits | chance & mask
            for turn, chance in zip(begun, chances, strict=True)
        ]

    def seed(self) -> int:
        """Return a fresh seed for one turn: its high bits count turns, which puts ids in order."""
        if not self.pool:
            self._fill()
        chance = self.pool.pop() & (1 << CHANCE_BITS) - 1
        self.begun = count = next(self.turns)
        return count % TURN_COUNT << CHANCE_BITS | chance

    def _fill(self) -> None:
        self.pool += _SEEDS.unpack(self.chance(_SEEDS.size))

    def report_bug(self, error: BaseException | None) -> None:
        """Log an error that nobody expected, with its traceback, for the operator alone."""
        _log.error("unexpected error", exc_info=error)
