"""One of several things that are measured in turn, so that all see the same weather."""

import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aidevos_cli.bench.load import Loops
from aidevos_cli.bench.measured import Measured, Tally
from aidevos_cli.bench.processes import used_by

CountFsyncs = Callable[[], Awaitable[int]]


class Contender(Protocol):
    """Can be measured for a while, again and again."""

    async def warm_up(self, seconds: float) -> None:
        """Work, and count nothing."""
        ...

    async def round(self, seconds: float) -> None:
        """Work, and count."""
        ...

    def measured(self) -> Measured:
        """Return the row of all rounds."""
        ...


@dataclass(slots=True)
class Caller:
    """Closed loops against something, with the CPU of the processes that take part."""

    name: str
    outstanding: int
    loops: Loops
    pids: Mapping[str, int]
    """By what the process is called in the row."""
    fsyncs: CountFsyncs | None = None
    handler: str = ""
    share: float = 1.0
    """Of the time of a round: a baseline is known well after less."""
    _tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is counted yet."""
        self._tally = Tally(self.name, self.outstanding)

    async def warm_up(self, seconds: float) -> None:
        """Call, and count nothing."""
        await self.loops.run(seconds * self.share)

    async def round(self, seconds: float) -> None:
        """Call for so many seconds, and count."""
        fsyncs = await self._fsyncs()
        before = used_by(self.pids)
        took, latencies = await self.loops.run(seconds * self.share)
        self._tally.add_used(before, used_by(self.pids))
        self._tally.latencies_s += latencies
        made = await self._fsyncs()
        meanwhile = None if made is None or fsyncs is None else made - fsyncs
        self._tally.add_round(len(latencies), took, meanwhile)

    def measured(self) -> Measured:
        """Return the row of all rounds."""
        return self._tally.measured(self.handler)

    async def _fsyncs(self) -> int | None:
        return await self.fsyncs() if self.fsyncs else None


async def alternate(
    contenders: Sequence[Contender], rounds: int, seconds: float, warm_up_s: float
) -> list[Measured]:
    """Measure all of them in turn, `rounds` times; return their rows in the same order.

    The collector never looks at what is there by then: a million targets are no client's garbage.
    """
    for contender in contenders:
        await contender.warm_up(warm_up_s)
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for contender in contenders:
            await contender.round(seconds)
    return [contender.measured() for contender in contenders]
