"""What a server holds in memory with many objects: host and worker, as the kernel counts them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aidevos_cli.bench.facts import Facts
from aidevos_cli.bench.load import CallOne, ClosedLoops
from aidevos_cli.bench.processes import memory_mb
from aidevos_cli.bench.targets import each_once

from benchmarks.common import NotHereError

FILL_OUTSTANDING, FILL_S_MAX = 512, 300.0
LOOKED_S, GIVES_BACK_S = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes of each process, and how many objects are there and in memory."""

    mb: Mapping[str, float]
    objects: int
    residents: int

    @property
    def total_mb(self) -> float:
        """All processes together."""
        return sum(self.mb.values())

    def said(self) -> str:
        """Return it for people."""
        parts = ", ".join(f"{process} {mb:.0f}" for process, mb in self.mb.items())
        return f"{parts}; {self.residents:,} of {self.objects:,} objects in memory"


async def memory_now(facts: Facts, type: str = "Counter") -> Memory:
    """Look at both processes now."""
    _, pids = await facts.handler(type)
    counts = (await facts.now()).statistics
    mb = {process: memory_mb(pid) for process, pid in pids.items()}
    return Memory(mb, counts["objects"], counts["residents"])


async def fill(call: CallOne, objects: int, type: str = "Counter") -> float:
    """Call each of so many objects once, in a random order; return calls per second.

    Raises NotHereError where that takes minutes.
    """
    loops = ClosedLoops(call, each_once(type, objects), FILL_OUTSTANDING)
    took, _ = await loops.run(FILL_S_MAX)
    if loops.done < objects:
        raise NotHereError(f"this machine is too busy: {loops.done:,} objects in {took:.0f} s")
    return objects / took


async def hibernated(facts: Facts, seconds: float) -> Memory:
    """Wait until no object is in memory, at most so long; return what is held a little later."""
    for _ in range(int(seconds / LOOKED_S)):
        if not (await facts.now()).statistics["residents"]:
            await asyncio.sleep(GIVES_BACK_S)  # Memory goes back in small steps.
            break
        await asyncio.sleep(LOOKED_S)
    return await memory_now(facts)
